import type { RequestInput, RequestPorts } from '../../machines/request-events.ts';
import { decisionPolicy } from '../domain/decision/decision.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import { COUNT_BUDGET_MS } from './request-facts.ts';
import type { Runtime } from './runtime.ts';

/** What is known of a request when its chart starts. */
export interface RequestPlan extends Pick<RequestInput, 'order' | 'reason' | 'deadlineAt'> {
  readonly stream: boolean;
}

/** What a request's chart is given. */
export function requestInput(
  { id, endpoint }: RequestFacts,
  { configuration, providers, hosts }: Runtime,
  { stream, order, reason, deadlineAt }: RequestPlan,
  ports: Omit<RequestPorts, 'host'>,
): RequestInput {
  return {
    id,
    endpoint,
    order,
    reason,
    deadlineAt: endpoint === 'count_tokens' ? deadlineAt + beyondBudgetMs(order, providers) : deadlineAt,
    policy: decisionPolicy(configuration.settings.resilience, { endpoint, stream }),
    ports: { host: (provider) => hosts.get(provider) ?? '', ...ports },
  };
}

/** How much longer than its usual budget a count may take, ms: one provider has all the time that the user gives it. */
function beyondBudgetMs(order: RequestPlan['order'], providers: Runtime['providers']): number {
  const times = order.map(({ provider }) => providers.get(provider)?.timeouts.countMs ?? 0);
  return Math.max(0, Math.max(...times) - COUNT_BUDGET_MS);
}
