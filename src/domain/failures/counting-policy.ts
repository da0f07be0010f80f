import type { HealthPolicy } from '../health/health.ts';
import { ruleOf } from '../health/health-verdict.ts';
import type { Settings } from '../settings/settings.ts';
import type { FailureRule } from './failure-table.ts';
import type { Endpoint, Failure } from './outcome.ts';

/**
 * How the user's `token_counting` changes the judgement of failures to count tokens. Without it they are judged as
 * `docs/failures.md` says.
 */

/** The rules of health that a configuration asks for. */
export function healthPolicy({
  resilience,
  tokenCounting,
}: Pick<Settings, 'resilience' | 'tokenCounting'>): HealthPolicy {
  return { ...resilience, counting: tokenCounting };
}

/** The rules that failures of this endpoint are judged by. */
export function policyFor(endpoint: Endpoint, policy: HealthPolicy): HealthPolicy {
  const { counting } = policy;
  if (endpoint !== 'count_tokens' || counting === undefined) return policy;
  const { failureThreshold, failureCooldownMs } = counting;
  if (failureThreshold === undefined && failureCooldownMs === undefined) return policy;
  return {
    ...policy,
    unhealthyThreshold: failureThreshold ?? policy.unhealthyThreshold,
    failureCooldownMs: failureCooldownMs ?? policy.failureCooldownMs,
  };
}

/**
 * The row that a failure of this endpoint is judged by. Where the user says how long counting rests, that takes the place
 * of the row's own length, and does not grow. A stated time stays what it is, and so does the hour of an endpoint that is
 * not there: both are told by the provider, and no guess of ours.
 */
export function ruleFor(failure: Failure, endpoint: Endpoint, policy: HealthPolicy): FailureRule {
  const rule = ruleOf(failure);
  const ms = policy.counting?.failureCooldownMs;
  if (endpoint !== 'count_tokens' || ms === undefined || failure.as === undefined) return rule;
  const { kind } = rule.cooldown;
  if (kind === 'none' || kind === 'window') return rule;
  // `policyFor` makes it the base as well, which it therefore cannot grow beyond.
  return { ...rule, cooldown: { kind: 'fixed', ms, growsTo: 'base' } };
}
