import { decide, outOfTime } from '../src/domain/decision/decide.ts';
import type { Decision } from '../src/domain/decision/decision.ts';
import type { DecisionTrace } from '../src/domain/decision/trace.ts';
import type { Candidate } from '../src/domain/routing/candidate.ts';
import type { RequestContext } from './request-events.ts';
import { standingOf } from './standing.ts';

/** So many candidates are noted a decision; a trace stays small however many providers there are. */
const MAX_CONSIDERED = 16;
/** Decisions kept: whoever waits is woken with every change of anybody's health. */
const MAX_DECISIONS = 63;

/** Decides the next step and notes it for the trace. */
export function choice(context: RequestContext): Pick<RequestContext, 'decision' | 'decisions'> {
  const decision = chosen(context);
  const decisions = [...context.decisions.slice(-MAX_DECISIONS), decisionTrace(context, decision)];
  return { decision, decisions };
}

/** The next step, as everything stands now. */
function chosen(context: RequestContext): Decision {
  const { order, policy, ports, attempts, round, waitedMs, deadlineAt } = context;
  const now = ports.now();
  const leftMs = deadlineAt - now;
  if (leftMs <= 0) return outOfTime({ round, attempts, waitedMs });
  const availability = (candidate: Candidate) => standingOf(candidate, context, now, ports);
  const decision = decide(order, availability, { round, attempts, waitedMs }, policy, now);
  return decision.kind === 'wait' ? { ...decision, forMs: Math.min(decision.forMs, leftMs) } : decision;
}

/** A decision as the trace keeps it: what was looked at, and why it came out so. */
function decisionTrace(context: RequestContext, decision: Decision): DecisionTrace {
  const { order, ports, attempts, round } = context;
  const now = ports.now();
  const considered = order.slice(0, MAX_CONSIDERED).map((candidate) => {
    const tried = attempts.some(
      (attempt) =>
        attempt.candidate.provider === candidate.provider && attempt.candidate.model === candidate.model,
    );
    return { candidate, availability: standingOf(candidate, context, now, ports), tried };
  });
  const verdict = decision.kind === 'try' || decision.kind === 'wait' ? decision.kind : 'give_up';
  // Who is full is passed over, and leaves the others in their order.
  const first = considered.find(({ availability }) => availability.kind !== 'full')?.candidate;
  const preferred = decision.kind === 'try' && decision.mode === 'normal' && decision.candidate === first;
  const reason = preferred && attempts.length === 0 ? context.reason : decision.reason;
  return { at: now, round, verdict, considered, reason };
}
