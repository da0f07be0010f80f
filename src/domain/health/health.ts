import type { AttemptMode } from '../decision/trace.ts';
import type { Failure, FailureKind, Outcome } from '../failures/outcome.ts';
import type { ResilienceSettings, TokenCountingSettings } from '../settings/settings.ts';
import type { Availability } from './availability.ts';

/**
 * The health of one provider, one (provider, model) pair or one endpoint: a plain value, changed only by the functions here.
 * The rules are those of `docs/failures.md`.
 */
export interface HealthRecord {
  /** Counted failures in a row. */
  readonly failures: number;
  /** The requests whose failures were counted in this row, the last of them and at most as many as the threshold: each counts once. */
  readonly countedRequests?: readonly string[];
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
  /** `by_hand`: an operator's word. */
  readonly cause: FailureKind | 'by_hand';
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

export interface HealthPolicy
  extends Pick<
    ResilienceSettings,
    | 'failureCooldownMs'
    | 'maxCooldownMs'
    | 'unhealthyThreshold'
    | 'unhealthyResetOnSuccess'
    | 'unhealthyResetTimeoutMs'
  > {
  /** What differs where tokens are counted. */
  readonly counting?: Pick<TokenCountingSettings, 'failureThreshold' | 'failureCooldownMs'>;
}

/** At most every third trial is cut short (slow is not dead): two with their full times follow each. */
const FULL_TRIALS_BETWEEN_CUTS = 2;

const READY: Availability = { kind: 'ready' };

/** What the record allows at `now`. A cooldown ends by the wall clock, whatever the timers do. */
export function availability(record: HealthRecord, now: number): Availability {
  const { cooling, trial } = record;
  if (trial !== undefined && !trial.committed)
    return trial.desperate ? { kind: 'trial_running', desperate: true } : { kind: 'trial_running' };
  if (cooling === undefined || trial?.committed === true) return READY;
  if (cooling.until <= now) {
    const since = record.trialsSinceCut;
    return since !== undefined && since < FULL_TRIALS_BETWEEN_CUTS
      ? { kind: 'trial_due', unhurried: true }
      : { kind: 'trial_due' };
  }
  const { until, cause, statedUntil = now } = cooling;
  const basis = statedUntil > now ? 'window' : cooling.basis;
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

/** The record after an operator's word: it cools as long as after a first trip, and comes back by a trial. */
export function cooledByHand(record: HealthRecord, at: number, policy: HealthPolicy): HealthRecord {
  const { trial: _trial, ...rest } = record;
  const until = at + policy.failureCooldownMs;
  return { ...rest, cooling: { since: at, until, basis: 'suspicion', cause: 'by_hand' } };
}

/**
 * The record without a grudge. It keeps its last error, to be shown, and its last counted failure: attempts that
 * started before it are still no new cause.
 */
export function healed(record: HealthRecord): HealthRecord {
  const { lastCounted, lastError } = record;
  return {
    ...HEALTHY,
    ...(lastCounted === undefined ? {} : { lastCounted }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
