import type { Availability } from './availability.ts';
import { type Candidate, candidateKey } from './candidate.ts';
import { FAILURE_TABLE, isRefusal } from './failure-table.ts';
import type { Failure } from './outcome.ts';
import type { AttemptMode, AttemptTrace } from './trace.ts';

/** What a request does next. Pure: the request's machine asks, the answer is a value. */
export type Decision =
  | {
      readonly kind: 'try';
      readonly candidate: Candidate;
      readonly mode: AttemptMode;
      /** The same candidate again: on a connection of its own, or without the foreign thinking blocks. */
      readonly repair?: 'fresh_connection' | 'without_thinking';
      /** A trial of a stream while another candidate is left: it gets only the short time to its start. */
      readonly hurried: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: 'wait';
      /** At most so long, ms; a change of some provider's health ends it sooner. */
      readonly forMs: number;
      /** All candidates may be tried again afterwards. */
      readonly newRound: boolean;
      readonly reason: string;
    }
  /** The answer of this attempt (1, 2, …) goes back as it is. */
  | { readonly kind: 'refuse'; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly reason: string };

/** What a request has behind it. */
export interface Progress {
  /** 1, 2, … */
  readonly round: number;
  readonly attempts: readonly AttemptTrace[];
  /** Time spent waiting so far, ms. */
  readonly waitedMs: number;
}

export interface DecisionPolicy {
  readonly stream: boolean;
  /** How long a request may wait in all for someone to come back, ms. */
  readonly holdMs: number;
  /** Attempts after the first round. */
  readonly maxAttempts: number;
  readonly failoverBelowThreshold: boolean;
  /** A side request (count_tokens) neither waits nor tries those that cool: it has a local answer. */
  readonly patient: boolean;
}

/** One candidate as it stands now. */
interface Standing {
  readonly candidate: Candidate;
  readonly availability: Availability;
}

/** At most one try every so often of a provider that cools for sure (quota, credentials, missing model). */
const CERTAIN_TRY_INTERVAL_MS = 10_000;
const FIRST_BACKOFF_MS = 1_000;
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

  const untried = order
    .filter((candidate) => mayTryInRound(candidate, progress))
    .map((candidate): Standing => ({ candidate, availability: availabilityOf(candidate) }));
  const triesLeft = progress.round === 1 || laterAttempts(progress) < policy.maxAttempts;

  const open = triesLeft ? firstOpen(untried, policy) : undefined;
  if (open !== undefined) return open;

  const refusal = refusalOf(progress);
  if (refusal !== undefined) return refusal;
  if (!policy.patient) return { kind: 'exhausted', reason: 'no candidate is ready' };
  return holdOrGoRound(untried, order, availabilityOf, progress, policy, now, triesLeft);
}

function failureOf(attempt: AttemptTrace | undefined): Failure | undefined {
  const outcome = attempt?.outcome;
  return outcome === undefined || outcome.kind === 'success' ? undefined : outcome;
}

function failedInPassing(failure: Failure): boolean {
  return FAILURE_TABLE[failure.kind].passing && failure.noRetry !== true;
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
  if (rule.failover === 'same_once' && last.repair === undefined) {
    const repair = failure.kind === 'foreign_signature' ? 'without_thinking' : 'fresh_connection';
    const reason =
      repair === 'without_thinking' ? 'again without foreign thinking' : 'again on a connection of its own';
    return { kind: 'try', candidate: last.candidate, mode: last.mode, repair, hurried: false, reason };
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
    availabilityOf(last.candidate).kind === 'ready'
  )
    return {
      kind: 'refuse',
      attempt: last.number,
      reason: 'below the threshold (failover_below_threshold: false)',
    };
  return undefined;
}

/** Each candidate once a round; from the second on only those that failed in passing, were limited for a time, or never tried. */
function mayTryInRound(candidate: Candidate, progress: Progress): boolean {
  const key = candidateKey(candidate);
  const tries = progress.attempts.filter((attempt) => candidateKey(attempt.candidate) === key);
  const last = tries.at(-1);
  if (last === undefined) return true;
  if (last.round === progress.round) return false;
  const failure = failureOf(last);
  return failure !== undefined && (failedInPassing(failure) || failure.kind === 'rate_limited');
}

function laterAttempts(progress: Progress): number {
  return progress.attempts.filter((attempt) => attempt.round > 1).length;
}

/**
 * A refusal beats outages: the first one is given back, if there was any. That a provider refused the client's own
 * credential says so only where nobody else was asked: another one may come back.
 */
function refusalOf(progress: Progress): Decision | undefined {
  const { attempts } = progress;
  const isCredential = (attempt: AttemptTrace): boolean => failureOf(attempt)?.kind === 'client_credentials';
  const refusal = attempts.find((attempt) => {
    const failure = failureOf(attempt);
    return failure !== undefined && isRefusal(failure.kind) && !isCredential(attempt);
  });
  const given = refusal ?? (attempts.every(isCredential) ? attempts[0] : undefined);
  if (given === undefined) return undefined;
  return { kind: 'refuse', attempt: given.number, reason: 'a candidate refused and none mended it' };
}

/** The end of a request whose time is over. */
export function outOfTime(progress: Progress): Decision {
  return refusalOf(progress) ?? { kind: 'exhausted', reason: 'the request ran out of time' };
}

