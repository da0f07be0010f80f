import type { AttemptTrace } from '../src/domain/decision/trace.ts';
import { asOffline, mayBeOffline } from '../src/domain/failures/network-blame.ts';
import type { Failure, Outcome } from '../src/domain/failures/outcome.ts';
import { phaseOf, withLast } from './request-attempt.ts';
import type { OpenVerdict, RequestContext } from './request-events.ts';

/** Notes an attempt's end. A failure of the way keeps its verdict back until the round has shown whose it is. */
export function ended(
  context: RequestContext,
  outcome: Outcome,
  usage?: AttemptTrace['usage'],
): Partial<RequestContext> {
  const { current, attempts, pending, ports, policy } = context;
  const last = attempts.at(-1);
  if (current === undefined || last === undefined) return {};
  const at = ports.now();
  const verdict: OpenVerdict = { attempt: current, mode: last.mode, outcome, at };
  const noted = withLast(attempts, { endedAt: at, outcome, ...(usage === undefined ? {} : { usage }) });
  const waits =
    policy.failoverBelowThreshold &&
    last.committedAt === undefined &&
    outcome.kind !== 'success' &&
    mayBeOffline(outcome, at - last.startedAt) &&
    pending.length === attempts.filter(({ round }) => round === context.round).length - 1;
  return waits
    ? { attempts: noted, pending: [...pending, verdict], due: [] }
    : { attempts: noted, pending: [], due: [...pending, verdict] };
}

/** Blames nobody if every candidate of the round failed so at two hosts or more; else each its own. */
export function resolved(context: RequestContext): Partial<RequestContext> {
  const { pending, attempts, ports } = context;
  const hosts = new Set(pending.map(({ attempt }) => ports.host(attempt.candidate.provider)));
  if (hosts.size < 2) return { pending: [], due: pending };
  const due = pending.map((verdict) =>
    verdict.outcome.kind === 'success' ? verdict : { ...verdict, outcome: asOffline(verdict.outcome) },
  );
  const byNumber = new Map(due.map(({ attempt, outcome }) => [attempt.number, outcome]));
  const blamed = attempts.map((attempt) => {
    const outcome = byNumber.get(attempt.number);
    return outcome === undefined ? attempt : { ...attempt, outcome };
  });
  return { pending: [], due, attempts: blamed };
}

/** Tells a provider the verdict of an attempt. */
export function tell(context: RequestContext, { attempt, mode, outcome, at }: OpenVerdict): void {
  const { ports, endpoint, id } = context;
  ports.provider(attempt.candidate.provider)?.send({
    type: 'attempt.settled',
    attemptId: attempt.attemptId,
    requestId: id,
    target: { model: attempt.candidate.model, endpoint },
    mode,
    sequence: attempt.sequence,
    revision: attempt.revision,
    at,
    outcome,
    chance: ports.chance(),
  });
}

/**
 * Tells the providers what a request that died of a bug still owes them: without a verdict its trial would stay taken.
 * For whoever started the actor, on its error.
 */
export function settleAfterFault(context: RequestContext): void {
  const { attempts, current, pending, due } = context;
  for (const verdict of [...pending, ...due]) tell(context, verdict);
  const last = attempts.at(-1);
  if (current === undefined || last === undefined || last.endedAt !== undefined) return;
  const outcome: Failure = { kind: 'balancer_fault', phase: phaseOf(context), detail: 'the balancer failed' };
  tell(context, { attempt: current, mode: last.mode, outcome, at: context.ports.now() });
}
