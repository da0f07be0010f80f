import type { Candidate } from '../../src/domain/routing/candidate.ts';
import type { ProviderSettings, Route, RouteTarget } from '../../src/domain/settings/settings.ts';

const PHASES = { connectMs: 1_000, readMs: 1_000, poolMs: 1_000, firstContentMs: 1_000 };

/** A servable Anthropic provider called `id`. */
export function provider(id: string, changes: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    id,
    name: id,
    type: 'anthropic',
    baseUrl: `https://${id.toLowerCase()}.example`,
    credential: { kind: 'api_key', value: 'not-a-real-key' },
    enabled: true,
    weight: 1,
    modelMappings: {},
    availableModels: [],
    headers: {},
    timeouts: { streaming: PHASES, nonStreaming: PHASES, countMs: 10_000 },
    mustStream: false,
    streamingMode: 'auto',
    ...changes,
  };
}

/** A route; targets as `provider`, `provider=model` in order of priority, or whole. */
export function route(pattern: string, ...targets: readonly (string | RouteTarget)[]): Route {
  return {
    pattern,
    targets: targets.map((target, index) => {
      if (typeof target !== 'string') return target;
      const [name = '', model = 'passthrough'] = target.split('=');
      return { provider: name, model, priority: index + 1, enabled: true };
    }),
  };
}

/** A candidate of the route `*`. */
export function candidate(name: string, changes: Partial<Candidate> = {}): Candidate {
  return { provider: name, model: 'claude-opus-4', route: '*', priority: 1, weight: 1, ...changes };
}
