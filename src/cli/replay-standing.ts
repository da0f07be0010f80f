import type { ConsideredCandidate } from '../domain/decision/trace.ts';
import type { Availability } from '../domain/health/availability.ts';
import { HEALTHY, type HealthPolicy, type HealthRecord } from '../domain/health/health.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../domain/health/provider-health.ts';

/** Health that stands as a decision has seen it. What a trace does not tell (older failures below the threshold) is none. */
export function healthAsSeen(
  provider: string,
  considered: readonly ConsideredCandidate[],
  at: number,
  policy: HealthPolicy,
): ProviderHealth {
  // A pair each: whether it was the provider's own or the model's record makes no difference to the decision.
  const pairs = considered
    .filter(({ candidate }) => candidate.provider === provider)
    .map(({ candidate, availability }) => [candidate.model, recordAs(availability, at, policy)] as const)
    .filter(([, record]) => record !== HEALTHY);
  return { ...HEALTHY_PROVIDER, pairs: new Map(pairs) };
}

/** Whether a decision has seen it switched off. */
export function seenDisabled(provider: string, considered: readonly ConsideredCandidate[]): boolean {
  return considered.some(
    ({ candidate, availability }) => candidate.provider === provider && availability.kind === 'disabled',
  );
}

function recordAs(availability: Availability, at: number, policy: HealthPolicy): HealthRecord {
  const failures = policy.unhealthyThreshold;
  const over = { since: at - 1, until: at, basis: 'suspicion', cause: 'server_error' } as const;
  switch (availability.kind) {
    case 'ready':
    case 'full':
    case 'disabled':
      return HEALTHY;
    case 'cooling': {
      const { until, basis, lastTryAt } = availability;
      const cause = availability.cause === 'success' ? 'server_error' : availability.cause;
      const cooling = {
        since: at,
        until,
        basis,
        cause,
        ...(basis === 'window' ? { statedUntil: until } : {}),
      };
      return { failures, trips: 1, cooling, ...(lastTryAt === undefined ? {} : { lastTryAt }) };
    }
    case 'trial_due':
      return {
        failures,
        trips: 1,
        cooling: over,
        ...(availability.unhurried === true ? { trialsSinceCut: 0 } : {}),
      };
    case 'trial_running': {
      const desperate = availability.desperate === true;
      const cooling = desperate ? { ...over, until: at + policy.failureCooldownMs } : over;
      return { failures, trips: 1, cooling, trial: { attemptId: 'another', desperate, committed: false } };
    }
  }
}