/** The first candidate in order that is ready, or whose trial this request may be. */
function firstOpen(untried: readonly Standing[], policy: DecisionPolicy): Decision | undefined {
  const openOnes = untried.filter(({ availability: { kind } }) => kind === 'ready' || kind === 'trial_due');
  // A non-stream request can't be cut short unseen: it is a trial only where nothing else is left.
  const chosen = policy.stream
    ? openOnes[0]
    : (openOnes.find(({ availability: { kind } }) => kind === 'ready') ?? openOnes[0]);
  if (chosen === undefined) return undefined;
  const { candidate, availability } = chosen;
  if (availability.kind !== 'trial_due')
    return { kind: 'try', candidate, mode: 'normal', hurried: false, reason: 'ready' };
  const hurried = policy.stream && openOnes.length > 1 && availability.unhurried !== true;
  return { kind: 'try', candidate, mode: 'trial', hurried, reason: 'trial after its cooldown' };
}

/** "Never worse than no balancer": nobody is ready and nobody refused. */
function holdOrGoRound(
  untried: readonly Standing[],
  order: readonly Candidate[],
  availabilityOf: (candidate: Candidate) => Availability,
  progress: Progress,
  policy: DecisionPolicy,
  now: number,
  triesLeft: boolean,
): Decision {
  const holdLeftMs = Math.max(0, policy.holdMs - progress.waitedMs);
  const roundMs = nextRoundMs(progress, order, availabilityOf, holdLeftMs, policy, now);
  if (triesLeft) {
    const returnMs = earliestReturn(untried, now);
    const someoneTries = untried.some(({ availability: { kind } }) => kind === 'trial_running');
    if (returnMs !== undefined && returnMs <= holdLeftMs && holdLeftMs > 0)
      return waitFor(returnMs, roundMs, 'a cooldown ends within the hold');
    if (someoneTries && holdLeftMs > 0)
      return waitFor(holdLeftMs, roundMs, "another request's trial is running");
    const desperate = desperateTry(untried, now);
    if (desperate !== undefined) return desperate;
  }
  if (roundMs !== undefined)
    return { kind: 'wait', forMs: roundMs, newRound: true, reason: 'once more round' };
  return { kind: 'exhausted', reason: 'every candidate failed or cools' };
}

function waitFor(forMs: number, roundMs: number | undefined, reason: string): Decision {
  return roundMs !== undefined && roundMs < forMs
    ? { kind: 'wait', forMs: roundMs, newRound: true, reason: 'once more round' }
    : { kind: 'wait', forMs, newRound: false, reason };
}

/** ms until the first cooling candidate returns. */
function earliestReturn(untried: readonly Standing[], now: number): number | undefined {
  let earliest: number | undefined;
  for (const { availability } of untried) {
    if (availability.kind !== 'cooling') continue;
    const inMs = Math.max(0, availability.until - now);
    if (earliest === undefined || inMs < earliest) earliest = inMs;
  }
  return earliest;
}

/**
 * ms until the next round, within what is left of the hold; undefined: no further round. After a failure in passing 1, 2,
 * 4 … s; after a stated window when it is over, if that is within the hold.
 */
function nextRoundMs(
  progress: Progress,
  order: readonly Candidate[],
  availabilityOf: (candidate: Candidate) => Availability,
  holdLeftMs: number,
  policy: DecisionPolicy,
  now: number,
): number | undefined {
  if (holdLeftMs <= 0 || laterAttempts(progress) >= policy.maxAttempts) return undefined;
  // Reckoned from the last attempt's end: whoever is woken in between doesn't begin the pause anew.
  const pausedMs = Math.max(0, now - (progress.attempts.at(-1)?.endedAt ?? now));
  const pauseMs = Math.max(0, FIRST_BACKOFF_MS * 2 ** (progress.round - 1) - pausedMs);
  let soonest: number | undefined;
  for (const candidate of order) {
    const key = candidateKey(candidate);
    const last = progress.attempts.findLast((attempt) => candidateKey(attempt.candidate) === key);
    const failure = failureOf(last);
    if (failure === undefined || last?.round !== progress.round) continue;
    const inMs = failedInPassing(failure)
      ? Math.min(pauseMs, holdLeftMs)
      : windowMs(failure, availabilityOf(candidate), now);
    if (inMs === undefined || inMs > holdLeftMs) continue;
    if (soonest === undefined || inMs < soonest) soonest = inMs;
  }
  return soonest;
}

/** How long a provider's own window still lasts, ms. */
function windowMs(failure: Failure, availability: Availability, now: number): number | undefined {
  if (failure.kind !== 'rate_limited' || availability.kind !== 'cooling') return undefined;
  return Math.max(0, availability.until - now);
}

/** Those that cool on suspicion first, then those that cool for sure; never inside a stated window. */
function desperateTry(untried: readonly Standing[], now: number): Decision | undefined {
  const reason = 'everyone cools: tried all the same';
  const suspected = untried.find(({ availability: a }) => a.kind === 'cooling' && a.basis === 'suspicion');
  // Its cooldown is over and the hold is used up: a slow trial must not lock the provider away.
  const underway = untried.find(({ availability: a }) => a.kind === 'trial_running' && a.desperate !== true);
  const certain = untried.find(
    ({ availability: a }) =>
      a.kind === 'cooling' &&
      a.basis === 'certain' &&
      (a.lastTryAt === undefined || now - a.lastTryAt >= CERTAIN_TRY_INTERVAL_MS),
  );
  const chosen = suspected ?? underway ?? certain;
  if (chosen === undefined) return undefined;
  return { kind: 'try', candidate: chosen.candidate, mode: 'desperate', hurried: false, reason };
}
