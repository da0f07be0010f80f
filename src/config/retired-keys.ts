/**
 * Keys of older versions that this one does not have. `reason` ends the sentence "ignored: …"; where the same thing has
 * another name now, `use` is the key that is read instead.
 */
export interface RetiredKey {
  readonly reason: string;
  /** A key of the same mapping. */
  readonly use?: string;
}

const SIZES: RetiredKey = { reason: 'models are chosen by `model_routes` and `model_mappings`' };
const ALWAYS_FAILOVER: RetiredKey = { reason: 'every failure that another provider could mend fails over' };

/** By the key's path, indices and names left out: `providers[].big_model`. */
export const RETIRED_KEYS: ReadonlyMap<string, RetiredKey> = new Map<string, RetiredKey>([
  ['providers[].big_model', SIZES],
  ['providers[].small_model', SIZES],
  ['settings.idle_recovery_interval', { reason: 'it has a new name', use: 'sticky_provider_duration' }],
  ['settings.unhealthy_error_patterns', { reason: 'it has a new name', use: 'unhealthy_exception_patterns' }],
  ['settings.failover_error_types', ALWAYS_FAILOVER],
  ['settings.failover_http_codes', ALWAYS_FAILOVER],
  ['settings.request_timeout', { reason: 'the limits are in `settings.timeouts`' }],
  ['settings.app_version', { reason: 'the balancer tells its own version' }],
  ['settings.reload_includes', { reason: 'only this file is watched' }],
  ['settings.client_disconnect_watchdog', { reason: 'a client that leaves is noticed at once' }],
  ['settings.enable_deduplication', { reason: 'equal requests are not joined' }],
  ['settings.timeouts.health_check', { reason: 'health is learnt from real requests' }],
  [
    'settings.timeouts.streaming.first_chunk_timeout',
    { reason: 'it has a new name', use: 'first_content_timeout' },
  ],
  ['settings.timeouts.streaming.chunk_timeout', { reason: 'it has a new name', use: 'read_timeout' }],
  ['settings.timeouts.streaming.processing_timeout', { reason: 'the other limits cover it' }],
  ['settings.test_providers', { reason: 'providers are simulated by the `demo` command only' }],
  ['test_providers', { reason: 'providers are simulated by the `demo` command only' }],
]);
