import type {
  CacheSettings,
  ResilienceSettings,
  Settings,
  UnhealthyLists,
} from '../domain/settings/settings.ts';
import { changedKeys } from './diff.ts';

type Flat = Omit<Settings, 'resilience' | 'unhealthy' | 'cache'>;

/** What each setting is called in the file. */
const NAMES: Readonly<Record<keyof Flat, string>> = {
  appName: 'app_name',
  selectionStrategy: 'selection_strategy',
  randomTop: 'random_top',
  stickyProviderDurationMs: 'sticky_provider_duration',
  tokenCounting: 'token_counting',
  pingIntervalMs: 'ping_interval',
  maxBodySize: 'max_body_size',
  maxBufferedBytes: 'max_buffered_bytes',
  shutdownTimeoutMs: 'shutdown_timeout',
  logLevel: 'log_level',
  logColor: 'log_color',
  logFilePath: 'log_file_path',
  logMaxBytes: 'log_max_size',
  logMaxFiles: 'log_max_files',
  exposeProviderErrors: 'expose_provider_errors',
  testing: 'testing',
  deduplication: 'deduplication',
  inspector: 'inspector',
  host: 'host',
  port: 'port',
  auth: 'auth',
  allowedHosts: 'allowed_hosts',
  reload: 'reload',
  stateFile: 'state_file',
};

const RESILIENCE_NAMES: Readonly<Record<keyof ResilienceSettings, string>> = {
  failureCooldownMs: 'failure_cooldown',
  maxCooldownMs: 'max_cooldown',
  unhealthyThreshold: 'unhealthy_threshold',
  unhealthyResetOnSuccess: 'unhealthy_reset_on_success',
  unhealthyResetTimeoutMs: 'unhealthy_reset_timeout',
  holdWhileCoolingMs: 'hold_while_cooling',
  maxAttempts: 'max_attempts',
  requestBudgetMs: 'request_budget',
  failoverBelowThreshold: 'failover_below_threshold',
};

const CACHE_NAMES: Readonly<Record<keyof CacheSettings, string>> = {
  ttlMs: 'cache_ttl',
  maxEntries: 'cache_size_limit',
  maxBytes: 'cache',
  routeTtlMs: 'cache',
};

const LIST_NAMES: Readonly<Record<keyof UnhealthyLists, string>> = {
  httpCodes: 'unhealthy_http_codes',
  errorTypes: 'unhealthy_error_types',
  exceptionPatterns: 'unhealthy_exception_patterns',
  responseBodyPatterns: 'unhealthy_response_body_patterns',
};

/** Names of the settings that differ, as the file has them. Never their values: one of them may be a key. */
export function changedSettings(before: Settings, after: Settings): readonly string[] {
  return changedKeys(before, after).flatMap((key) => {
    if (key === 'resilience')
      return changedKeys(before.resilience, after.resilience).map((name) => RESILIENCE_NAMES[name]);
    if (key === 'unhealthy')
      return changedKeys(before.unhealthy, after.unhealthy).map((name) => LIST_NAMES[name]);
    if (key === 'cache')
      return [...new Set(changedKeys(before.cache, after.cache).map((name) => CACHE_NAMES[name]))];
    return [NAMES[key]];
  });
}
