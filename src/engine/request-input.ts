import type { RequestInput, RequestPorts } from '../../machines/request-events.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import { hostOf } from './configuration-facts.ts';
import { COUNT_BUDGET_MS } from './request-facts.ts';
import type { Runtime } from './runtime.ts';

/** What is known of a request when its chart starts. */
export interface RequestPlan extends Pick<RequestInput, 'order' | 'reason' | 'deadlineAt'> {
  readonly stream: boolean;
}

/** What a request's chart is given. Beside a message everything is a side request: it neither waits nor goes round again. */
export function requestInput(
  { id, endpoint }: RequestFacts,
  { configuration, providers }: Runtime,
  { stream, order, reason, deadlineAt }: RequestPlan,
  ports: Omit<RequestPorts, 'host'>,
): RequestInput {
  const { resilience } = configuration.settings;
  const isSide = endpoint !== 'messages';
  return {
    id,
    endpoint,
    order,
    reason,
    deadlineAt: endpoint === 'count_tokens' ? deadlineAt + beyondBudgetMs(order, providers) : deadlineAt,
    policy: {
      stream,
      holdMs: isSide ? 0 : resilience.holdWhileCoolingMs,
      maxAttempts: isSide ? 0 : resilience.maxAttempts,
      failoverBelowThreshold: isSide || resilience.failoverBelowThreshold,
      patient: !isSide,
    },
    ports: { host: (provider) => hostOf(providers.get(provider)), ...ports },
  };
}

/** How much longer than its usual budget a count may take, ms: one provider has all the time that the user gives it. */
function beyondBudgetMs(order: RequestPlan['order'], providers: Runtime['providers']): number {
  const times = order.map(({ provider }) => providers.get(provider)?.timeouts.countMs ?? 0);
  return Math.max(0, Math.max(...times) - COUNT_BUDGET_MS);
}
