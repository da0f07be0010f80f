import { expect, test } from 'vitest';
import { configurationOf, GOOD_PROVIDER } from './support.ts';

test('a file with one provider gets every default', () => {
  expect(configurationOf(GOOD_PROVIDER)).toEqual({
    providers: [
      {
        id: 'good',
        name: 'good',
        type: 'anthropic',
        baseUrl: 'https://good.example',
        credential: { kind: 'api_key', value: 'key' },
        enabled: true,
        weight: 1,
        modelMappings: {},
        availableModels: [],
        headers: {},
        timeouts: {
          streaming: { connectMs: 30_000, readMs: 120_000, poolMs: 30_000, firstContentMs: 180_000 },
          nonStreaming: { connectMs: 30_000, readMs: 600_000, poolMs: 30_000, firstContentMs: 180_000 },
          countMs: 10_000,
        },
        mustStream: false,
        streamingMode: 'auto',
      },
    ],
    routes: [],
    settings: {
      appName: 'Claude Code Provider Balancer',
      selectionStrategy: 'priority',
      randomTop: 3,
      stickyProviderDurationMs: 300_000,
      resilience: {
        failureCooldownMs: 60_000,
        maxCooldownMs: 1_800_000,
        unhealthyThreshold: 2,
        unhealthyResetOnSuccess: true,
        unhealthyResetTimeoutMs: 300_000,
        holdWhileCoolingMs: 20_000,
        maxAttempts: 8,
        requestBudgetMs: 900_000,
        failoverBelowThreshold: true,
      },
      tokenCounting: { alwaysLocal: false },
      unhealthy: {
        httpCodes: [402, 403, 404, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529],
        errorTypes: [],
        exceptionPatterns: [],
        responseBodyPatterns: [],
      },
      pingIntervalMs: 15_000,
      maxBodySize: 64 * 1024 * 1024,
      maxBufferedBytes: 512 * 1024 * 1024,
      shutdownTimeoutMs: 60_000,
      logLevel: 'info',
      logColor: true,
      logMaxBytes: 100 * 1024 * 1024,
      logMaxFiles: 5,
      exposeProviderErrors: false,
      deduplication: {
        enabled: true,
        scope: 'session',
        maxTokensCounts: false,
        maxReplayBytes: 8 * 1024 * 1024,
        maxQueueBytes: 8 * 1024 * 1024,
        lingerMs: 0,
        timeoutMs: 180_000,
      },
      cache: { ttlMs: 0, routeTtlMs: new Map(), maxEntries: 1000, maxBytes: 64 * 1024 * 1024 },
      inspector: {
        enabled: true,
        maxEvents: 10_000,
        maxRequests: 2_000,
        maxBytes: 32 * 1024 * 1024,
        captureBodies: false,
      },
      host: '127.0.0.1',
      port: 9090,
      auth: { enabled: false, apiKeys: [], exemptPaths: ['/health', '/docs', '/redoc', '/openapi.json'] },
      allowedHosts: [],
      reload: true,
    },
  });
});

test('empty values are absent values', () => {
  const text = `${GOOD_PROVIDER}    proxy:\n    weight: ~\n    headers:\nmodel_routes:\nsettings:\n  port:\n  timeouts: null\n`;
  expect(configurationOf(text)).toEqual(configurationOf(GOOD_PROVIDER));
});

