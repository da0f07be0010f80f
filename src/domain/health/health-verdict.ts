import { FAILURE_TABLE, type FailureRule } from '../failures/failure-table.ts';
import type { Failure } from '../failures/outcome.ts';
import { cool, withLongerWindow, withStatedTime } from './cooldown.ts';
import { type HealthPolicy, type HealthRecord, healed, type Verdict } from './health.ts';

/** What an attempt's end does to one record: counting, healing, blame. The rules are those of `docs/failures.md`. */

/** A request that fails twice at one provider does so soon: behind so many others it is no longer known, however high the threshold. */
const MAX_COUNTED = 64;

/**
 * The row that a failure is judged by. A side endpoint's failure speaks against that endpoint alone, and cools it as the
 * same failure would on messages; where the endpoint itself is missing, the row of `endpoint_missing` holds.
 */
export function ruleOf(failure: Failure): FailureRule {
  const own = FAILURE_TABLE[failure.kind];
  if (failure.kind !== 'endpoint_missing' || failure.as === undefined) return own;
  return { ...FAILURE_TABLE[failure.as], blame: 'endpoint' };
}

/** Forgets counted failures after a quiet time. Never shortens a cooldown. */
export function afterQuiet(record: HealthRecord, policy: HealthPolicy, now: number): HealthRecord {
  const quietMs = policy.unhealthyResetTimeoutMs;
  if (
    quietMs <= 0 ||
    record.failures === 0 ||
    record.cooling !== undefined ||
    record.lastCounted === undefined
  )
    return record;
  if (now - record.lastCounted.at < quietMs) return record;
  return healed(record);
}

/** The record after a success. It resets or heals only if its attempt started after the last counted failure. */
export function afterSuccess(record: HealthRecord, verdict: Verdict, policy: HealthPolicy): HealthRecord {
  const isTrial = record.trial?.attemptId === verdict.attemptId;
  const { trial: _trial, ...rest } = record;
  const settled = isTrial ? rest : record;
  if (!isTrial && !isNewCause(record, verdict)) return settled;
  if (settled.cooling === undefined && !policy.unhealthyResetOnSuccess) return settled;
  if (settled.cooling === undefined && settled.failures === 0 && settled.trips === 0) return settled;
  return healed(settled);
}

/** The record after a failure that speaks against it, by the failure's row (`rule`). */
export function afterFailure(
  record: HealthRecord,
  verdict: Verdict,
  failure: Failure,
  rule: FailureRule,
  policy: HealthPolicy,
): HealthRecord {
  const isTrial = record.trial?.attemptId === verdict.attemptId;
  const { trial: _trial, ...rest } = record;
  const settled: HealthRecord = {
    ...(isTrial ? rest : record),
    lastError: { at: verdict.at, failure, requestId: verdict.requestId },
  };
  // "Such tries never lengthen a cooldown": nor may one that went along with a trial.
  if (verdict.mode === 'desperate') return withStatedTime(settled, failure, rule, verdict, policy);
  if (!isTrial && !isNewCause(record, verdict)) return afterOldCause(settled, verdict, failure, rule, policy);
  const counted: HealthRecord = {
    ...settled,
    lastCounted: { at: verdict.at, sequence: verdict.latestSequence, requestId: verdict.requestId },
  };
  if (isTrial) return cool(counted, failure, rule, verdict, policy);
  if (rule.counts === 'at_once') return cool(counted, failure, rule, verdict, policy);
  const countedRequests = record.countedRequests ?? [];
  if (countedRequests.includes(verdict.requestId)) return settled;
  const failures = counted.failures + 1;
  const next = {
    ...counted,
    failures,
    countedRequests: [...countedRequests, verdict.requestId].slice(
      -Math.min(MAX_COUNTED, policy.unhealthyThreshold),
    ),
  };
  return failures >= policy.unhealthyThreshold ? cool(next, failure, rule, verdict, policy) : next;
}

/** An end without fault of the provider: a trial hands its turn to the next, nothing else changes. */
export function afterNoFault(record: HealthRecord, attemptId: string): HealthRecord {
  if (record.trial?.attemptId !== attemptId) return record;
  const { trial: _trial, ...rest } = record;
  return rest;
}

/** Ten requests that die together are one incident: only an attempt started after the last counted failure is a new cause. */
function isNewCause(record: HealthRecord, verdict: Verdict): boolean {
  return record.lastCounted === undefined || verdict.sequence > record.lastCounted.sequence;
}

/**
 * A failure of an attempt that started before the last counted one. It counts for nothing, but what it knows for sure
 * is heard: that the provider named a time, or that it can't serve at all where the incident had only been counted.
 */
function afterOldCause(
  record: HealthRecord,
  verdict: Verdict,
  failure: Failure,
  rule: FailureRule,
  policy: HealthPolicy,
): HealthRecord {
  if (record.cooling !== undefined) return withLongerWindow(record, failure, verdict, policy);
  const isSure = rule.counts === 'at_once' && (failure.window !== undefined || record.failures > 0);
  return isSure ? cool(record, failure, rule, verdict, policy) : record;
}
