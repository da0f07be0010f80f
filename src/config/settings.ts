import type {
  AuthSettings,
  LogLevel,
  ResilienceSettings,
  Settings,
  TestingSettings,
  TokenCountingSettings,
  UnhealthyLists,
} from '../domain/settings/settings.ts';
import { compileBodyPattern } from './body-patterns.ts';
import { CHECK_NOTE, CHECK_WARNING, HARMLESS, WARNS } from './diagnostic.ts';
import type { Report } from './report.ts';
import type { SettingsEntry } from './schema.ts';
import { readCache, readDeduplication } from './sharing.ts';
import { toMs } from './timeouts.ts';

export interface SettingsContext {
  readonly report: Report;
  /** Whether the file itself has a value at this path. */
  readonly written: (slot: string) => boolean;
  readonly resolvePath: (path: string) => string;
  readonly defaultStateFile?: string;
}

const LOG_LEVELS: Readonly<Record<SettingsEntry['log_level'], LogLevel>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
};

export function readSettings(entry: SettingsEntry, context: SettingsContext): Settings {
  const logFile = optionalPath(entry.log_file_path, context);
  const stateFile =
    entry.state_file === undefined ? context.defaultStateFile : optionalPath(entry.state_file, context);
  const testing = readTesting(entry.testing, context.report);
  return {
    appName: entry.app_name,
    selectionStrategy: entry.selection_strategy,
    randomTop: entry.random_top,
    stickyProviderDurationMs: toMs(entry.sticky_provider_duration),
    resilience: readResilience(entry),
    tokenCounting: readTokenCounting(entry.token_counting),
    unhealthy: readLists(entry, context),
    pingIntervalMs: toMs(entry.ping_interval),
    maxBodySize: entry.max_body_size,
    maxBufferedBytes: entry.max_buffered_bytes,
    shutdownTimeoutMs: toMs(entry.shutdown_timeout),
    logLevel: LOG_LEVELS[entry.log_level],
    logColor: entry.log_color,
    logMaxBytes: entry.log_max_size,
    logMaxFiles: entry.log_max_files,
    exposeProviderErrors: entry.expose_provider_errors,
    deduplication: readDeduplication(entry.deduplication),
    cache: readCache(entry),
    inspector: {
      enabled: entry.inspector.enabled,
      maxEvents: entry.inspector.events,
      maxRequests: entry.inspector.requests,
      maxBytes: entry.inspector.max_bytes,
      captureBodies: entry.inspector.capture_bodies,
    },
    host: entry.host,
    port: entry.port,
    auth: readAuth(entry.auth, context),
    allowedHosts: entry.allowed_hosts,
    reload: entry.reload,
    ...(logFile !== undefined && { logFilePath: logFile }),
    ...(testing !== undefined && { testing }),
    ...(stateFile !== undefined && { stateFile }),
  };
}

function readTesting(entry: SettingsEntry['testing'], report: Report): TestingSettings | undefined {
  if (!entry.simulate_delay) return undefined;
  const triggerKeywords = entry.delay_trigger_keywords.filter(notBlank);
  const which = triggerKeywords.length === 0 ? 'EVERY REQUEST' : 'every request that holds a keyword';
  report('settings.testing.simulate_delay', {
    code: 'simulated-delay',
    ...HARMLESS,
    message: `a test is switched on: ${which} waits ${entry.delay_seconds} s before it goes to a provider`,
    suggestion: 'Set `simulate_delay: false` for everything but trials.',
  });
  return { delayMs: toMs(entry.delay_seconds), triggerKeywords };
}

function optionalPath(written: string | undefined, context: SettingsContext): string | undefined {
  return written === undefined || written.trim() === '' ? undefined : context.resolvePath(written.trim());
}

