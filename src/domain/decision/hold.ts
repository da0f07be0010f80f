import type { Failure } from '../failures/outcome.ts';
import type { Availability } from '../health/availability.ts';
import { lacksOnlyRoom } from '../health/load.ts';
import { type Candidate, candidateKey } from '../routing/candidate.ts';
import type { Decision, DecisionPolicy, Standing } from './decision.ts';
import { failedInPassing, failureOf, laterAttempts, type Progress } from './progress.ts';

/** At most one try every so often of a provider that cools for sure (quota, credentials, missing model). */
const CERTAIN_TRY_INTERVAL_MS = 10_000;
const FIRST_BACKOFF_MS = 1_000;

/** "Never worse than no balancer", where nobody is ready and nobody refused: wait, go round once more, or try all the same. */
export function holdOrGoRound(
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
    const room = roomAwaited(untried);
    const returnMs = earliestReturn(untried, now);
    const someoneTries = untried.some(({ availability: { kind } }) => kind === 'trial_running');
    if (returnMs !== undefined && returnMs <= holdLeftMs && holdLeftMs > 0)
      return waitFor(returnMs, roundMs, 'a cooldown ends within the hold', room);
    if (someoneTries && holdLeftMs > 0)
      return waitFor(holdLeftMs, roundMs, "another request's trial is running", room);
    // Those that are full answer: they are worth a wait before one that cools is tried.
    if (untried.some(isFull) && holdLeftMs > 0)
      return waitFor(holdLeftMs, roundMs, fullReason(untried), room);
    const desperate = desperateTry(untried, now);
    if (desperate !== undefined) return desperate;
    if (room.length > 0 && holdLeftMs > 0)
      return waitFor(holdLeftMs, roundMs, 'everyone cools, and has no room for a try', room);
  }
  if (roundMs !== undefined)
    return { kind: 'wait', forMs: roundMs, newRound: true, reason: 'once more round' };
  const reason = untried.some(isFull) ? fullReason(untried) : 'every candidate failed or cools';
  return { kind: 'exhausted', reason };
}

/** A refusal is in hand, but others have not been asked for want of room alone: they may take the request yet. */
export function waitForRoom(
  untried: readonly Standing[],
  progress: Progress,
  policy: DecisionPolicy,
): Decision | undefined {
  const holdLeftMs = policy.holdMs - progress.waitedMs;
  if (!policy.patient || holdLeftMs <= 0) return undefined;
  const full = untried.filter(isFull);
  return full.length === 0
    ? undefined
    : waitFor(holdLeftMs, undefined, 'refused once, the others are full', roomAwaited(full));
}

function isFull({ availability }: Standing): boolean {
  return availability.kind === 'full';
}

/** Providers, each once, of which a slot would be of use. */
function roomAwaited(untried: readonly Standing[]): readonly string[] {
  const lacking = untried.filter(({ availability }) => lacksOnlyRoom(availability));
  return [...new Set(lacking.map(({ candidate }) => candidate.provider))];
}

function fullReason(untried: readonly Standing[]): string {
  return untried.every(isFull) ? 'every candidate is full' : 'every candidate is full or cools';
}

function waitFor(
  forMs: number,
  roundMs: number | undefined,
  reason: string,
  room: readonly string[],
): Decision {
  const awaited = room.length === 0 ? {} : { room };
  return roundMs !== undefined && roundMs < forMs
    ? { kind: 'wait', forMs: roundMs, newRound: true, reason: 'once more round', ...awaited }
    : { kind: 'wait', forMs, newRound: false, reason, ...awaited };
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
function desperateTry(standings: readonly Standing[], now: number): Decision | undefined {
  const reason = 'everyone cools: tried all the same';
  const untried = standings.filter(({ availability }) => !lacksOnlyRoom(availability));
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
