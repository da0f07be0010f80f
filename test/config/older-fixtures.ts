import { readFileSync } from 'node:fs';

/** A file of an older version, by its name in `test/fixtures/config`. */
export function olderFile(name: string): string {
  return readFileSync(new URL(`../fixtures/config/${name}.yaml`, import.meta.url), 'utf8');
}

/** Each file's form, and what a check says of it; with `!` what a start says too. */
export const OLDER_FILES: Readonly<
  Record<string, { readonly dialect: string; readonly said: readonly string[] }>
> = {
  '0.3.0': {
    dialect: 'balancer 0.3.0',
    said: [
      'warning unknown-models providers[0].big_model',
      'note renamed-key settings.request_timeout',
      'warning! short-timeout settings.request_timeout',
      'warning short-timeout settings.request_timeout',
    ],
  },
  '0.5.0': {
    dialect: 'balancer 0.5.0',
    said: [
      'note renamed-key settings.request_timeout',
      'warning! short-timeout settings.request_timeout',
      'warning short-timeout settings.request_timeout',
      'note renamed-key settings.enable_deduplication',
    ],
  },
  '20 July 2025': {
    dialect: 'balancer of 20 July 2025',
    said: [
      'warning! empty-credential providers[1].auth_value',
      'warning! retired-key settings.reload_includes',
      'warning short-timeout settings.timeouts.non_streaming.read_timeout',
      'warning! retired-key settings.timeouts.streaming.chunk_timeout',
      'note renamed-key settings.timeouts.streaming.first_chunk_timeout',
      'warning! retired-key settings.timeouts.streaming.processing_timeout',
      'note renamed-key settings.timeouts.caching.deduplication_timeout',
      'warning! retired-key settings.timeouts.caching.cache_operation_timeout',
      'warning! retired-key settings.timeouts.health_check',
      'note renamed-key settings.idle_recovery_interval',
      'warning! retired-key settings.client_disconnect_watchdog',
      'note renamed-key settings.failover_error_types',
      'note renamed-key settings.failover_http_codes',
      'note known-codes settings.failover_http_codes',
      'warning! retired-key settings.app_version',
    ],
  },
  '23 July 2025': {
    dialect: 'balancer of 23 July 2025',
    said: [
      'warning! old-boolean providers[1].enabled',
      'warning! disabled-provider model_routes["*"][1].provider',
      'note renamed-key settings.idle_recovery_interval',
      'note renamed-key settings.failover_error_types',
      'note renamed-key settings.failover_http_codes',
      'note known-codes settings.failover_http_codes',
      'note renamed-key settings.timeouts.streaming.chunk_timeout',
      'warning! retired-key settings.timeouts.health_check',
      'warning! retired-key settings.test_providers',
      'warning not-served settings.oauth',
    ],
  },
  '27 July 2025': {
    dialect: 'balancer of 27 July 2025',
    said: [
      'note renamed-key settings.idle_recovery_interval',
      'note renamed-key settings.unhealthy_error_patterns',
      'note known-codes settings.unhealthy_http_codes',
      'warning! retired-key settings.app_version',
    ],
  },
  '0.1.6': {
    dialect: 'balancer 0.1.6',
    said: [
      'warning! not-served providers[2].auth_value',
      'warning! empty-credential providers[3].auth_value',
      'warning! old-boolean settings.unhealthy_reset_on_success',
      'note known-codes settings.unhealthy_http_codes',
      'warning! body-pattern settings.unhealthy_response_body_patterns[4]',
      'warning short-timeout settings.timeouts.non_streaming.read_timeout',
      'note renamed-key settings.timeouts.caching.deduplication_timeout',
      'warning! retired-key settings.deduplication.sse_error_cleanup_delay',
      'warning not-served settings.oauth',
      'warning! retired-key settings.app_version',
      'warning! retired-key settings.reload_includes',
      'note renamed-key auth',
    ],
  },
  '0.1.7': {
    dialect: 'balancer 0.1.7',
    said: [
      'warning! not-served providers[0].auth_value',
      'warning! not-served providers[1].auth_value',
      'warning! retired-key settings.app_version',
    ],
  },
  'fragment with auth': {
    dialect: 'balancer 0.1.6',
    said: [
      'warning! duplicate-provider providers[1].name',
      'warning! url-suffix providers[1].base_url',
      'warning! unknown-provider model_routes["*sonnet*"][0].provider',
      'note renamed-key auth',
    ],
  },
  aiproxy: {
    dialect: 'aiproxy',
    said: ['note renamed-key upstreams[3].name'],
  },
  'aiproxy after January 2026': {
    dialect: 'aiproxy after January 2026',
    said: [
      'warning! retired-key default_max_tokens',
      'warning! short-timeout upstream_request_timeout',
      'warning short-timeout upstream_request_timeout',
      'warning! retired-key log.max_age',
      'warning! retired-key log.compress',
      'warning! retired-key model_fallback',
      'note renamed-key upstreams[0].token',
      'warning! retired-key upstreams[0].request_compression',
      'warning! retired-key upstreams[0].heartbeat',
      'warning! retired-key upstreams[0].heartbeat_interval',
      'warning! not-served upstreams[3].api_type',
      'warning! retired-key upstreams[4].auth_files',
    ],
  },
};
