import type { InspectorEvent, ProviderMoment, RequestSummary } from '../../domain/inspection/inspection.ts';
import { type Tally, tallyAfter } from './tally.ts';

/** What is kept of the past. */
export interface Past {
  /** Oldest first, numbered without a gap. */
  readonly events: readonly InspectorEvent[];
  /** How providers stood before the oldest. */
  readonly base: readonly ProviderMoment[];
  /** What had been counted before it. */
  readonly tally: Tally;
}

/** How everything stood after one event. Pure. */
export interface Moment {
  readonly seq: number;
  /** Wall clock, ms. */
  readonly at: number;
  readonly providers: ReadonlyMap<string, PastProvider>;
  readonly tally: Tally;
}

export interface PastProvider extends ProviderMoment {
  /** Since when it was in its state, wall clock, ms. */
  readonly since: number;
  /** It may have been so for longer: what was before is no longer kept. */
  readonly isSinceOpen: boolean;
}

/**
 * Everything as it was after the event `seq`: each provider as its last event until then left it; where none is kept, as
 * it stood before the oldest one.
 */
export function momentAt({ events, base, tally }: Past, seq: number): Moment {
  const providers = new Map<string, PastProvider>();
  const begin = events[0]?.at ?? 0;
  for (const moment of base) providers.set(moment.id, { ...moment, since: begin, isSinceOpen: true });
  const until = lastIndex(events, seq) + 1;
  const past = events.slice(0, until);
  for (const { provider, at } of past) {
    if (provider === undefined) continue;
    const before = providers.get(provider.id);
    const { since, isSinceOpen } =
      before?.state === provider.state ? before : { since: at, isSinceOpen: false };
    providers.set(provider.id, { ...provider, since, isSinceOpen });
  }
  // A request tells its provider in the midst of its own step: both are one moment.
  const looked = past.at(-1);
  const step =
    looked?.provider === undefined || looked.requestId === undefined
      ? undefined
      : events.find((event) => event.seq > seq && event.actor === `request:${looked.requestId}`);
  return {
    seq,
    at: looked?.at ?? begin,
    providers,
    tally: tallyAfter(tally, step === undefined || step.kind === 'request' ? past : [...past, step]),
  };
}

/** Place of the last event up to `seq`; -1: there is none. */
function lastIndex(events: readonly InspectorEvent[], seq: number): number {
  const first = events[0]?.seq ?? 0;
  return Math.min(events.length - 1, Math.floor(Math.min(seq, Number.MAX_SAFE_INTEGER)) - first);
}

/** Whether a provider has changed; its start is no change. Pure. */
export function isProviderChange(
  event: InspectorEvent,
): event is InspectorEvent & { readonly provider: ProviderMoment } {
  return event.provider !== undefined && event.kind !== 'started';
}

/** Requests as they stood after the event `seq`, newest first. Pure. */
export function requestsAt(
  requests: readonly RequestSummary[],
  events: readonly InspectorEvent[],
  seq: number,
): readonly RequestSummary[] {
  const later = new Map<string, 'came' | 'ended'>();
  for (const { seq: number, request } of events) {
    if (number <= seq || request === undefined || later.has(request.id)) continue;
    later.set(request.id, request.result === 'running' ? 'came' : 'ended');
  }
  const tried = new Map<string, Set<string>>();
  for (const { seq: number, actor, begun } of events) {
    if (number > seq) break;
    if (begun === undefined) continue;
    const providers = tried.get(actor) ?? new Set();
    tried.set(actor, providers.add(begun.provider));
  }
  return requests.flatMap((request) => {
    const what = later.get(request.id);
    if (what === undefined && request.result !== 'running') return [request];
    if (what === 'came') return [];
    return [runningThen(request, [...(tried.get(`request:${request.id}`) ?? [])])];
  });
}

function runningThen(request: RequestSummary, tried: readonly string[]): RequestSummary {
  const { id, number, endpoint, model, stream, session, bytes, receivedAt } = request;
  return {
    id,
    number,
    endpoint,
    model,
    stream,
    bytes,
    receivedAt,
    tried,
    attempts: tried.length,
    result: 'running',
    status: 0,
    ...(session === undefined ? {} : { session }),
  };
}
