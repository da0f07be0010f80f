import type { AttemptTrace } from '../src/domain/decision/trace.ts';
import type { Failure } from '../src/domain/failures/outcome.ts';
import { knownParts, NOTHING_LEARNED } from '../src/domain/learning/learned-parts.ts';
import type { AttemptInput, RequestContext, RunningAttempt } from './request-events.ts';

/** What the context becomes when the attempt that was decided on begins. */
export function begun(context: RequestContext): Partial<RequestContext> {
  const { decision, attempts, ports, round } = context;
  if (decision.kind !== 'try') return {};
  const number = attempts.length + 1;
  const { candidate, mode, repair, without } = decision;
  const revision = ports.provider(candidate.provider)?.getSnapshot().context.revision ?? 0;
  const current: RunningAttempt = {
    attemptId: `${context.id}#${number}`,
    number,
    candidate,
    sequence: ports.nextSequence(),
    revision,
  };
  const attempt: AttemptTrace = {
    number,
    candidate,
    mode,
    round,
    startedAt: ports.now(),
    ...(repair === undefined ? {} : { repair }),
    ...(without === undefined ? {} : { without }),
  };
  return { current, attempts: [...attempts, attempt] };
}

/** What the effect behind the attempt is given. */
export function attemptInput(context: RequestContext): AttemptInput {
  const { id, current, decision, deadlineAt, ports } = context;
  if (current === undefined || decision.kind !== 'try') throw new Error('an attempt without a decision');
  const { attemptId, number, candidate } = current;
  const { repair, hurried, without: named = [] } = decision;
  const base = { requestId: id, attemptId, number, candidate, hurried, deadlineAt };
  const learned = ports.provider(candidate.provider)?.getSnapshot().context.learned ?? NOTHING_LEARNED;
  const without = [...knownParts(learned, candidate.model, ports.now()), ...named];
  if (repair === undefined && without.length === 0) return base;
  return {
    ...(repair === undefined ? {} : { repair }),
    ...(without.length === 0 ? {} : { without }),
    ...base,
  };
}

/** The attempts, with more known of the last one. */
export function withLast(
  attempts: readonly AttemptTrace[],
  facts: Partial<AttemptTrace>,
): readonly AttemptTrace[] {
  const last = attempts.at(-1);
  // Not by a spread, which would give each result a hidden class of its own (docs/performance.md).
  return last === undefined ? attempts : [...attempts.slice(0, -1), Object.assign({}, last, facts)];
}

/** How far the request's last attempt has come. */
export function phaseOf(context: RequestContext): Failure['phase'] {
  return context.attempts.at(-1)?.committedAt === undefined ? 'first_content' : 'streaming';
}
