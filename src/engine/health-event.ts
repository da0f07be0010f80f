import type { ProviderHealthChanged } from '../../machines/provider-events.ts';
import type { BalancerEvent } from '../telemetry/events.ts';

/** A provider's change of health as the balancer tells it. */
export function healthEvent(change: ProviderHealthChanged): BalancerEvent {
  const { provider, scope, from, to, rule, failure, requestId, attemptId, coolingUntil } = change;
  const attempt = Number(attemptId?.slice(attemptId.lastIndexOf('#') + 1));
  return {
    type: 'health.changed',
    provider,
    scope,
    from,
    to,
    rule,
    ...(failure === undefined ? {} : { cause: failure }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(Number.isInteger(attempt) ? { attempt } : {}),
    ...(coolingUntil === undefined ? {} : { coolingUntil }),
  };
}