test('every setting is taken over', () => {
  const { settings } = configurationOf(
    `${GOOD_PROVIDER}settings:
  app_name: mine
  selection_strategy: weighted_round_robin
  random_top: 2
  sticky_provider_duration: 0
  failure_cooldown: 90.5
  max_cooldown: 120
  unhealthy_threshold: 3
  unhealthy_reset_on_success: false
  unhealthy_reset_timeout: -1
  unhealthy_http_codes: [418]
  unhealthy_error_types: [no_available_token, " "]
  unhealthy_exception_patterns: [ssl]
  unhealthy_response_body_patterns: [a+b]
  failover_below_threshold: false
  hold_while_cooling: 1
  max_attempts: 0
  request_budget: 60
  timeouts:
    streaming: { connect_timeout: 1, read_timeout: 2, pool_timeout: 3, first_content_timeout: 4 }
    non_streaming: { connect_timeout: 5, read_timeout: 6, pool_timeout: 7 }
  token_counting: { api_failure_cooldown: 5, failure_threshold: 4, always_use_local: true, timeout_override: 0.5 }
  ping_interval: 0
  max_body_size: 1000
  max_buffered_bytes: 1.5 GiB
  shutdown_timeout: 5
  log_level: critical
  log_color: false
  log_file_path: logs/a.jsonl
  log_max_size: 2MB
  log_max_files: 2
  expose_provider_errors: true
  testing: { simulate_delay: true, delay_seconds: 1.5, delay_trigger_keywords: [slow, " "] }
  deduplication:
    enabled: false
    scope: all
    include_max_tokens_in_signature: true
    max_replay_bytes: 1MB
    max_queue_bytes: 1KB
    linger: 0.5
    timeout: 7
  cache_ttl: 60
  cache_size_limit: 3
  cache: { max_bytes: 2MB, routes: { "*haiku*": 5 } }
  inspector: { enabled: false, events: 500, requests: 50, max_bytes: 1MiB, capture_bodies: true }
  host: 0.0.0.0
  port: 0
  auth: { enabled: true, api_key: [one, two], exempt_paths: [/livez] }
  allowed_hosts: [balancer.lan]
  reload: false
  state_file: state.json
`,
    { resolvePath: (path) => `/etc/${path}`, defaultStateFile: '/state' },
  );
  expect(settings).toEqual({
    appName: 'mine',
    selectionStrategy: 'weighted_round_robin',
    randomTop: 2,
    stickyProviderDurationMs: 0,
    resilience: {
      failureCooldownMs: 90_500,
      maxCooldownMs: 120_000,
      unhealthyThreshold: 3,
      unhealthyResetOnSuccess: false,
      unhealthyResetTimeoutMs: 0,
      holdWhileCoolingMs: 1000,
      maxAttempts: 0,
      requestBudgetMs: 60_000,
      failoverBelowThreshold: false,
    },
    tokenCounting: { alwaysLocal: true, failureThreshold: 4, failureCooldownMs: 5000 },
    unhealthy: {
      httpCodes: [418],
      errorTypes: ['no_available_token'],
      exceptionPatterns: ['ssl'],
      responseBodyPatterns: [/a+b/i],
    },
    pingIntervalMs: 0,
    maxBodySize: 1000,
    maxBufferedBytes: 1.5 * 1024 ** 3,
    shutdownTimeoutMs: 5000,
    logLevel: 'fatal',
    logColor: false,
    logFilePath: '/etc/logs/a.jsonl',
    logMaxBytes: 2 * 1024 * 1024,
    logMaxFiles: 2,
    exposeProviderErrors: true,
    testing: { delayMs: 1500, triggerKeywords: ['slow'] },
    deduplication: {
      enabled: false,
      scope: 'all',
      maxTokensCounts: true,
      maxReplayBytes: 1024 * 1024,
      maxQueueBytes: 1024,
      lingerMs: 500,
      timeoutMs: 7000,
    },
    inspector: {
      enabled: false,
      maxEvents: 500,
      maxRequests: 50,
      maxBytes: 1024 * 1024,
      captureBodies: true,
    },
    cache: {
      ttlMs: 60_000,
      routeTtlMs: new Map([['*haiku*', 5000]]),
      maxEntries: 3,
      maxBytes: 2 * 1024 * 1024,
    },
    host: '0.0.0.0',
    port: 0,
    auth: { enabled: true, apiKeys: ['one', 'two'], exemptPaths: ['/livez'] },
    allowedHosts: ['balancer.lan'],
    reload: false,
    stateFile: '/etc/state.json',
  });
});

test('the state file has a default place, and an empty one means nowhere', () => {
  const context = { defaultStateFile: '/state/health.json' };
  expect(configurationOf(GOOD_PROVIDER, context).settings.stateFile).toBe('/state/health.json');
  const nowhere = configurationOf(`${GOOD_PROVIDER}settings: { state_file: "" }\n`, context);
  expect(nowhere.settings.stateFile).toBeUndefined();
});

test('a first cooldown longer than the longest raises the longest', () => {
  const { settings } = configurationOf(`${GOOD_PROVIDER}settings: { failure_cooldown: 3600 }\n`);
  expect(settings.resilience.maxCooldownMs).toBe(3_600_000);
});

test('a number in quotes is a number, and a bare number is a name', () => {
  const configuration = configurationOf(
    'providers:\n  - name: 0302\n    base_url: https://a.example\n    auth_value: 12345678901234567890\nsettings:\n  port: "8080"\n',
  );
  expect(configuration.providers[0]).toMatchObject({
    id: '0302',
    credential: { kind: 'api_key', value: '12345678901234567890' },
  });
  expect(configuration.settings.port).toBe(8080);
});
