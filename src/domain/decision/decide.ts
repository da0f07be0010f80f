import { FAILURE_TABLE, isRefusal } from '../failures/failure-table.ts';
import type { Failure } from '../failures/outcome.ts';
import type { Availability } from '../health/availability.ts';
import { distinctParts, MAX_REPEATS } from '../learning/unknown-part.ts';
import type { Candidate } from '../routing/candidate.ts';
import type { Decision, DecisionPolicy, Standing } from './decision.ts';
import { holdOrGoRound, waitForRoom } from './hold.ts';
import { failureOf, laterAttempts, mayTryInRound, type Progress } from './progress.ts';
import type { AttemptTrace } from './trace.ts';

const EXHAUSTED_BY_FAULT: Decision = { kind: 'exhausted', reason: 'nothing can mend it' };

/**
 * Chooses the next step of a request by the rules of `docs/failures.md`.
 *
 * @param order the request's candidates in order of preference
 * @param availabilityOf a candidate's health at this moment
 * @param now wall clock, ms
 */
export function decide(
  order: readonly Candidate[],
  availabilityOf: (candidate: Candidate) => Availability,
  progress: Progress,
  policy: DecisionPolicy,
  now: number,
): Decision {
  const last = progress.attempts.at(-1);
  const lastFailure = failureOf(last);
  if (last !== undefined && lastFailure !== undefined) {
    const verdict = afterFailure(last, lastFailure, availabilityOf, progress, policy);
    if (verdict !== undefined) return verdict;
  }

  const triesLeft = progress.round === 1 || laterAttempts(progress) < policy.maxAttempts;
  const untried: Standing[] = [];
  let seesTrial = false;
  for (const candidate of order) {
    if (!mayTryInRound(candidate, progress)) continue;
    const availability = availabilityOf(candidate);
    // Mostly the first: there may be hundreds behind it. A stream may be the trial of one before it.
    if (triesLeft && availability.kind === 'ready' && !(policy.stream && seesTrial)) return chosen(candidate);
    seesTrial ||= availability.kind === 'trial_due';
    untried.push({ candidate, availability });
  }
  const trial = triesLeft ? firstTrial(untried, policy) : undefined;
  if (trial !== undefined) return trial;

  const refusal = refusalOf(progress);
  if (refusal !== undefined)
    return (triesLeft ? waitForRoom(untried, progress, policy) : undefined) ?? refusal;
  if (!policy.patient) return { kind: 'exhausted', reason: 'no candidate is ready' };
  return holdOrGoRound(untried, order, availabilityOf, progress, policy, now, triesLeft);
}

/** What the last failure itself settles, if anything: repair and repeat, or give back. */
function afterFailure(
  last: AttemptTrace,
  failure: Failure,
  availabilityOf: (candidate: Candidate) => Availability,
  progress: Progress,
  policy: DecisionPolicy,
): Decision | undefined {
  const rule = FAILURE_TABLE[failure.kind];
  const repeated = repeatedWithout(last, failure, progress);
  if (repeated !== undefined) return repeated;
  if (rule.failover === 'same_once' && last.repair === undefined) {
    const repair = failure.kind === 'foreign_signature' ? 'without_thinking' : 'fresh_connection';
    const reason =
      repair === 'without_thinking' ? 'again without foreign thinking' : 'again on a connection of its own';
    return { ...again(last), repair, reason };
  }
  if (rule.failover === 'none') {
    if (isRefusal(failure.kind))
      return { kind: 'refuse', attempt: last.number, reason: 'no provider could accept it' };
    return failure.kind === 'out_of_time' ? outOfTime(progress) : EXHAUSTED_BY_FAULT;
  }
  if (
    !policy.failoverBelowThreshold &&
    policy.patient &&
    rule.counts !== 'never' &&
    isWell(availabilityOf(last.candidate))
  )
    return {
      kind: 'refuse',
      attempt: last.number,
      reason: 'below the threshold (failover_below_threshold: false)',
    };
  return undefined;
}

/** The same candidate in the same way: what was mended already stays mended. */
function again({ candidate, mode, repair, without }: AttemptTrace) {
  return {
    kind: 'try',
    candidate,
    mode,
    hurried: false,
    ...(repair === undefined ? {} : { repair }),
    ...(without === undefined ? {} : { without }),
  } as const;
}

/** A refusal that names what it does not know: again at once without it. It is nobody's failure. */
function repeatedWithout(last: AttemptTrace, failure: Failure, progress: Progress): Decision | undefined {
  const named = failure.unknownParts;
  if (named === undefined || named.length === 0) return undefined;
  const repeats = progress.attempts.filter((attempt) => attempt.without !== undefined).length;
  if (repeats >= MAX_REPEATS) return undefined;
  const reason = `again without what it does not know: ${named.map(({ name }) => name).join(', ')}`;
  return { ...again(last), without: distinctParts([...(last.without ?? []), ...named]), reason };
}

/**
 * A refusal beats outages: the first one is given back, if there was any. That a provider refused the client's own
 * credential says so only where nobody else was asked: another one may come back.
 */
function refusalOf(progress: Progress): Decision | undefined {
  const { attempts } = progress;
  const isCredential = (attempt: AttemptTrace): boolean => failureOf(attempt)?.kind === 'client_credentials';
  const refusal = attempts.find((attempt, at) => {
    const failure = failureOf(attempt);
    if (failure === undefined || !isRefusal(failure.kind) || isCredential(attempt)) return false;
    // What became of the repetition counts instead.
    return failure.unknownParts === undefined || attempts[at + 1]?.without === undefined;
  });
  const given = refusal ?? (attempts.every(isCredential) ? attempts[0] : undefined);
  if (given === undefined) return undefined;
  return { kind: 'refuse', attempt: given.number, reason: 'a candidate refused and none mended it' };
}

/** The end of a request whose time is over. */
export function outOfTime(progress: Progress): Decision {
  return refusalOf(progress) ?? { kind: 'exhausted', reason: 'the request ran out of time' };
}

/** Whether its health lets it answer; that it has no room is no fault. */
function isWell({ kind }: Availability): boolean {
  return kind === 'ready' || kind === 'full';
}

function chosen(candidate: Candidate): Decision {
  return { kind: 'try', candidate, mode: 'normal', hurried: false, reason: 'ready' };
}

/**
 * The first candidate in order whose trial this request may be. A non-stream request can't be cut short unseen: it is a
 * trial only where nothing else is left.
 */
function firstTrial(untried: readonly Standing[], { stream }: DecisionPolicy): Decision | undefined {
  const isOpen = ({ availability: { kind } }: Standing): boolean => kind === 'ready' || kind === 'trial_due';
  const open = untried.filter(isOpen);
  const [first] = open;
  if (first?.availability.kind !== 'trial_due') return undefined;
  const hurried = stream && open.length > 1 && first.availability.unhurried !== true;
  const { candidate } = first;
  return { kind: 'try', candidate, mode: 'trial', hurried, reason: 'trial after its cooldown' };
}
