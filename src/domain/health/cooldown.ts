import type { FailureRule } from '../failures/failure-table.ts';
import type { Failure } from '../failures/outcome.ts';
import type { Cooling, HealthPolicy, HealthRecord, Verdict } from './health.ts';

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

/** How long this failure cools, ms: doubled with each failed trial up to its row's limit, and spread. */
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
  const growsTo = cooldown.kind === 'fixed' && cooldown.growsTo === 'base' ? base : max;
  const limitMs = Math.max(growsTo, startMs);
  const grownMs = Math.min(startMs * 2 ** Math.min(trips, 30), limitMs);
  // Nothing cools longer than the longest cooldown, except a row that begins above it.
  return spread(grownMs, verdict.chance, Math.max(max, startMs));
}

/** ±10 %, so that those that fell together do not return together; what would be above the limit falls as far below it. */
function spread(ms: number, chance: number, limitMs: number): number {
  const spreadMs = Math.round(ms * (0.9 + 0.2 * chance));
  return spreadMs > limitMs ? 2 * limitMs - spreadMs : spreadMs;
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
 * What a try in spite of a cooldown has heard: within a time that the provider stated there is no further one. The
 * cooldown itself is not lengthened; a record that did not cool begins to.
 */
export function withStatedTime(
  record: HealthRecord,
  failure: Failure,
  rule: FailureRule,
  verdict: Verdict,
  policy: HealthPolicy,
): HealthRecord {
  if (failure.window === undefined || rule.cooldown.kind !== 'window') return record;
  if (record.cooling === undefined) return cool(record, failure, rule, verdict, policy);
  return { ...record, cooling: { ...record.cooling, statedUntil: failure.window.until } };
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
  const durationMs = inWindow
    ? spread(policy.failureCooldownMs, verdict.chance, policy.maxCooldownMs)
    : until - since;
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
