import type { AttemptTrace } from '../domain/decision/trace.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { BalancerEvent, RequestEnded, RequestFacts } from '../telemetry/events.ts';

/** What a failed attempt tells; undefined: it did not fail. */
export function attemptFailed(request: RequestFacts, attempt: AttemptTrace): BalancerEvent | undefined {
  const { candidate, outcome, number, startedAt, endedAt = startedAt } = attempt;
  if (outcome === undefined || !isFailure(outcome)) return undefined;
  return {
    type: 'request.attempt_failed',
    request,
    provider: candidate.provider,
    model: candidate.model,
    attempt: number,
    failure: outcome,
    afterMs: endedAt - startedAt,
  };
}

/** What a bug of ours on a request's way tells. */
export function requestFault(message: string, error: unknown, requestId: string): BalancerEvent {
  return { type: 'fault', message, error, requestId };
}

/** Of a request without attempts of its own. */
export const NO_TRACE = { decisions: [], attempts: [] } as const;

/** How a request went, as its exchange and its chart know it. */
export interface RequestEnd {
  readonly result: RequestEnded['result'];
  readonly trace: RequestEnded['trace'];
  /** Status sent to the client; 0 if none was. */
  readonly status: number;
  /** The final error's message, where there was one. */
  readonly error: string | undefined;
  /** Wall clock ms of its arrival, of the first content sent, and of now. */
  readonly receivedAt: number;
  readonly firstContentAt: number | undefined;
  readonly endedAt: number;
  /** Who answered, where that was not an attempt of its own. */
  readonly shared?: Pick<RequestEnded, 'provider' | 'model' | 'joined' | 'cached'>;
}

/** What a request's end tells. */
export function requestEnded(request: RequestFacts, end: RequestEnd): RequestEnded {
  const { result, trace, status, error, receivedAt, firstContentAt, endedAt } = end;
  const attempt = trace.attempts.at(-1);
  const served = firstContentAt === undefined ? undefined : attempt?.candidate;
  return {
    type: 'request.ended',
    request,
    result,
    status,
    ...(served === undefined ? {} : { provider: served.provider, model: served.model }),
    ...end.shared,
    trace,
    ...(attempt?.usage === undefined ? {} : { usage: attempt.usage }),
    ...(firstContentAt === undefined ? {} : { timeToFirstContentMs: firstContentAt - receivedAt }),
    durationMs: endedAt - receivedAt,
    ...(error === undefined ? {} : { error }),
  };
}
