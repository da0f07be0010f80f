import * as v from 'valibot';

/**
 * `GET /providers` as the commands read it. Tolerant: what an older or newer balancer leaves out or writes otherwise is
 * absent, not an error.
 */

const text = v.optional(v.fallback(v.nullish(v.string()), undefined));
const number = v.optional(v.fallback(v.nullish(v.number()), undefined));
const flag = v.optional(v.fallback(v.nullish(v.boolean()), undefined));
const HealthEntries = {
  failures: text,
  failure_count: number,
  cooldown: v.optional(v.fallback(v.nullish(v.object({ left_seconds: number, until: text })), undefined)),
  trial: text,
  stated_until: text,
  last_error: v.optional(
    v.fallback(v.nullish(v.object({ at: text, kind: text, detail: text, request_id: text })), undefined),
  ),
};

const ProviderSchema = v.object({
  name: v.fallback(v.string(), '?'),
  id: text,
  type: text,
  base_url: text,
  account_email: text,
  proxy: text,
  weight: number,
  enabled: flag,
  disabled_by_hand: flag,
  unservable: text,
  status: text,
  state: text,
  models: v.optional(
    v.fallback(v.array(v.object({ pattern: v.string(), model: v.string(), priority: v.number() })), []),
    [],
  ),
  ...HealthEntries,
  pairs: v.optional(v.fallback(v.array(v.object({ model: text, ...HealthEntries })), []), []),
  endpoints: v.optional(v.fallback(v.array(v.object({ endpoint: text, ...HealthEntries })), []), []),
  in_flight: number,
  max_concurrent: number,
  waiting: number,
  learned: v.optional(
    v.fallback(v.array(v.object({ model: text, kind: text, name: text, since: text })), []),
    [],
  ),
  requests: v.optional(
    v.fallback(
      v.nullish(v.object({ in_flight: number, attempts: number, successes: number, failures: number })),
      undefined,
    ),
  ),
  latency: v.optional(
    v.fallback(
      v.nullish(
        v.object({ time_to_first_content_ms: v.nullish(v.object({ p50: v.number(), p95: v.number() })) }),
      ),
      undefined,
    ),
  ),
});

const BalancerSchema = v.object({
  providers: v.array(ProviderSchema),
  selection_strategy: text,
  current_provider: text,
  phase: text,
  in_flight: number,
  settings: v.optional(v.fallback(v.nullish(v.object({ auth_enabled: flag })), undefined)),
});

export type ProviderFacts = v.InferOutput<typeof ProviderSchema>;
export type BalancerFacts = v.InferOutput<typeof BalancerSchema>;
/** What providers, their models and their endpoints have in common. */
export type HealthFacts = Pick<
  ProviderFacts,
  'failures' | 'failure_count' | 'cooldown' | 'trial' | 'stated_until' | 'last_error'
>;

/** Reads the answer of `GET /providers`; undefined if it is no such answer. */
export function readBalancer(json: unknown): BalancerFacts | undefined {
  const result = v.safeParse(BalancerSchema, json);
  return result.success ? result.output : undefined;
}

/** What a provider is called where names may be shared. */
export function idOf({ id, name }: ProviderFacts): string {
  return id ?? name;
}

/** Its state in a word, and the colour that goes with it. */
export function stateOf(provider: ProviderFacts): { readonly text: string; readonly color: number } {
  const { state, status, enabled, unservable, disabled_by_hand: byHand } = provider;
  if (byHand === true) return { text: 'disabled by hand', color: 90 };
  if (enabled === false) return { text: 'disabled', color: 90 };
  if (unservable !== undefined && unservable !== null) return { text: 'unusable', color: 31 };
  const word = state ?? status ?? '?';
  const colors: Readonly<Record<string, number>> = { healthy: 32, degraded: 33, disabled: 90 };
  return { text: word, color: colors[word] ?? (word === 'trial' ? 33 : 31) };
}

/** Whether requests go to it in the ordinary way. */
export function isAvailable(provider: ProviderFacts): boolean {
  return provider.status === 'healthy';
}

/** `1/2`: failures, and how many make it cool. */
export function failuresOf({ failures, failure_count: count }: HealthFacts): string {
  return failures ?? (count === undefined || count === null ? '–' : String(count));
}

/** `1 min 5 s`, or that a trial is due or running; undefined unless it cools. */
export function cooldownOf({ cooldown, trial }: HealthFacts): string | undefined {
  const left = cooldown?.left_seconds ?? undefined;
  if (trial === 'running') return 'trial running';
  if (trial === 'due') return 'trial due';
  return left === undefined ? undefined : seconds(left);
}

/** Share of attempts that ended well: `98 %`; undefined before the first has ended. */
export function successRateOf({ requests }: ProviderFacts): string | undefined {
  const successes = requests?.successes ?? 0;
  const ended = successes + (requests?.failures ?? 0);
  if (ended === 0) return undefined;
  const percent = (successes / ended) * 100;
  // A single failure among a thousand is still one.
  return `${percent > 99 && percent < 100 ? 99 : Math.round(percent)} %`;
}

/** `2`, or `2/4` where the provider takes so many at once; undefined where it is not told. */
export function inFlightOf(provider: ProviderFacts): string | undefined {
  const { requests, in_flight: taken, max_concurrent: most } = provider;
  if (most !== undefined && most !== null) return `${taken ?? 0}/${most}`;
  return requests?.in_flight?.toString();
}

/** `server_error: HTTP 500 …`; undefined without one. */
export function lastErrorOf({ last_error: error }: HealthFacts): string | undefined {
  if (error === undefined || error === null) return undefined;
  return [error.kind, error.detail].filter((part) => part !== undefined && part !== null).join(': ');
}

function seconds(left: number): string {
  if (left < 60) return `${left} s`;
  const minutes = Math.floor(left / 60);
  return minutes < 60 ? `${minutes} min ${left % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
