import * as v from 'valibot';
import { bytes, choice, count, flag, label, later, limitSeconds, seconds, text, texts } from './fields.ts';
import { TokenCountingSchema } from './schema-counting.ts';
import { InspectorSchema } from './schema-inspector.ts';
import { CacheSchema, cacheSize, cacheTtl, DeduplicationSchema } from './schema-sharing.ts';
import { TimeoutsSchema } from './schema-timeouts.ts';

const MEBIBYTE = 1024 * 1024;

/** The balancer's own lock on its door. */
const AuthSchema = v.object({
  enabled: v.optional(flag('Clients must show a key, as `x-api-key` or `Authorization: Bearer`.'), false),
  api_key: v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())]),
      v.description('The key, or a list of keys, any of which opens.'),
      v.metadata({ secret: true, defaultText: 'none' }),
    ),
  ),
  exempt_paths: v.optional(texts('Paths that need no key.'), ['/health', '/docs', '/redoc', '/openapi.json']),
});

/** A delay on purpose. */
const TestingSchema = v.object({
  simulate_delay: v.optional(
    flag('Each attempt waits before it goes upstream. For trials only: the start warns of it.'),
    false,
  ),
  delay_seconds: v.optional(seconds('How long it waits.'), 10),
  delay_trigger_keywords: v.optional(
    texts(
      'Only requests wait whose messages hold one of these texts, upper and lower case alike; empty: all of them.',
      { verbatim: true },
    ),
    [],
  ),
});

/** `settings`: everything that is not about one provider. */
export const SettingsSchema = v.object({
  app_name: v.optional(
    label('The name in the banner and in the answer to `GET /`.'),
    'Claude Code Provider Balancer',
  ),
  selection_strategy: v.optional(
    choice(
      ['priority', 'round_robin', 'weighted_round_robin', 'random'],
      'Who is asked first among the healthy targets of a route; the others follow by priority.',
    ),
    'priority',
  ),
  random_top: v.optional(count('How many of the first targets `random` chooses among.', 1), 3),
  sticky_provider_duration: v.optional(
    seconds(
      'How long after its last request a session stays with the provider that served it; 0: not at all.',
    ),
    300,
  ),
  failure_cooldown: v.optional(
    seconds(
      'How long a provider gets no requests after it failed too often; doubles with each failed trial.',
    ),
    60,
  ),
  max_cooldown: v.optional(
    seconds('The longest cooldown, also for a time that a provider states itself.'),
    1800,
  ),
  unhealthy_threshold: v.optional(count('How many counted failures make a provider cool.', 1), 2),
  unhealthy_reset_on_success: v.optional(flag('A success clears the count of failures.'), true),
  unhealthy_reset_timeout: v.optional(
    v.pipe(
      v.number(),
      v.maxValue(2_147_483),
      v.description('A time without failures that clears the count; 0 or less: never.'),
      v.metadata({ unit: 's' }),
    ),
    300,
  ),
  unhealthy_http_codes: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599))),
      v.description(
        'Statuses that count as a failure of the provider. Only adds: a status that the balancer knows keeps its rule.',
      ),
    ),
    [402, 403, 404, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529],
  ),
  unhealthy_error_types: v.optional(
    texts('Values of `error.type` that count as a failure of the provider. Only adds.', { verbatim: true }),
    [],
  ),
  unhealthy_exception_patterns: v.optional(
    texts('Texts that make a failure below HTTP count, upper and lower case alike. Only adds.', {
      verbatim: true,
    }),
    [],
  ),
  unhealthy_response_body_patterns: v.optional(
    texts(
      'Regular expressions (JavaScript, upper and lower case alike) over bodies of failures, never over what the model wrote. Only adds.',
      { verbatim: true },
    ),
    [],
  ),
  failover_below_threshold: v.optional(
    flag('`false`: a failure below the threshold goes to the client instead of to the next provider.'),
    true,
  ),
  hold_while_cooling: v.optional(
    seconds(
      'How long a request waits for a provider to return, or to have room, when every one cools or is full.',
    ),
    20,
  ),
  max_attempts: v.optional(
    count('Attempts of one request after its first round through all candidates.', 0, 1000),
    8,
  ),
  request_budget: v.optional(
    limitSeconds('A streaming request’s time until its first content or final error.'),
    900,
  ),
  timeouts: v.optional(TimeoutsSchema, {}),
  ping_interval: v.optional(
    seconds('A waiting client gets a ping after this long without a byte; 0: none.'),
    15,
  ),
  max_body_size: v.optional(bytes('The largest request that is accepted.'), 64 * MEBIBYTE),
  max_buffered_bytes: v.optional(
    bytes('All requests and held answers in memory together; beyond it new requests are refused.'),
    512 * MEBIBYTE,
  ),
  shutdown_timeout: v.optional(
    seconds('How long running requests may go on after a stop was asked for.'),
    60,
  ),
  log_level: v.optional(
    choice(
      ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
      'The least severity that is logged, in any case.',
    ),
    'INFO',
  ),
  log_color: v.optional(flag('Colours on a terminal.'), true),
  log_file_path: v.optional(
    text('A file that gets the log as JSON lines; missing folders are made.', {
      path: true,
      defaultText: 'none',
    }),
  ),
  log_max_size: v.optional(bytes('The log file is put aside when it is larger.'), 100 * MEBIBYTE),
  log_max_files: v.optional(count('How many log files that were put aside are kept.', 1, 1000), 5),
  expose_provider_errors: v.optional(
    flag('Error answers name the provider and quote its words. Whoever can send requests can read them.'),
    false,
  ),
  host: v.optional(
    label(
      'The address to listen at; `HOST` in the environment and `--host` go before it. A change needs a restart.',
    ),
    '127.0.0.1',
  ),
  port: v.optional(
    count(
      'The port to listen at, 0: any free one; `PORT` and `--port` go before it. A change needs a restart.',
      0,
      65_535,
    ),
    9090,
  ),
  auth: v.optional(AuthSchema, {}),
  allowed_hosts: v.optional(
    texts('Names, besides this machine’s own, under which browsers and clients may address the balancer.'),
    [],
  ),
  reload: v.optional(flag('Watch this file and take over its changes.'), true),
  state_file: v.optional(
    text('Where health is kept over a restart; empty: nowhere.', {
      path: true,
      defaultText: '`$XDG_STATE_HOME/claude-code-balancer/health.json`',
    }),
  ),
  testing: v.optional(TestingSchema, {}),
  deduplication: v.optional(DeduplicationSchema, {}),
  cache_ttl: v.optional(cacheTtl, 0),
  cache_size_limit: v.optional(cacheSize, 1000),
  cache: v.optional(CacheSchema, {}),
  token_counting: v.optional(TokenCountingSchema, {}),
  inspector: v.optional(InspectorSchema, {}),
  oauth: v.optional(later('accounts that sign in.')),
});
