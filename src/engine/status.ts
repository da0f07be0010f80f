import type { ProviderRef } from '../../machines/provider.ts';
import { healthPolicy, policyFor } from '../domain/failures/counting-policy.ts';
import { availability, type HealthRecord } from '../domain/health/health.ts';
import { healthState } from '../domain/health/health-changes.ts';
import { knownParts } from '../domain/learning/learned-parts.ts';
import { withoutUser } from '../domain/secrets/address.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { HealthStatus, ProviderState, ProviderStatus } from './interface.ts';
import type { Runtime } from './runtime.ts';
import type { SlotCounts } from './slots.ts';
import type { ProviderStatistics } from './statistics.ts';

/** One provider as `/providers` shows it. Never a secret. */
export function providerStatus(
  provider: ProviderSettings,
  ref: ProviderRef | undefined,
  statistics: ProviderStatistics | undefined,
  slots: SlotCounts,
  runtime: Runtime,
  now: number,
): ProviderStatus {
  const policy = healthPolicy(runtime.configuration.settings);
  const threshold = policy.unhealthyThreshold;
  const context = ref?.getSnapshot().context;
  const health = context?.health;
  const { unservable } = provider;
  const times = statistics?.timeToFirstContentMs();
  return {
    id: provider.id,
    name: provider.name,
    type: provider.type,
    baseUrl: withoutUser(provider.baseUrl),
    ...(provider.proxy === undefined ? {} : { proxy: withoutUser(provider.proxy) }),
    ...(provider.accountEmail === undefined ? {} : { accountEmail: provider.accountEmail }),
    weight: provider.weight,
    ...(unservable === undefined ? {} : { unservable }),
    enabled: provider.enabled && context?.disabledByHand !== true,
    disabledByHand: context?.disabledByHand ?? false,
    state: stateOf(provider, context, unservable, now),
    health: recordStatus(health?.provider, threshold, now),
    pairs: [...(health?.pairs ?? [])].map(([model, record]) => ({
      model,
      ...recordStatus(record, threshold, now),
    })),
    endpoints: [...(health?.endpoints ?? [])].map(([endpoint, record]) => ({
      endpoint,
      ...recordStatus(record, policyFor(endpoint, policy).unhealthyThreshold, now),
    })),
    learned: [...(context?.learned ?? [])].flatMap(([model, parts]) =>
      knownParts(new Map([[model, parts]]), model, now).map((part) => ({ model, ...part })),
    ),
    models: routesOf(provider, runtime),
    slots: {
      ...slots,
      ...(provider.maxConcurrent === undefined ? {} : { limit: provider.maxConcurrent }),
    },
    requests: statistics?.counts() ?? { inFlight: 0, attempts: 0, successes: 0, failures: 0 },
    ...(times === undefined ? {} : { timeToFirstContentMs: times }),
  };
}

function stateOf(
  provider: ProviderSettings,
  context: ReturnType<ProviderRef['getSnapshot']>['context'] | undefined,
  unservable: string | undefined,
  now: number,
): ProviderState {
  if (context === undefined || unservable !== undefined || !provider.enabled || context.disabledByHand)
    return 'disabled';
  return healthState(context.health.provider, now);
}

function recordStatus(record: HealthRecord | undefined, threshold: number, now: number): HealthStatus {
  if (record === undefined) return { failures: 0, threshold };
  const { cooling, lastError } = record;
  const { kind } = availability(record, now);
  const trial = kind === 'trial_due' ? 'due' : kind === 'trial_running' ? 'running' : undefined;
  return {
    failures: record.failures,
    threshold,
    ...(cooling !== undefined && cooling.until > now ? { coolingUntil: cooling.until } : {}),
    ...(trial === undefined ? {} : { trial }),
    ...(cooling?.statedUntil === undefined ? {} : { statedUntil: cooling.statedUntil }),
    ...(lastError === undefined
      ? {}
      : {
          lastError: {
            at: lastError.at,
            kind: lastError.failure.kind,
            detail: lastError.failure.detail,
            requestId: lastError.requestId,
          },
        }),
  };
}

function routesOf(provider: ProviderSettings, runtime: Runtime): ProviderStatus['models'] {
  return runtime.configuration.routes.flatMap((route) =>
    route.targets
      .filter((target) => target.provider === provider.id || target.provider === provider.name)
      .map(({ model, priority }) => ({ pattern: route.pattern, model, priority })),
  );
}
