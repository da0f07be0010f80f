import type { Availability } from './availability.ts';
import { FAILURE_TABLE, type FailureRule } from './failure-table.ts';
import type { Failure, FailureKind, Outcome } from './outcome.ts';
import type { ResilienceSettings } from './settings.ts';
import type { AttemptMode } from './trace.ts';

/**
 * The health of one provider, one (provider, model) pair or one endpoint: a plain value, changed only by the functions here.
 * The rules are those of `docs/failures.md`.
 */
export interface HealthRecord {
  /** Counted failures in a row. */
  readonly failures: number;
  /** Cooldowns in a row without a success between: the exponent of their growth. */
  readonly trips: number;
  readonly lastCounted?: LastCounted;
  /** Stays after its time is over, until a trial has decided. */
  readonly cooling?: Cooling;
  readonly trial?: Trial;
  /** How many trials there were since one was cut short; undefined: none ever was. */
  readonly trialsSinceCut?: number;
  /** When a request last tried it in spite of its cooldown, wall clock ms. */
  readonly lastTryAt?: number;
  readonly lastError?: LastError;
}

/** The newest failure that counted. `sequence`: the newest attempt started by then; younger ones are a new cause. */
interface LastCounted {
  readonly at: number;
  readonly sequence: number;
  readonly requestId: string;
}

export interface Cooling {
  readonly since: number;
  /** Wall clock ms. */
  readonly until: number;
  readonly basis: 'suspicion' | 'certain' | 'window';
  readonly cause: FailureKind;
  /** The provider's own stated time, uncapped, wall clock ms. */
  readonly statedUntil?: number;
}

interface Trial {
  readonly attemptId: string;
  readonly desperate: boolean;
  /** Its first content came: others may follow before it has ended. */
  readonly committed: boolean;
}

export interface LastError {
  readonly at: number;
  readonly failure: Failure;
  readonly requestId: string;
}

export const HEALTHY: HealthRecord = { failures: 0, trips: 0 };

/** One attempt's end, told once. */
export interface Verdict {
  readonly attemptId: string;
  readonly requestId: string;
  readonly mode: AttemptMode;
  /** Rises with every attempt started; tells which came first without a clock. */
  readonly sequence: number;
  /** The newest sequence number started by the time of this verdict. */
  readonly latestSequence: number;
  /** Wall clock ms. */
  readonly at: number;
  readonly outcome: Outcome;
  /** In [0, 1): the jitter of a cooldown that this verdict may start. */
  readonly chance: number;
}

export type HealthPolicy = Pick<
  ResilienceSettings,
  | 'failureCooldownMs'
  | 'maxCooldownMs'
  | 'unhealthyThreshold'
  | 'unhealthyResetOnSuccess'
  | 'unhealthyResetTimeoutMs'
>;

/** At most every third trial is cut short: slow is not dead. */
const TRIALS_BETWEEN_CUTS = 3;

/** What the record allows at `now`. A cooldown ends by the wall clock, whatever the timers do. */
export function availability(record: HealthRecord, now: number): Availability {
  const { cooling, trial } = record;
  if (trial !== undefined && !trial.committed) return { kind: 'trial_running' };
  if (cooling === undefined || trial?.committed === true) return { kind: 'ready' };
  if (cooling.until <= now) {
    const since = record.trialsSinceCut;
    return since !== undefined && since < TRIALS_BETWEEN_CUTS
      ? { kind: 'trial_due', unhurried: true }
      : { kind: 'trial_due' };
  }
  const { until, basis, cause } = cooling;
  return record.lastTryAt === undefined
    ? { kind: 'cooling', until, basis, cause }
    : { kind: 'cooling', until, basis, cause, lastTryAt: record.lastTryAt };
}

/** Takes the single place of a trial (or of the one try while everyone cools) for an attempt. */
export function claimTrial(
  record: HealthRecord,
  attemptId: string,
  mode: AttemptMode,
  at: number,
): HealthRecord {
  const { kind } = availability(record, at);
  if (mode === 'trial' && kind === 'trial_due') {
    const trialsSinceCut =
      record.trialsSinceCut === undefined ? {} : { trialsSinceCut: record.trialsSinceCut + 1 };
    return { ...record, ...trialsSinceCut, trial: { attemptId, desperate: false, committed: false } };
  }
  if (mode === 'desperate' && kind === 'cooling')
    return { ...record, lastTryAt: at, trial: { attemptId, desperate: true, committed: false } };
  return record;
}

/** A trial's first content came: the provider answers, others may come. */
export function commitTrial(record: HealthRecord, attemptId: string): HealthRecord {
  if (record.trial?.attemptId !== attemptId || record.trial.committed) return record;
  return { ...record, trial: { ...record.trial, committed: true } };
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
  return { ...record, failures: 0, trips: 0 };
}

/** The record after a success. It resets or heals only if its attempt started after the last counted failure. */
export function afterSuccess(record: HealthRecord, verdict: Verdict, policy: HealthPolicy): HealthRecord {
  const isTrial = record.trial?.attemptId === verdict.attemptId;
  const { trial: _trial, ...rest } = record;
  const settled = isTrial ? rest : record;
  if (!isTrial && !isNewCause(record, verdict)) return settled;
  if (settled.cooling === undefined && !policy.unhealthyResetOnSuccess) return settled;
  if (settled.cooling === undefined && settled.failures === 0 && settled.trips === 0) return settled;
  const healed: HealthRecord = { failures: 0, trips: 0 };
  return settled.lastError === undefined ? healed : { ...healed, lastError: settled.lastError };
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
  if (verdict.mode === 'desperate') return settled;
  if (!isTrial && !isNewCause(record, verdict)) return withLongerWindow(settled, failure, verdict, policy);
  const counted: HealthRecord = {
    ...settled,
    lastCounted: { at: verdict.at, sequence: verdict.latestSequence, requestId: verdict.requestId },
  };
  if (isTrial) return cool({ ...counted, ...afterCut(settled, failure) }, failure, rule, verdict, policy);
  if (rule.counts === 'at_once') return cool(counted, failure, rule, verdict, policy);
  if (record.lastCounted?.requestId === verdict.requestId) return settled;
  const failures = counted.failures + 1;
  const next = { ...counted, failures };
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

/** A longer stated window is a fact, no second punishment: it extends what cools already. */
function withLongerWindow(
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

function afterCut(record: HealthRecord, failure: Failure): Partial<HealthRecord> {
  if (failure.cutShort !== true) return {};
  return { trialsSinceCut: 0, trips: Math.max(0, record.trips - 1) };
}

function cool(
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
  return { ...record, trips: record.trips + 1, cooling: { ...cooling, ...stated } };
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
  return Math.round(grownMs * (0.9 + 0.2 * verdict.chance));
}

/** The row that a failure is judged by: a side endpoint's failure cools only that endpoint, for as long as its own row says. */
export function ruleOf(failure: Failure): FailureRule {
  return FAILURE_TABLE[failure.kind];
}
