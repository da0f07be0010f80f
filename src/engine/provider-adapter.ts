import type { AttemptInput } from '../../machines/request-events.ts';
import type { Repair } from '../domain/decision/trace.ts';
import type { Failure, Outcome } from '../domain/failures/outcome.ts';
import type { ProviderSettings, ProviderType } from '../domain/settings/settings.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import type { UpstreamAnswer } from '../upstream/attempt-types.ts';
import type { Transport, UpstreamRequest } from '../upstream/transport.ts';
import type { ClientRequest } from './interface.ts';

/** What of a client's request an attempt repeats. */
export interface RepeatedRequest {
  readonly request: Pick<ClientRequest, 'path' | 'headers' | 'endpoint'>;
  readonly body: WalkedBody;
  /** Whether the client asked for a stream. */
  readonly stream: boolean;
  /** Of the address that it goes to. */
  readonly host: string;
}

/** The way by which the answer of one request is read. It holds nothing of the request's body. */
export interface AnswerWay {
  /** The provider's transport, with its answers as the Messages API has them. */
  transport(plain: Transport): Transport;
}

export type MadeRequest =
  | {
      readonly kind: 'made';
      readonly request: UpstreamRequest;
      /** Undefined: the answer is one of the Messages API, as it comes. */
      readonly way?: AnswerWay;
    }
  /** Nothing is sent: this is what became of it, and what is answered where it goes back. */
  | { readonly kind: 'not_sent'; readonly outcome: Failure; readonly answer?: UpstreamAnswer };

/** What a refused request is judged by. */
export interface RefusedRequest {
  readonly repeated: RepeatedRequest;
  readonly provider: ProviderSettings;
  readonly input: AttemptInput;
  readonly answer: UpstreamAnswer;
  /** By which the answer was read. */
  readonly way: AnswerWay | undefined;
  /** Strikes our secrets out of what is kept of the refusal's words. */
  readonly redact: (text: string) => string;
}

/** A list of models, to be fetched. */
export interface ModelList {
  readonly url: string;
  /** Flat list. */
  readonly headers: readonly string[];
}

/** Everything in which providers of one type differ from those of another. One a type, for one engine. */
export interface ProviderAdapter {
  /** Whether it can be asked to count tokens. */
  readonly countsTokens: boolean;
  /** The request that goes to a candidate: for its model, with its credential, repaired where the decision said so. */
  make(repeated: RepeatedRequest, provider: ProviderSettings, input: AttemptInput): MadeRequest;
  /** The outcome with the parts of the request that the refusal names, if it names any that the request can do without. */
  judged(outcome: Failure, refused: RefusedRequest): Outcome;
  /** Where it lists its models; undefined: no credential to ask with. */
  models(provider: ProviderSettings, clientHeaders: readonly string[]): ModelList | undefined;
}

/** By type; a type without one is not served. */
export type ProviderAdapters = Readonly<Partial<Record<ProviderType, ProviderAdapter>>>;

/** @throws where the type is not served: nobody may have been routed there. */
export function adapterOf(adapters: ProviderAdapters, { id, type }: ProviderSettings): ProviderAdapter {
  const adapter = adapters[type];
  if (adapter === undefined) throw new Error(`provider ${id} is of a type that is not served: ${type}`);
  return adapter;
}

/** Whether a provider is asked for a stream, whatever the client's body says. */
export function asksStream(
  { mustStream }: ProviderSettings,
  stream: boolean,
  endpoint: ClientRequest['endpoint'],
): boolean {
  return stream || (mustStream && endpoint === 'messages');
}

/** What is sent to a provider, with the times that it has. `asked`: whether it is asked for a stream. */
export function posted(
  { url, headers, body }: Required<Pick<UpstreamRequest, 'url' | 'headers' | 'body'>>,
  { timeouts }: ProviderSettings,
  asked: boolean,
  repair: Repair | undefined,
): UpstreamRequest {
  const limits = asked ? timeouts.streaming : timeouts.nonStreaming;
  return {
    method: 'POST',
    url,
    headers,
    body,
    connectTimeoutMs: limits.connectMs,
    poolTimeoutMs: limits.poolMs,
    fresh: repair === 'fresh_connection',
  };
}

/** A failure with the parts of the request that its words name. */
export function naming(
  outcome: Failure,
  parts: NonNullable<Failure['unknownParts']>,
  redact: RefusedRequest['redact'],
): Failure {
  if (parts.length === 0) return outcome;
  return { ...outcome, unknownParts: parts.map((part) => ({ ...part, because: redact(part.because) })) };
}

/** Nothing may be sent for want of a credential. @param reason for people */
export function withoutCredential(reason: string): MadeRequest {
  return { kind: 'not_sent', outcome: { kind: 'client_credentials', phase: 'headers', detail: reason } };
}
