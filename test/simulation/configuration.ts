import { parseConfiguration } from '../../src/config/parse.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import type { Plan, Step } from './plan.ts';

/** The file in force, and what the witness has to know of it. */
export interface World {
  readonly configuration: Configuration;
  /** Providers in it that are switched on. */
  readonly serving: readonly string[];
  readonly limits: ReadonlyMap<string, number>;
}

type Reload = Extract<Step, { kind: 'reload' }>;

/** The credential of a provider; a reload may change it. */
export function keyOf(provider: string, edition: number | string): string {
  return `key-of-${provider}-${edition}`;
}

/** The file that a run begins with. */
export function worldOf(plan: Plan): World {
  const world = configurationOf(plan, undefined);
  if (world === undefined) throw new Error('the file that it begins with is refused');
  return world;
}

/** The file after a reload; undefined where it is refused, and the one in force stays. */
export function configurationOf(plan: Plan, reload: Reload | undefined): World | undefined {
  const { without = [], off = [], keys = 1, limit } = reload ?? {};
  const limits = new Map<string, number>();
  const kept = plan.providers.filter(({ name }) => !without.includes(name));
  const entries = kept.map(({ name, entry }) => {
    const { max_concurrent: planned } = entry;
    const most = typeof planned === 'number' ? (limit ?? planned) : undefined;
    if (most !== undefined) limits.set(name, most);
    return {
      ...entry,
      ...(most === undefined ? {} : { max_concurrent: most }),
      name,
      type: 'anthropic',
      base_url: `https://${name}.example`,
      auth_type: 'api_key',
      auth_value: keyOf(name, keys),
      enabled: !off.includes(name),
    };
  });
  const routes = kept.map(({ name, priority }) => ({ provider: name, model: 'passthrough', priority }));
  const file = { providers: entries, model_routes: { '*': routes }, settings: plan.settings };
  const parsed = parseConfiguration(JSON.stringify(file), { env: {} });
  if (!parsed.ok) return undefined;
  const { configuration } = parsed;
  return {
    configuration,
    serving: kept.map(({ name }) => name).filter((name) => !off.includes(name)),
    limits,
  };
}
