import * as v from 'valibot';

/** `GET /providers` and what belongs to it: the older products' fields under their names, ours beside them. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seconds = v.pipe(v.number(), v.minValue(0));
const time = v.pipe(v.string(), v.description('RFC 3339, UTC.'));

const CooldownSchema = v.pipe(
  v.object({
    left_seconds: count,
    until: v.nullable(time),
    why: v.pipe(v.nullable(v.string()), v.description('The last failure: kind and words.')),
  }),
  v.title('Cooldown'),
);

const LastErrorSchema = v.pipe(
  v.object({
    at: v.nullable(time),
    kind: v.pipe(v.string(), v.description('One of the kinds of docs/failures.md.')),
    detail: v.string(),
    request_id: v.string(),
  }),
  v.title('LastError'),
);

const healthEntries = {
  failures: v.pipe(v.string(), v.description('Counted failures and how many make it cool: 1/2.')),
  cooldown: v.nullable(CooldownSchema),
  trial: v.pipe(
    v.nullable(v.picklist(['due', 'running'])),
    v.description('The cooldown is over: one request tries it out.'),
  ),
  stated_until: v.pipe(
    v.nullable(time),
    v.description('Until when the provider itself said it would be out.'),
  ),
  last_error: v.nullable(LastErrorSchema),
};

const RouteTargetSchema = v.pipe(
  v.object({ pattern: v.string(), model: v.string(), priority: v.number() }),
  v.title('ProviderRoute'),
);

const LearnedSchema = v.pipe(
  v.object({
    model: v.pipe(v.string(), v.description('The provider’s name for it.')),
    kind: v.picklist(['beta', 'betas', 'header', 'field', 'value']),
    name: v.string(),
    since: v.nullable(time),
    because: v.pipe(v.string(), v.description('The refusal that named it.')),
  }),
  v.title('Learned'),
);

export const ProviderSchema = v.pipe(
  v.object({
    name: v.string(),
    type: v.picklist(['anthropic', 'openai', 'zed']),
    base_url: v.pipe(v.string(), v.description('Without user and password.')),
    enabled: v.boolean(),
    healthy: v.pipe(v.boolean(), v.description('Requests go to it in the ordinary way.')),
    failure_count: count,
    last_failure_time: v.pipe(
      v.number(),
      v.description('Seconds since 1970, with a fraction; 0: it never failed.'),
    ),
    proxy: v.pipe(v.nullable(v.string()), v.description('Without user and password.')),
    models: v.array(RouteTargetSchema),
    status: v.picklist(['healthy', 'unhealthy', 'disabled']),
    id: v.pipe(v.string(), v.description('The name, or name#email where the account is named.')),
    account_email: v.nullable(v.string()),
    weight: v.number(),
    state: v.picklist(['healthy', 'degraded', 'cooling', 'trial', 'disabled']),
    disabled_by_hand: v.boolean(),
    unservable: v.pipe(v.nullable(v.string()), v.description('Why no request can go to it, if none can.')),
    ...healthEntries,
    pairs: v.pipe(
      v.array(v.object({ model: v.string(), ...healthEntries })),
      v.description('The health of single models there.'),
    ),
    endpoints: v.pipe(
      v.array(v.object({ endpoint: v.string(), ...healthEntries })),
      v.description('The health of side endpoints, which never counts against messages.'),
    ),
    learned: v.pipe(
      v.array(LearnedSchema),
      v.description('What requests to it go without, because it refused that as unknown (docs/learning.md).'),
    ),
    in_flight: v.pipe(count, v.description('Messages under way there: what max_concurrent counts.')),
    max_concurrent: v.pipe(v.nullable(count), v.description('How many it may have; null: no limit.')),
    waiting: v.pipe(count, v.description('Requests in line for a slot of it.')),
    requests: v.object({ in_flight: count, attempts: count, successes: count, failures: count }),
    latency: v.object({
      time_to_first_content_ms: v.nullable(v.object({ p50: v.number(), p95: v.number() })),
    }),
  }),
  v.title('Provider'),
);

const RulesSchema = v.pipe(
  v.object({
    failure_cooldown: seconds,
    max_cooldown: seconds,
    unhealthy_threshold: count,
    unhealthy_reset_on_success: v.boolean(),
    unhealthy_reset_timeout: seconds,
    hold_while_cooling: seconds,
    max_attempts: count,
    request_budget: seconds,
    failover_below_threshold: v.boolean(),
    sticky_provider_duration: seconds,
    max_body_size: count,
    max_buffered_bytes: count,
    log_level: v.picklist(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']),
    auth_enabled: v.boolean(),
  }),
  v.title('Rules'),
  v.description('The settings in force, in the units of the file: seconds and bytes.'),
);

export const ProvidersSchema = v.pipe(
  v.object({
    total_providers: count,
    healthy_providers: count,
    selection_strategy: v.picklist(['priority', 'round_robin', 'weighted_round_robin', 'random']),
    total_model_routes: count,
    providers: v.array(ProviderSchema),
    current_provider: v.pipe(v.nullable(v.string()), v.description('The one that served last.')),
    phase: v.picklist(['starting', 'serving', 'draining', 'stopped']),
    in_flight: count,
    buffered_bytes: count,
    routes: v.array(v.object({ pattern: v.string(), targets: count })),
    settings: RulesSchema,
  }),
  v.title('Providers'),
);

export const ReloadedSchema = v.pipe(
  v.object({
    status: v.literal('success'),
    message: v.string(),
    providers_count: count,
    healthy_providers: count,
  }),
  v.title('Reloaded'),
);

export const ReloadRejectedSchema = v.pipe(
  v.object({
    status: v.literal('error'),
    message: v.string(),
    errors: v.pipe(v.array(v.string()), v.description('One line each, with place and remedy.')),
  }),
  v.title('ReloadRejected'),
);

export const OperatedSchema = v.pipe(
  v.object({
    status: v.literal('success'),
    message: v.string(),
    provider: v.pipe(v.optional(ProviderSchema), v.description('Where one alone was meant.')),
    providers: v.array(ProviderSchema),
  }),
  v.title('Operated'),
);
