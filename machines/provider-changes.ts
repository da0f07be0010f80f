import { policyFor } from '../src/domain/failures/counting-policy.ts';
import { type HealthChange, healthChanges } from '../src/domain/health/health-changes.ts';
import { ruleOf } from '../src/domain/health/health-verdict.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../src/domain/health/provider-health.ts';
import type {
  AttemptEvent,
  AttemptSettled,
  ProviderContext,
  ProviderEvent,
  ProviderHealthChanged,
} from './provider-events.ts';

/** Every visible change that an attempt's event makes, with its cause. */
export function attemptChanges(
  context: ProviderContext,
  event: AttemptEvent,
  health: ProviderHealth,
): readonly ProviderHealthChanged[] {
  const { unhealthyThreshold } = policyFor(event.target.endpoint, context.policy);
  return healthChanges(context.health, health, event.at).map((change) => ({
    type: 'health.changed',
    provider: context.id,
    ...change,
    rule: ruleText(event, change, unhealthyThreshold),
    attemptId: event.attemptId,
    ...('requestId' in event ? { requestId: event.requestId } : {}),
    ...('outcome' in event && event.outcome.kind !== 'success' ? { failure: event.outcome } : {}),
  }));
}

/** The changes when everything known of a provider is forgotten at `at`. */
export function forgottenChanges(
  context: ProviderContext,
  event: ProviderEvent,
  at: number,
): readonly ProviderHealthChanged[] {
  return healthChanges(context.health, HEALTHY_PROVIDER, at).map((change) => ({
    type: 'health.changed',
    provider: context.id,
    ...change,
    rule: ruleText(event, change, context.policy.unhealthyThreshold),
  }));
}

/** The changes when an operator has it cool. */
export function cooledChanges(
  context: ProviderContext,
  after: ProviderHealth,
  at: number,
): readonly ProviderHealthChanged[] {
  return healthChanges(context.health, after, at).map((change) => ({
    type: 'health.changed',
    provider: context.id,
    ...change,
    rule: 'cooled by hand',
  }));
}

/** Its counted failures are forgotten: none came for long enough. */
export function quietHealed({ id }: ProviderContext): ProviderHealthChanged {
  return {
    type: 'health.changed',
    provider: id,
    scope: 'provider',
    from: 'degraded',
    to: 'healthy',
    failures: 0,
    rule: 'quiet since its last failure',
  };
}

/** Its cooldown is over. */
export function trialDue({ id, health }: ProviderContext): ProviderHealthChanged {
  return {
    type: 'health.changed',
    provider: id,
    scope: 'provider',
    from: 'cooling',
    to: 'trial',
    failures: health.provider.failures,
    rule: 'its cooldown is over',
  };
}

function settledRule({ outcome, mode }: AttemptSettled, change: HealthChange, threshold: number): string {
  if (outcome.kind === 'success') return mode === 'normal' ? 'a success' : 'its trial succeeded';
  const { kind } = outcome;
  const { counts } = ruleOf(outcome);
  if (mode !== 'normal' && counts === 'never') return `its trial ended without fault: ${kind}`;
  if (mode === 'trial')
    return outcome.cutShort === true ? `its trial was cut short: ${kind}` : `its trial failed: ${kind}`;
  if (mode === 'desperate') return `tried while it cools: ${kind}`;
  if (outcome.window !== undefined) return `${kind}: stated window`;
  return counts === 'at_once' ? `${kind}: at once` : `${kind}: counted ${change.failures}/${threshold}`;
}

/** Why a change happened, in words. */
function ruleText(event: ProviderEvent, change: HealthChange, threshold: number): string {
  switch (event.type) {
    case 'attempt.settled':
      return settledRule(event, change, threshold);
    case 'attempt.committed':
      return 'first content of its trial';
    case 'operator.reset':
      return 'reset by hand';
    case 'settings.changed':
      return 'address or credential changed';
    default:
      return event.type;
  }
}
