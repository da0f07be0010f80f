import type { FailureRule } from './failure-table.ts';
import type { Cooling, HealthPolicy, HealthRecord, Verdict } from './health.ts';
import type { Failure } from './outcome.ts';

/** How long a record cools: the cooldown column of `docs/failures.md`. */

/** The record with a new cooldown, as long as the failure's row says. */
export function cool(
  record: HealthRecord,
  failure: Failure,
  rule: FailureRule,
  verdict: Verdict,
  policy: HealthPolicy,
): HealthRecord {
  const durationMs = cooldownMs(record.trips, failure, rule, verdict, policy);
  const cooling: Cooling = {
    since: verdict.at,
    until: verdict.at + durationMs,
    basis: rule.basis === 'none' ? 'suspicion' : rule.basis,
    cause: failure.kind,
  };
  const stated = failure.window === undefined ? {} : { statedUntil: failure.window.until };
  // A trial that is still under way has lost its say: what failed now started after it.
  const { trial: _trial, ...rest } = record;
  return { ...rest, trips: record.trips + 1, cooling: { ...cooling, ...stated } };
}

/** How long this failure cools, ms: doubled with each failed trial up to its row's limit, ±10 % so that those that fell together do not return together. */
function cooldownMs(
  trips: number,
  failure: Failure,
  rule: FailureRule,
  verdict: Verdict,
  policy: HealthPolicy,
): number {
  const { failureCooldownMs: base, maxCooldownMs: max } = policy;
  const { cooldown } = rule;
  if (cooldown.kind === 'window' && failure.window !== undefined)
    return Math.min(Math.max(0, failure.window.until - verdict.at), max);
  const startMs = cooldown.kind === 'fixed' ? cooldown.ms : base;
  const limitMs = cooldown.kind === 'fixed' && cooldown.growsTo === 'base' ? Math.max(base, startMs) : max;
  const grownMs = Math.min(startMs * 2 ** Math.min(trips, 30), Math.max(limitMs, startMs));
  return jittered(grownMs, verdict.chance);
}

function jittered(ms: number, chance: number): number {
  return Math.round(ms * (0.9 + 0.2 * chance));
}

/** A longer stated window is a fact, no second punishment: it extends what cools already. */
export function withLongerWindow(
  record: HealthRecord,
  failure: Failure,
  verdict: Verdict,
  policy: HealthPolicy,
): HealthRecord {
  if (failure.window === undefined || record.cooling === undefined) return record;
  const until = Math.min(failure.window.until, verdict.at + policy.maxCooldownMs);
  if (until <= record.cooling.until) return record;
  return {
    ...record,
    cooling: {
      ...record.cooling,
      until,
      basis: 'window',
      cause: failure.kind,
      statedUntil: failure.window.until,
    },
  };
}

/**
 * The record after a trial that our own curiosity's limit cut short: the cooldown is repeated as long as it was, not
 * grown. A stated window is not repeated (the provider named it once), a plain cooldown takes its place.
 */
export function afterCutShort(
  record: HealthRecord,
  verdict: Verdict,
  failure: Failure,
  policy: HealthPolicy,
): HealthRecord {
  const { trial, cooling, ...rest } = record;
  if (trial?.attemptId !== verdict.attemptId) return record;
  if (cooling === undefined) return rest;
  const { since, until, basis, cause } = cooling;
  const inWindow = basis === 'window';
  const durationMs = inWindow ? jittered(policy.failureCooldownMs, verdict.chance) : until - since;
  const repeated: Cooling = {
    since: verdict.at,
    until: verdict.at + durationMs,
    basis: inWindow ? 'suspicion' : basis,
    cause: inWindow ? failure.kind : cause,
  };
  return {
    ...rest,
    trialsSinceCut: 0,
    cooling: repeated,
    lastCounted: { at: verdict.at, sequence: verdict.latestSequence, requestId: verdict.requestId },
    lastError: { at: verdict.at, failure, requestId: verdict.requestId },
  };
}
