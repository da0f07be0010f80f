import { errorBody } from '../domain/refusal/error-envelope.ts';
import type { FinalError } from '../domain/refusal/refusal.ts';
import type { Candidate } from '../domain/routing/candidate.ts';
import { resolveRoutes } from '../domain/routing/routing.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { Clock } from '../domain/time.ts';
import { type WalkedBody, walkBody } from '../protocols/anthropic/body-walker.ts';
import { promptPreview } from '../protocols/anthropic/prompt-preview.ts';
import { MARK_BYTES } from '../protocols/openai/reasoning-mark.ts';
import type { BalancerEvent, RequestFacts } from '../telemetry/events.ts';
import type { ClientRequest, Reply } from './interface.ts';
import { localCount, ownIds, ownReply } from './local-replies.ts';
import type { ProviderAdapters } from './provider-adapter.ts';
import { providerErrorKeys } from './provider-error.ts';
import { type HeaderFacts, headerFacts, requestFacts } from './request-facts.ts';
import { NO_TRACE } from './request-reports.ts';
import type { Runtime } from './runtime.ts';
import { serverToolsFirst } from './server-tools-first.ts';
import { unroutable } from './unroutable.ts';

/** What admission needs of the engine around it. */
export interface AdmissionOptions {
  readonly clock: Clock;
  /** Must not throw. */
  readonly observe: (event: BalancerEvent) => void;
  readonly isUtf8: (bytes: Uint8Array) => boolean;
  readonly redactor: () => Redactor;
  /** The input tokens of a request body, where no provider counts them. Never rejects. */
  readonly countTokens: (body: Buffer) => Promise<number>;
  readonly adapters: ProviderAdapters;
}

/** A request that some provider can be asked for. */
export interface AdmittedRequest {
  readonly kind: 'admitted';
  readonly request: Omit<ClientRequest, 'body'>;
  readonly walked: WalkedBody;
  readonly header: HeaderFacts;
  readonly facts: RequestFacts;
  /** The configuration that it keeps until its end. */
  readonly runtime: Runtime;
  readonly tiers: readonly (readonly Candidate[])[];
  /** The client named its provider. */
  readonly isPinned: boolean;
}

/** A request that gets a reply of our own; its body has been let go. */
export interface AnsweredRequest {
  readonly kind: 'answered';
  readonly reply: Reply;
}

/** A request for a count that no provider is asked for; its body is let go as soon as it is counted. Never rejects. */
export interface CountedRequest {
  readonly kind: 'counted';
  readonly reply: Promise<Reply>;
}

/** Reads what a request wants and whom it may go to, and tells that it came. */
export function admit(
  received: ClientRequest,
  runtime: Runtime,
  options: AdmissionOptions,
): AdmittedRequest | AnsweredRequest | CountedRequest {
  const walked = walkBody(received.body, options.isUtf8, MARK_BYTES);
  if (walked.kind === 'malformed') {
    received.releaseBody();
    return { kind: 'answered', reply: rejected(received, walked.message, runtime, options) };
  }
  const header = headerFacts(received.headers);
  const facts = requestFacts(received, walked, header);
  tellReceived(facts, received.body, runtime, options);
  const pin = header.pin ?? walked.provider;
  const routing = resolveRoutes(runtime.routes, walked.model, pin);
  if (routing.kind !== 'routed') {
    if (facts.endpoint === 'count_tokens') {
      return { kind: 'counted', reply: countedHere(received, facts, walked.bytes, options) };
    }
    received.releaseBody();
    const error = unroutable(routing, walked.model, pin, runtime, received.id);
    return { kind: 'answered', reply: turnedAway(received, facts, error, runtime, options) };
  }
  const { id, endpoint, path, headers, caller, releaseBody, receivedAt } = received;
  const request = { id, endpoint, path, headers, caller, releaseBody, receivedAt };
  const tiers =
    endpoint === 'count_tokens'
      ? counting(routing.tiers, runtime, options)
      : serverToolsFirst(routing.tiers, walked, runtime);
  if (tiers.length === 0) {
    return { kind: 'counted', reply: countedHere(received, facts, walked.bytes, options) };
  }
  return { kind: 'admitted', request, walked, header, facts, runtime, tiers, isPinned: pin !== undefined };
}

/** A body that tells too little to make a request of it. */
function rejected(
  { id: requestId, path }: ClientRequest,
  reason: string,
  runtime: Runtime,
  options: AdmissionOptions,
): Reply {
  const [plainPath = path] = path.split('?', 1);
  options.observe({ type: 'request.rejected', requestId, path: plainPath, status: 400, reason });
  return ownReply(400, 'invalid_request_error', reason, requestId, providerErrorKeys(runtime, []));
}

/** Those of the candidates that can be asked to count tokens; none where the user wants all counted here. */
function counting(
  tiers: AdmittedRequest['tiers'],
  { providers, configuration }: Runtime,
  { adapters }: AdmissionOptions,
): AdmittedRequest['tiers'] {
  if (configuration.settings.tokenCounting.alwaysLocal) return [];
  const counts = ({ provider }: Candidate): boolean => {
    const type = providers.get(provider)?.type;
    return type !== undefined && adapters[type]?.countsTokens === true;
  };
  return tiers.map((tier) => tier.filter(counts)).filter((tier) => tier.length > 0);
}

/** An answer of our own, without any attempt. */
function turnedAway(
  { id, receivedAt }: ClientRequest,
  facts: RequestFacts,
  error: FinalError,
  runtime: Runtime,
  { clock, observe }: AdmissionOptions,
): Reply {
  const body = errorBody(error.type, error.message, id, providerErrorKeys(runtime, []));
  const headers = [...error.headers, ...ownIds(id)];
  observe({
    type: 'request.ended',
    request: facts,
    // What the request names does not exist: that is its own mistake, and no provider's.
    result: error.status === 404 ? 'refused' : 'exhausted',
    status: error.status,
    trace: NO_TRACE,
    durationMs: clock.now() - receivedAt,
    error: error.message,
  });
  return { status: error.status, headers, body: Buffer.from(body) };
}

/** A count that no provider can be asked for. */
async function countedHere(
  { receivedAt, releaseBody }: ClientRequest,
  facts: RequestFacts,
  body: Buffer,
  { clock, observe, countTokens }: AdmissionOptions,
): Promise<Reply> {
  const reply = localCount(facts, await countTokens(body));
  releaseBody();
  observe({
    type: 'request.ended',
    request: facts,
    result: 'local',
    status: reply.status,
    trace: NO_TRACE,
    durationMs: clock.now() - receivedAt,
  });
  return reply;
}

function tellReceived(facts: RequestFacts, body: Buffer, runtime: Runtime, options: AdmissionOptions): void {
  const debug = runtime.configuration.settings.logLevel === 'debug';
  const preview = debug ? promptPreview(body) : undefined;
  options.observe({
    type: 'request.received',
    request: facts,
    ...(preview === undefined ? {} : { preview: options.redactor().text(preview) }),
  });
}
