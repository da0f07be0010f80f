import type { InspectorEvent, ProviderMoment, RequestSummary } from '../../domain/inspection.ts';

/** How everything stood after one event. Pure. */
export interface Moment {
  /** Wall clock, ms. */
  readonly at: number;
  readonly providers: ReadonlyMap<string, ProviderMoment & { readonly since: number }>;
  /** Requests in flight by the provider that was asked last; '' where none was yet. */
  readonly inFlight: ReadonlyMap<string, number>;
}

/**
 * The state of all providers after the event `seq`: each as its last event until then left it; where none is kept, as it
 * stood before the oldest one.
 */
export function momentAt(
  events: readonly InspectorEvent[],
  base: readonly ProviderMoment[],
  seq: number,
): Moment {
  const providers = new Map<string, ProviderMoment & { since: number }>();
  const asked = new Map<string, string>();
  let at = events[0]?.at ?? 0;
  for (const moment of base) providers.set(moment.id, { ...moment, since: at });
  for (const event of events) {
    if (event.seq > seq) break;
    at = event.at;
    if (event.provider !== undefined) {
      const before = providers.get(event.provider.id);
      const since = before?.state === event.provider.state ? before.since : event.at;
      providers.set(event.provider.id, { ...event.provider, since });
    } else if (event.kind === 'request') {
      if (event.request?.result === 'running') asked.set(event.actor, '');
      else asked.delete(event.actor);
    } else if (event.attempt !== undefined && asked.has(event.actor)) {
      asked.set(event.actor, event.to?.startsWith('active') === true ? event.attempt.provider : '');
    }
  }
  const inFlight = new Map<string, number>();
  for (const provider of asked.values()) inFlight.set(provider, (inFlight.get(provider) ?? 0) + 1);
  return { at, providers, inFlight };
}

/** Whether a provider has changed; its start is no change. Pure. */
export function isProviderChange(
  event: InspectorEvent,
): event is InspectorEvent & { readonly provider: ProviderMoment } {
  return event.provider !== undefined && event.kind !== 'started';
}

/** Requests as they stood after the event `seq`, newest first. */
export function requestsAt(requests: readonly RequestSummary[], at: number): readonly RequestSummary[] {
  return requests
    .filter(({ receivedAt }) => receivedAt <= at)
    .map((request) => {
      const { durationMs } = request;
      if (durationMs !== undefined && request.receivedAt + durationMs <= at) return request;
      const { id, number, endpoint, model, stream, session, bytes, receivedAt, tried } = request;
      const base = { id, number, endpoint, model, stream, bytes, receivedAt, tried, attempts: tried.length };
      return {
        ...base,
        result: 'running',
        status: 0,
        ...(session === undefined ? {} : { session }),
      } as const;
    });
}
