import type { Failure, FailureKind, Outcome, StatedWindow } from '../../src/domain/failures/outcome.ts';
import type { HealthPolicy, Verdict } from '../../src/domain/health/health.ts';
import {
  type AttemptTarget,
  attemptSettled,
  type ProviderHealth,
} from '../../src/domain/health/provider-health.ts';

/** Values of health for tests: policy, failures and verdicts with what the test doesn't care about filled in. */

export const POLICY: HealthPolicy = {
  failureCooldownMs: 60_000,
  maxCooldownMs: 1_800_000,
  unhealthyThreshold: 2,
  unhealthyResetOnSuccess: true,
  unhealthyResetTimeoutMs: 300_000,
};

export const MESSAGES: AttemptTarget = { model: 'opus', endpoint: 'messages' };

/** The chance that makes a cooldown exactly as long as its row says. */
export const NO_JITTER = 0.5;

export const SUCCESS: Outcome = { kind: 'success' };

export function failure(kind: FailureKind, facts: Partial<Failure> = {}): Failure {
  return { kind, phase: 'headers', detail: `a ${kind} failure`, ...facts };
}

export function window(until: number, scope: StatedWindow['scope'] = 'pair'): StatedWindow {
  return { until, scope, source: 'retry-after' };
}

/** A verdict of an attempt that was the newest when it ended. */
export function verdict(
  sequence: number,
  at: number,
  outcome: Outcome,
  facts: Partial<Verdict> = {},
): Verdict {
  return {
    attemptId: `r${sequence}#1`,
    requestId: `r${sequence}`,
    mode: 'normal',
    sequence,
    latestSequence: sequence,
    at,
    outcome,
    chance: NO_JITTER,
    ...facts,
  };
}

export function settle(
  health: ProviderHealth,
  told: Verdict,
  target: AttemptTarget = MESSAGES,
  policy: HealthPolicy = POLICY,
): ProviderHealth {
  return attemptSettled(health, target, told, policy);
}
