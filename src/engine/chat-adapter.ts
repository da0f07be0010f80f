import type { AttemptInput } from '../../machines/request-events.ts';
import type { Failure, Outcome } from '../domain/failures/outcome.ts';
import { isRecord } from '../domain/is-record.ts';
import { mayNameParts } from '../domain/learning/unknown-parts.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import { sessionIn } from '../protocols/anthropic/body-walker.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { completionsUrl, modelsUrl } from '../protocols/openai/addresses.ts';
import type { Compat } from '../protocols/openai/compat.ts';
import { compatOf } from '../protocols/openai/compat-settings.ts';
import { compatWithout, refusedParts } from '../protocols/openai/refused-parts.ts';
import { type ConvertedRequest, convertRequest } from '../protocols/openai/request.ts';
import type { BalancerEvent } from '../telemetry/events.ts';
import { estimateTokens } from '../tokens/estimate.ts';
import { ChatConversion } from '../upstream/chat-answer.ts';
import { chatHeaders } from '../upstream/chat-headers.ts';
import { convertingTransport } from '../upstream/converting-transport.ts';
import type { Transport } from '../upstream/transport.ts';
import {
  type AnswerWay,
  asksStream,
  type MadeRequest,
  type ModelList,
  naming,
  type ProviderAdapter,
  posted,
  type RefusedRequest,
  type RepeatedRequest,
  withoutCredential,
} from './provider-adapter.ts';
import type { ReasoningMemory } from './reasoning-memory.ts';

/** What providers of type `openai` are served with. */
export interface ChatAdapterOptions {
  readonly clock: Clock;
  /** Whether a client's credential is one of the balancer's own API keys. */
  readonly isOwnKey: (value: string) => boolean;
  readonly memory: ReasoningMemory;
  /** Must not throw. */
  readonly observe: (event: BalancerEvent) => void;
}

/** So many omissions are known to have been told. */
const MOST_TOLD = 1_000;

/** Providers that speak Chat Completions: each request and each answer is converted (docs/protocols.md). */
export class ChatAdapter implements ProviderAdapter {
  readonly countsTokens = false;
  readonly #options: ChatAdapterOptions;
  /** What has been told of requests that went out without something. */
  readonly #told = new LruMap<string, true>(MOST_TOLD);

  constructor(options: ChatAdapterOptions) {
    this.#options = options;
  }

  make(repeated: RepeatedRequest, provider: ProviderSettings, input: AttemptInput): MadeRequest {
    const { request, stream, host } = repeated;
    const { clock, isOwnKey, memory } = this.#options;
    const asked = asksStream(provider, stream, request.endpoint);
    const own = chatHeaders(request.headers, provider, asked, { isOwnKey });
    if (own.kind === 'no_credential') return withoutCredential(own.reason);
    const converted = this.#converted(repeated, provider, input);
    if (converted.kind === 'refused') return converted.made;
    this.#tell(converted.notes, provider, input);
    const window = provider.compat?.contextWindow;
    const conversion = new ChatConversion({
      answer: {
        compat: converted.compat,
        asked: converted.asked,
        model: repeated.body.model,
        inputTokens: estimateTokens(repeated.body.bytes),
        seed: input.attemptId,
        ...(window === undefined ? {} : { contextWindow: window }),
      },
      asksStream: asked,
      now: clock.now,
      keepExtras: (extras) => {
        for (const [id, extra] of extras) memory.keepExtra(host, id, extra);
      },
    });
    const url = completionsUrl(provider.baseUrl);
    const body = Buffer.from(converted.body);
    return {
      kind: 'made',
      request: posted({ url, headers: own.headers, body }, provider, asked, input.repair),
      way: new ChatWay(conversion, clock),
    };
  }

  judged(outcome: Failure, { repeated, provider, input, way, redact }: RefusedRequest): Outcome {
    const refusal = way instanceof ChatWay ? way.conversion.refusal : undefined;
    if (refusal === undefined || !mayNameParts(outcome)) return outcome;
    const sent = this.#bodyOf(repeated, provider, input);
    const parts = refusedParts(refusal.body, refusal.error).filter((part) => {
      const without = [...(input.without ?? []), part];
      return this.#bodyOf(repeated, provider, { ...input, without }) !== sent;
    });
    return naming(outcome, parts, redact);
  }

  models(provider: ProviderSettings, clientHeaders: readonly string[]): ModelList | undefined {
    const own = chatHeaders(clientHeaders, provider, false, { isOwnKey: this.#options.isOwnKey });
    if (own.kind === 'no_credential') return undefined;
    return { url: modelsUrl(provider.baseUrl), headers: own.headers };
  }

  #tell(notes: readonly string[], { name }: ProviderSettings, { candidate, requestId }: AttemptInput): void {
    const { model } = candidate;
    const parts = notes.filter((note) => this.#told.get(`${name} ${model} ${note}`) === undefined);
    if (parts.length === 0) return;
    for (const note of parts) this.#told.set(`${name} ${model} ${note}`, true);
    this.#options.observe({ type: 'provider.lacks', provider: name, model, parts, requestId });
  }

  #bodyOf(...of: Parameters<ProviderAdapter['make']>): string | undefined {
    const converted = this.#converted(...of);
    return converted.kind === 'converted' ? converted.body : undefined;
  }

  #converted(
    { request: { endpoint }, body, stream, host }: RepeatedRequest,
    provider: ProviderSettings,
    input: AttemptInput,
  ): Converted {
    const bytes = input.repair === 'without_thinking' ? withoutThinking(body.bytes) : body.bytes;
    const request = parsed(bytes);
    if (request === undefined) return UNREADABLE;
    if (continuesThread(request)) return NO_THREAD;
    const { memory } = this.#options;
    const { model } = input.candidate;
    const session = sessionIn(body);
    const compat = compatWithout(compatOf(host, model, provider.compat), input.without);
    const converted = convertRequest(request, {
      compat,
      model,
      stream: asksStream(provider, stream, endpoint),
      callExtra: (toolUseId) => memory.extraOf(host, toolUseId),
      ...(session === undefined ? {} : { session }),
    });
    return { kind: 'converted', compat, ...converted };
  }
}

class ChatWay implements AnswerWay {
  readonly conversion: ChatConversion;
  readonly #clock: Clock;

  constructor(conversion: ChatConversion, clock: Clock) {
    this.conversion = conversion;
    this.#clock = clock;
  }

  transport(plain: Transport): Transport {
    return convertingTransport(plain, this.conversion, this.#clock);
  }
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

type Converted =
  | ({ readonly kind: 'converted'; readonly compat: Compat } & ConvertedRequest)
  /** Nothing of it goes to a provider of this type. */
  | { readonly kind: 'refused'; readonly made: MadeRequest };

function refusal(status: number, type: string, message: string, details?: object): Converted {
  const error = { type, message, ...(details === undefined ? {} : { details }) };
  const body = Buffer.from(JSON.stringify({ type: 'error', error }));
  const answer = { status, headers: ['content-type', 'application/json'], body };
  const outcome = { kind: 'refused', phase: 'headers', status, detail: message } as const;
  return { kind: 'refused', made: { kind: 'not_sent', outcome, answer } };
}

/** Other providers get the client's own bytes, and find this out by themselves. */
const UNREADABLE = refusal(400, 'invalid_request_error', 'the request body is not valid JSON');

/** The request holds its last turn only: Anthropic's servers know the rest. With these words its SDK sends all of it. */
const NO_THREAD = refusal(404, 'not_found_error', 'no provider of this model holds the thread', {
  error_code: 'thread_not_found',
});

function continuesThread({ thread }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(thread) && thread.type === 'continue';
}
