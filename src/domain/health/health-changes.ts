import type { HealthRecord } from './health.ts';
import type { ProviderHealth } from './provider-health.ts';

/** The states of one record, as `/providers`, log and charts name them. */
export type HealthState = 'healthy' | 'degraded' | 'cooling' | 'trial';

/** The state a record is in at `now` (wall clock, ms). */
export function healthState(record: HealthRecord, now: number): HealthState {
  if (record.cooling === undefined) return record.failures > 0 ? 'degraded' : 'healthy';
  if (record.trial?.committed === true) return 'degraded';
  return record.cooling.until > now ? 'cooling' : 'trial';
}

/** One visible change of one record. */
export interface HealthChange {
  /** `provider`, `model <name>` or `endpoint <name>`. */
  readonly scope: string;
  readonly from: HealthState;
  readonly to: HealthState;
  /** Counted failures after the change. */
  readonly failures: number;
  /** Wall clock ms, while cooling. */
  readonly coolingUntil?: number;
}

/** What differs visibly between two states of health: another state, another count, or another end of a cooldown. */
export function healthChanges(before: ProviderHealth, after: ProviderHealth, now: number): HealthChange[] {
  if (before === after) return [];
  const changes: HealthChange[] = [];
  const compare = (scope: string, from: HealthRecord | undefined, to: HealthRecord | undefined): void => {
    if (from === to) return;
    const fromState = from === undefined ? 'healthy' : healthState(from, now);
    const toState = to === undefined ? 'healthy' : healthState(to, now);
    const failures = to?.failures ?? 0;
    const until = to?.cooling?.until;
    const same =
      fromState === toState && (from?.failures ?? 0) === failures && from?.cooling?.until === until;
    if (same) return;
    const cooling = toState === 'cooling' && until !== undefined ? { coolingUntil: until } : {};
    changes.push({ scope, from: fromState, to: toState, failures, ...cooling });
  };
  compare('provider', before.provider, after.provider);
  if (before.pairs !== after.pairs)
    for (const model of new Set([...before.pairs.keys(), ...after.pairs.keys()]))
      compare(`model ${model}`, before.pairs.get(model), after.pairs.get(model));
  if (before.endpoints !== after.endpoints)
    for (const endpoint of new Set([...before.endpoints.keys(), ...after.endpoints.keys()]))
      compare(`endpoint ${endpoint}`, before.endpoints.get(endpoint), after.endpoints.get(endpoint));
  return changes;
}
