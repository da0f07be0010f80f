import type { InferOutput } from 'valibot';
import { withoutUser } from '../domain/secrets/address.ts';
import { LOG_LEVEL_WORDS } from '../domain/settings/log-level.ts';
import type { Settings } from '../domain/settings/settings.ts';
import type { EngineStatus, HealthStatus, ProviderStatus } from '../engine/interface.ts';
import type { ProviderSchema, ProvidersSchema } from './schemas/providers.ts';

/** `GET /providers` as JSON, as its schema has it. */

type ProvidersView = InferOutput<typeof ProvidersSchema>;
type ProviderView = InferOutput<typeof ProviderSchema>;
type HealthView = Pick<ProviderView, 'failures' | 'cooldown' | 'trial' | 'stated_until' | 'last_error'>;

export interface ViewOptions {
  readonly settings: Settings;
  /** Wall clock, ms. */
  readonly now: number;
  /** Strikes configured secrets out of a text. */
  readonly redact: (text: string) => string;
}

export function providersView(status: EngineStatus, options: ViewOptions): ProvidersView {
  return {
    total_providers: status.providers.length,
    healthy_providers: status.providers.filter(isAvailable).length,
    selection_strategy: status.strategy,
    total_model_routes: status.routes.length,
    providers: status.providers.map((provider) => providerView(provider, options)),
    current_provider: status.lastProvider ?? null,
    phase: status.phase,
    in_flight: status.inFlight,
    buffered_bytes: status.bufferedBytes,
    routes: [...status.routes],
    settings: settingsView(options.settings),
  };
}

export function providerView(provider: ProviderStatus, options: ViewOptions): ProviderView {
  const { health } = provider;
  return {
    name: provider.name,
    type: provider.type,
    base_url: withoutUser(provider.baseUrl),
    enabled: provider.enabled,
    healthy: isAvailable(provider),
    failure_count: health.failures,
    last_failure_time: (health.lastError?.at ?? 0) / 1000,
    proxy: provider.proxy === undefined ? null : withoutUser(provider.proxy),
    models: [...provider.models],
    status: oldStatus(provider),
    id: provider.id,
    account_email: provider.accountEmail ?? null,
    weight: provider.weight,
    state: provider.state,
    disabled_by_hand: provider.disabledByHand,
    unservable: provider.unservable === undefined ? null : options.redact(provider.unservable),
    ...healthView(health, options),
    pairs: provider.pairs.map((pair) => ({ model: pair.model, ...healthView(pair, options) })),
    endpoints: provider.endpoints.map((side) => ({
      endpoint: side.endpoint,
      ...healthView(side, options),
    })),
    learned: provider.learned.map(({ model, kind, name, since, because }) => ({
      model,
      kind,
      name,
      since: iso(since),
      because: options.redact(because),
    })),
    in_flight: provider.slots.inFlight,
    max_concurrent: provider.slots.limit ?? null,
    waiting: provider.slots.waiting,
    requests: {
      in_flight: provider.requests.inFlight,
      attempts: provider.requests.attempts,
      successes: provider.requests.successes,
      failures: provider.requests.failures,
    },
    latency: { time_to_first_content_ms: provider.timeToFirstContentMs ?? null },
  };
}

function healthView(health: HealthStatus, { now, redact }: ViewOptions): HealthView {
  const { lastError } = health;
  const error =
    lastError === undefined
      ? null
      : {
          at: iso(lastError.at),
          kind: lastError.kind,
          detail: redact(lastError.detail),
          request_id: lastError.requestId,
        };
  const cooldown =
    health.coolingUntil === undefined
      ? null
      : {
          left_seconds: Math.max(0, Math.ceil((health.coolingUntil - now) / 1000)),
          until: iso(health.coolingUntil),
          why: error === null ? null : `${error.kind}: ${error.detail}`,
        };
  return {
    failures: `${health.failures}/${health.threshold}`,
    cooldown,
    trial: health.trial ?? null,
    stated_until: health.statedUntil === undefined ? null : iso(health.statedUntil),
    last_error: error,
  };
}

/** The rules in force, in the units of the file. A list of what may be shown: nothing secret can slip in. */
function settingsView(settings: Settings): ProvidersView['settings'] {
  const { resilience } = settings;
  return {
    failure_cooldown: resilience.failureCooldownMs / 1000,
    max_cooldown: resilience.maxCooldownMs / 1000,
    unhealthy_threshold: resilience.unhealthyThreshold,
    unhealthy_reset_on_success: resilience.unhealthyResetOnSuccess,
    unhealthy_reset_timeout: resilience.unhealthyResetTimeoutMs / 1000,
    hold_while_cooling: resilience.holdWhileCoolingMs / 1000,
    max_attempts: resilience.maxAttempts,
    request_budget: resilience.requestBudgetMs / 1000,
    failover_below_threshold: resilience.failoverBelowThreshold,
    sticky_provider_duration: settings.stickyProviderDurationMs / 1000,
    max_body_size: settings.maxBodySize,
    max_buffered_bytes: settings.maxBufferedBytes,
    log_level: LOG_LEVEL_WORDS[settings.logLevel],
    auth_enabled: settings.auth.enabled,
  };
}

/** Whether requests go to it in the ordinary way now. */
export function isAvailable(provider: ProviderStatus): boolean {
  return oldStatus(provider) === 'healthy';
}

function oldStatus(provider: ProviderStatus): 'healthy' | 'unhealthy' | 'disabled' {
  if (!provider.enabled || provider.state === 'disabled' || provider.unservable !== undefined) {
    return 'disabled';
  }
  return provider.state === 'healthy' || provider.state === 'degraded' ? 'healthy' : 'unhealthy';
}

/** RFC 3339, UTC; null for a time beyond what a date can hold. */
function iso(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
