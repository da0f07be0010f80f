import type { DialectName } from './dialect.ts';

/** What becomes of a key of an older version. */
export type KeyFate =
  /** Ignored; `reason` ends the sentence. */
  | { readonly kind: 'dropped'; readonly reason: string }
  /** Another name in the same mapping. */
  | { readonly kind: 'renamed'; readonly to: string }
  /** More than a name changes: `balancer-moves.ts` does it. */
  | { readonly kind: 'moved' };

export interface OldKey {
  /** `[]` is every item of a list. */
  readonly path: string;
  /** Whose files have it: the evidence by which a file's form is told. */
  readonly of: DialectName;
  readonly fate: KeyFate;
}

const EARLY = 'balancer of 23 July 2025';

function dropped(of: DialectName, path: string, reason: string): OldKey {
  return { path, of, fate: { kind: 'dropped', reason } };
}

function renamed(of: DialectName, path: string, to: string): OldKey {
  return { path, of, fate: { kind: 'renamed', to } };
}

function moved(of: DialectName, path: string): OldKey {
  return { path, of, fate: { kind: 'moved' } };
}

const BY_ROUTES = 'models are chosen by `model_routes` and `model_mappings`';
const BY_REQUESTS = 'health is learnt from real requests';
const BY_DEMO = 'providers are simulated by the `demo` command only';

/** Every key of the balancer's older versions that today's form does not have. What stands here is no key of the schema. */
export const OLD_KEYS: readonly OldKey[] = [
  moved('balancer of 20 July 2025', 'settings.client_disconnect_watchdog'),
  moved('balancer of 27 July 2025', 'settings.unhealthy_error_patterns'),
  renamed(EARLY, 'settings.failover_error_types', 'unhealthy_error_types'),
  renamed(EARLY, 'settings.failover_http_codes', 'unhealthy_http_codes'),
  renamed(EARLY, 'settings.idle_recovery_interval', 'sticky_provider_duration'),
  renamed(EARLY, 'settings.timeouts.streaming.first_chunk_timeout', 'first_content_timeout'),
  renamed(EARLY, 'settings.timeouts.streaming.chunk_timeout', 'read_timeout'),
  dropped(EARLY, 'settings.timeouts.streaming.processing_timeout', 'the other limits cover it'),
  dropped(EARLY, 'settings.timeouts.caching.cache_operation_timeout', 'nothing waits for a cache'),
  moved('balancer 0.1.6', 'settings.timeouts.caching'),
  dropped(EARLY, 'settings.timeouts.health_check', BY_REQUESTS),
  dropped(EARLY, 'settings.test_providers', BY_DEMO),
  dropped(EARLY, 'test_providers', BY_DEMO),
  dropped('balancer 0.5.0', 'providers[].big_model', BY_ROUTES),
  dropped('balancer 0.5.0', 'providers[].small_model', BY_ROUTES),
  moved('balancer 0.5.0', 'settings.request_timeout'),
  moved('balancer 0.5.0', 'settings.enable_deduplication'),
  dropped(
    'balancer 0.1.6',
    'settings.deduplication.sse_error_cleanup_delay',
    'answers that are errors are never kept',
  ),
  dropped('balancer 0.1.6', 'settings.reload_includes', 'only this file is watched'),
  dropped('balancer 0.1.6', 'settings.app_version', 'the balancer tells its own version'),
  moved('balancer 0.1.6', 'auth'),
];
