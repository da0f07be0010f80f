import { FAILURE_TABLE } from '../failures/failure-table.ts';
import type { Failure } from '../failures/outcome.ts';
import { type Candidate, candidateKey } from '../routing/candidate.ts';
import type { AttemptTrace } from './trace.ts';

/** What a request has behind it. */
export interface Progress {
  /** 1, 2, … */
  readonly round: number;
  readonly attempts: readonly AttemptTrace[];
  /** Time spent waiting so far, ms. */
  readonly waitedMs: number;
}

/** How an attempt failed; undefined: it did not, or has not ended. */
export function failureOf(attempt: AttemptTrace | undefined): Failure | undefined {
  const outcome = attempt?.outcome;
  return outcome === undefined || outcome.kind === 'success' ? undefined : outcome;
}

/** Whether the same candidate may mend it after a pause. */
export function failedInPassing(failure: Failure): boolean {
  return FAILURE_TABLE[failure.kind].passing && failure.noRetry !== true;
}

/** Each candidate once a round; from the second on only those that failed in passing, were limited for a time, or never tried. */
export function mayTryInRound(candidate: Candidate, progress: Progress): boolean {
  if (progress.attempts.length === 0) return true;
  const key = candidateKey(candidate);
  const tries = progress.attempts.filter((attempt) => candidateKey(attempt.candidate) === key);
  const last = tries.at(-1);
  if (last === undefined) return true;
  if (last.round === progress.round) return false;
  const failure = failureOf(last);
  return failure !== undefined && (failedInPassing(failure) || failure.kind === 'rate_limited');
}

/** Attempts after the first round; a repetition without what was refused as unknown is part of the one before. */
export function laterAttempts(progress: Progress): number {
  return progress.attempts.filter((attempt) => attempt.round > 1 && attempt.without === undefined).length;
}