function readResilience(entry: SettingsEntry): ResilienceSettings {
  return {
    failureCooldownMs: toMs(entry.failure_cooldown),
    // A first cooldown longer than the longest: the first is what the user asked for.
    maxCooldownMs: toMs(Math.max(entry.max_cooldown, entry.failure_cooldown)),
    unhealthyThreshold: entry.unhealthy_threshold,
    unhealthyResetOnSuccess: entry.unhealthy_reset_on_success,
    unhealthyResetTimeoutMs: Math.max(0, toMs(entry.unhealthy_reset_timeout)),
    holdWhileCoolingMs: toMs(entry.hold_while_cooling),
    maxAttempts: entry.max_attempts,
    requestBudgetMs: toMs(entry.request_budget),
    failoverBelowThreshold: entry.failover_below_threshold,
  };
}

function readTokenCounting(entry: SettingsEntry['token_counting']): TokenCountingSettings {
  const { api_failure_cooldown: cooldown, failure_threshold: failureThreshold } = entry;
  return {
    alwaysLocal: entry.always_use_local,
    ...(failureThreshold !== undefined && { failureThreshold }),
    ...(cooldown !== undefined && { failureCooldownMs: toMs(cooldown) }),
  };
}

function readLists(entry: SettingsEntry, context: SettingsContext): UnhealthyLists {
  reportCodes(entry.unhealthy_http_codes, context);
  const patterns = entry.unhealthy_response_body_patterns.map((source, index) => {
    const { pattern, finding } = compileBodyPattern(source);
    if (finding !== undefined) context.report(`settings.unhealthy_response_body_patterns[${index}]`, finding);
    return pattern;
  });
  return {
    httpCodes: entry.unhealthy_http_codes,
    errorTypes: entry.unhealthy_error_types.filter(notBlank),
    exceptionPatterns: entry.unhealthy_exception_patterns.filter(notBlank),
    responseBodyPatterns: patterns.filter((pattern) => pattern !== undefined),
  };
}

function notBlank(text: string): boolean {
  return text.trim() !== '';
}

/** Statuses with a row of their own in the table of `docs/failures.md`; so has every one from 500. */
const KNOWN_CODES: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429]);

function reportCodes(codes: readonly number[], { report, written }: SettingsContext): void {
  const slot = 'settings.unhealthy_http_codes';
  if (!written(slot)) return;
  const isKnown = (code: number) => code >= 500 || code < 400 || KNOWN_CODES.has(code);
  const added = codes.filter((code) => !isKnown(code));
  const known = codes.filter(isKnown);
  const parts = [
    added.length > 0 ? `counted against the provider: ${added.join(', ')}` : 'this list changes nothing',
    ...(known.length > 0 ? [`the balancer’s own rule stays for ${known.join(', ')}`] : []),
  ];
  report(slot, { code: 'known-codes', ...CHECK_NOTE, message: parts.join('; ') });
}

/** Below this, long answers without streaming break in the middle. */
const LEAST_WHOLE_ANSWER_MS = 300_000;

/** Warns at a check of a limit under which whole answers break; `slot` is that of `non_streaming`. */
export function reportShortTimeout(readMs: number, slot: string, report: Report): void {
  if (readMs >= LEAST_WHOLE_ANSWER_MS) return;
  report(`${slot}.read_timeout`, {
    code: 'short-timeout',
    ...CHECK_WARNING,
    message: 'answers without streaming may take longer and break',
    found: `${readMs / 1000} s`,
    expected: '300 s or more',
  });
}

function readAuth(entry: SettingsEntry['auth'], { report }: SettingsContext): AuthSettings {
  const apiKeys = [entry.api_key ?? []]
    .flat()
    .map((key) => key.trim())
    .filter(notBlank);
  if (entry.enabled && apiKeys.length === 0) {
    report('settings.auth', {
      code: 'no-auth-key',
      ...WARNS,
      message: 'a key is demanded, but none is set: every request will be refused',
      suggestion: 'Set `api_key`, or `enabled: false`.',
    });
  }
  return { enabled: entry.enabled, apiKeys, exemptPaths: entry.exempt_paths };
}
