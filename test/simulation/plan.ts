import type { Random } from '../../src/domain/time.ts';
import { between, oneOf, seeded, seedOf } from './chance.ts';
import { WEATHERS, type Weather } from './weather.ts';

/** One run, as data: the same plan gives the same run, and any part of its steps is a plan again. */
export interface Plan {
  readonly seed: number;
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  readonly providers: readonly PlannedProvider[];
  readonly steps: readonly Step[];
}

export interface PlannedProvider {
  readonly name: string;
  readonly priority: number;
  /** Further keys of its entry in the file. */
  readonly entry: Readonly<Record<string, number | string | boolean>>;
}

interface Timed {
  readonly number: number;
  /** ms since the beginning. */
  readonly at: number;
}

export interface PlannedRequest extends Timed {
  readonly kind: 'request';
  readonly endpoint: 'messages' | 'count_tokens';
  readonly session: string | undefined;
  readonly stream: boolean;
  readonly isClaudeCode: boolean;
  /** The number that its body bears: equal bodies may share an answer. */
  readonly body: number;
  /** The client closes after so long, ms. */
  readonly leavesAfterMs: number | undefined;
  /** The client takes so long over each piece, ms. */
  readonly readsForMs: number | undefined;
}

export type Step =
  | PlannedRequest
  | (Timed & { readonly kind: 'weather'; readonly provider: string; readonly weather: Weather })
  | (Timed & {
      readonly kind: 'reload';
      /** Providers that are gone, and those that are switched off. */
      readonly without: readonly string[];
      readonly off: readonly string[];
      /** Keys are others from now on. */
      readonly keys: number;
      /** `max_concurrent` of those that have one. */
      readonly limit: number;
    })
  | (Timed & {
      readonly kind: 'operator';
      readonly provider: string;
      readonly action: 'reset' | 'forget' | 'disable' | 'enable';
    })
  | (Timed & { readonly kind: 'cleanup'; readonly force: boolean });

const SESSIONS = 8;
const MODELS = ['opus', 'haiku'] as const;

/** A session keeps to one model: affinity is kept for each route. */
export function modelOf({ session, number }: Pick<PlannedRequest, 'session' | 'number'>): string {
  const chosen = session === undefined ? number : Number(session.slice(1));
  return MODELS[chosen % MODELS.length] ?? MODELS[0];
}

/** The plan of a seed: settings, providers and a schedule with so many requests. */
export function planOf(seed: number, requests: number): Plan {
  const random = seeded(seedOf(seed, 'plan'));
  const providers = plannedProviders(random);
  const names = providers.map(({ name }) => name);
  const steps: Step[] = [];
  const paceMs = oneOf(random, [60, 400, 1_500, 4_000]);
  let at = 0;
  let number = 0;
  let body = 0;
  let asked = 0;
  while (asked < requests) {
    number += 1;
    at += Math.floor(random() * 2 * paceMs);
    const timed = { number, at };
    if (random() < 0.85) {
      asked += 1;
      const before = steps.at(-1);
      const repeats = before?.kind === 'request' && random() < 0.08;
      body += 1;
      steps.push(
        repeats
          ? { ...before, ...timed, ...habits(random) }
          : { ...timed, ...plannedRequest(random), body, ...habits(random) },
      );
    } else steps.push({ ...timed, ...event(random, names) } as Step);
  }
  return { seed, settings: plannedSettings(random), providers, steps };
}

function plannedProviders(random: Random): PlannedProvider[] {
  const hasLimits = random() < 0.4;
  const hasModes = random() < 0.3;
  return Array.from({ length: random() < 0.1 ? 1 : between(random, 2, 6) }, (_, index) => ({
    name: `p${index + 1}`,
    priority: between(random, 1, 3),
    entry: {
      weight: between(random, 1, 3),
      ...(hasLimits && random() < 0.7 ? { max_concurrent: between(random, 1, 3) } : {}),
      ...(hasModes ? { streaming_mode: oneOf(random, ['auto', 'direct', 'background']) } : {}),
      ...(hasModes && random() < 0.3 ? { must_stream: true } : {}),
    },
  }));
}

function plannedSettings(random: Random): Plan['settings'] {
  return {
    selection_strategy: oneOf(random, ['priority', 'round_robin', 'weighted_round_robin', 'random']),
    sticky_provider_duration: oneOf(random, [0, 30, 300]),
    failure_cooldown: oneOf(random, [5, 20, 60]),
    max_cooldown: oneOf(random, [60, 1800]),
    unhealthy_threshold: between(random, 1, 3),
    unhealthy_reset_on_success: random() < 0.8,
    unhealthy_reset_timeout: oneOf(random, [0, 30, 300]),
    hold_while_cooling: oneOf(random, [0, 5, 20]),
    max_attempts: between(random, 0, 8),
    request_budget: oneOf(random, [30, 120, 900]),
    failover_below_threshold: random() < 0.9,
  };
}

function plannedRequest(random: Random) {
  const endpoint = random() < 0.06 ? ('count_tokens' as const) : ('messages' as const);
  return {
    kind: 'request' as const,
    endpoint,
    session: random() < 0.8 ? `s${between(random, 1, SESSIONS)}` : undefined,
    stream: endpoint === 'messages' && random() < 0.85,
    isClaudeCode: random() < 0.7,
  };
}

function habits(random: Random) {
  return {
    leavesAfterMs: random() < 0.06 ? between(random, 0, 5_000) : undefined,
    readsForMs: random() < 0.08 ? between(random, 1, 2_000) : undefined,
  };
}

function event(random: Random, names: readonly string[]) {
  const provider = names[Math.floor(random() * names.length)] ?? 'p1';
  const kind = random();
  if (kind < 0.86)
    return { kind: 'weather', provider, weather: random() < 0.55 ? 'fine' : oneOf(random, WEATHERS) };
  if (kind < 0.92) {
    const some = names.filter(() => random() < 0.15);
    return {
      kind: 'reload',
      without: some.length === names.length ? [] : some,
      off: names.filter(() => random() < 0.1),
      keys: between(random, 1, 2),
      limit: between(random, 1, 4),
    };
  }
  if (kind < 0.98)
    return { kind: 'operator', provider, action: oneOf(random, ['reset', 'forget', 'disable', 'enable']) };
  return { kind: 'cleanup', force: random() < 0.5 };
}
