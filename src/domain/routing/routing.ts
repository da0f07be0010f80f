import { LruMap } from '../lru-map.ts';
import type { Configuration, ProviderSettings, Route } from '../settings/settings.ts';
import type { Candidate } from './candidate.ts';
import { compilePattern, isPattern, type PatternMatch } from './model-pattern.ts';

/** Who could serve a model. Tiers are never empty, each by ascending priority, no (provider, model) pair twice. */
export type Routing =
  | {
      readonly kind: 'routed';
      /** First the first matching route, then the next matching ones, for when nobody before them is available. */
      readonly tiers: readonly (readonly Candidate[])[];
    }
  | {
      readonly kind: 'no_route';
      /** `no_match`: no route names the model. `no_provider`: one does, but nobody of it is enabled and serves it. */
      readonly reason: 'no_match' | 'no_provider';
    }
  | {
      readonly kind: 'unknown_pin';
      /** The provider exists but is disabled or can't be served. */
      readonly configured: boolean;
    };

/** Routes and providers, prepared once a configuration so that a request costs little, however many there are. */
export interface CompiledRoutes {
  /** Exact names as written. */
  readonly exact: ReadonlyMap<string, readonly CompiledRoute[]>;
  /** The same in lower case. */
  readonly exactIgnoringCase: ReadonlyMap<string, readonly CompiledRoute[]>;
  /** In file order. */
  readonly patterns: readonly CompiledRoute[];
  /** Servable providers, by what a client may pin: id or name. */
  readonly pins: ReadonlyMap<string, readonly ProviderSettings[]>;
  /** Every id and name of the configuration, servable or not. */
  readonly knownPins: ReadonlySet<string>;
  /** Answers for the models asked last. Clients choose model names, so it is bounded. */
  readonly answers: LruMap<string, Routing>;
}

interface CompiledRoute {
  readonly pattern: string;
  readonly matches: PatternMatch;
  /** Of enabled targets with servable providers, by ascending priority, ties in file order. */
  readonly targets: readonly CompiledTarget[];
}

interface CompiledTarget {
  readonly provider: ProviderSettings;
  readonly model: string;
  readonly priority: number;
}

const PASSTHROUGH = 'passthrough';
const ANY_MODEL = '*';
const REMEMBERED_MODELS = 256;
const LONGEST_REMEMBERED_MODEL = 256;

/**
 * Prepares a configuration's routes. Without any, every provider in file order serves every model under the route `*`.
 * @param isServable false for providers that no request can use (no credential, type not served); disabled ones
 * are left out anyway.
 */
export function compileRoutes(
  configuration: Pick<Configuration, 'providers' | 'routes'>,
  isServable: (provider: ProviderSettings) => boolean,
): CompiledRoutes {
  const servable = configuration.providers.filter((provider) => provider.enabled && isServable(provider));
  const routes = routesOrDefault(configuration.routes, servable).map((route) =>
    compileRoute(route, servable),
  );
  const exact = routes.filter((route) => !isPattern(route.pattern));
  return {
    exact: groupBy(exact, (route) => route.pattern),
    exactIgnoringCase: groupBy(exact, (route) => route.pattern.toLowerCase()),
    patterns: routes.filter((route) => isPattern(route.pattern)),
    pins: pinsOf(servable),
    knownPins: new Set(configuration.providers.flatMap((provider) => [provider.id, provider.name])),
    answers: new LruMap(REMEMBERED_MODELS),
  };
}

/**
 * Who may serve `model` (the client's name for it): the route of exactly that name, else of that name in another case,
 * else the patterns in file order; those after the first match are further tiers.
 * @param pin a provider's id or name: only that one, or all accounts of that name, with the model that the first
 * route naming it says, else the client's.
 */
export function resolveRoutes(compiled: CompiledRoutes, model: string, pin?: string): Routing {
  const routing = unpinnedRouting(compiled, model);
  return pin === undefined ? routing : pinnedRouting(compiled, routing, model, pin);
}

function unpinnedRouting(compiled: CompiledRoutes, model: string): Routing {
  const known = compiled.answers.get(model);
  if (known !== undefined) return known;
  const routing = routingOf(matchingRoutes(compiled, model), model);
  // Unknown and overlong names are computed each time: they must not displace those that are really in use.
  if (routing.kind === 'routed' && model.length <= LONGEST_REMEMBERED_MODEL) {
    compiled.answers.set(model, routing);
  }
  return routing;
}

function matchingRoutes(compiled: CompiledRoutes, model: string): ReadonlySet<CompiledRoute> {
  const lowerCase = model.toLowerCase();
  return new Set([
    ...(compiled.exact.get(model) ?? []),
    ...(compiled.exactIgnoringCase.get(lowerCase) ?? []),
    ...compiled.patterns.filter((route) => route.matches(lowerCase)),
  ]);
}

function routingOf(routes: ReadonlySet<CompiledRoute>, model: string): Routing {
  if (routes.size === 0) return { kind: 'no_route', reason: 'no_match' };
  const seen = new Set<string>();
  const tiers = [...routes]
    .map((route) => candidatesOf(route, model).filter((candidate) => isNew(candidate, seen)))
    .filter((tier) => tier.length > 0);
  return tiers.length > 0 ? { kind: 'routed', tiers } : { kind: 'no_route', reason: 'no_provider' };
}

function candidatesOf(route: CompiledRoute, model: string): readonly Candidate[] {
  return route.targets
    .filter((target) => serves(target.provider, model))
    .map(({ provider, model: targetModel, priority }) => ({
      provider: provider.id,
      model: targetModel === PASSTHROUGH ? mappedModel(provider, model) : targetModel,
      route: route.pattern,
      priority,
      weight: provider.weight,
    }));
}

function pinnedRouting(compiled: CompiledRoutes, routing: Routing, model: string, pin: string): Routing {
  const pinned = compiled.pins.get(pin);
  if (pinned === undefined) return { kind: 'unknown_pin', configured: compiled.knownPins.has(pin) };
  const tiers = routing.kind === 'routed' ? routing.tiers : [];
  const tier = pinned
    .filter((provider) => serves(provider, model))
    .flatMap((provider, index) => pinnedCandidates(provider, tiers, model, index + 1));
  if (tier.length === 0) return { kind: 'no_route', reason: 'no_provider' };
  return { kind: 'routed', tiers: [tier.sort((a, b) => a.priority - b.priority)] };
}

function pinnedCandidates(
  provider: ProviderSettings,
  tiers: readonly (readonly Candidate[])[],
  model: string,
  position: number,
): readonly Candidate[] {
  for (const tier of tiers) {
    const named = tier.filter((candidate) => candidate.provider === provider.id);
    if (named.length > 0) return named;
  }
  const upstreamModel = mappedModel(provider, model);
  const { id, weight } = provider;
  return [{ provider: id, model: upstreamModel, route: ANY_MODEL, priority: position, weight }];
}

function compileRoute(route: Route, servable: readonly ProviderSettings[]): CompiledRoute {
  const targets = route.targets
    .filter((target) => target.enabled)
    .flatMap(({ provider, model, priority }) =>
      providersOf(provider, servable).map((found) => ({ provider: found, model, priority })),
    )
    .sort((a, b) => a.priority - b.priority);
  return { pattern: route.pattern, matches: compilePattern(route.pattern), targets };
}

/** A target names an id; where no id is so called, every account of that name. */
function providersOf(reference: string, servable: readonly ProviderSettings[]): readonly ProviderSettings[] {
  const byId = servable.find((provider) => provider.id === reference);
  return byId === undefined ? servable.filter((provider) => provider.name === reference) : [byId];
}

function routesOrDefault(routes: readonly Route[], servable: readonly ProviderSettings[]): readonly Route[] {
  if (routes.length > 0) return routes;
  const targets = servable.map((provider, index) => ({
    provider: provider.id,
    model: PASSTHROUGH,
    priority: index + 1,
    enabled: true,
  }));
  return [{ pattern: ANY_MODEL, targets }];
}

/** A name stands for all its accounts, an id (where it is nobody's name) for the one. */
function pinsOf(servable: readonly ProviderSettings[]): ReadonlyMap<string, readonly ProviderSettings[]> {
  const byId = groupBy(servable, (provider) => provider.id);
  const byName = groupBy(servable, (provider) => provider.name);
  return new Map([...byId, ...byName]);
}

/** `available_models` lists the client's names, exactly; an empty list means all. */
function serves(provider: ProviderSettings, model: string): boolean {
  return provider.availableModels.length === 0 || provider.availableModels.includes(model);
}

function mappedModel(provider: ProviderSettings, model: string): string {
  // Own keys only: a client may well ask for a model called "constructor".
  return Object.hasOwn(provider.modelMappings, model) ? (provider.modelMappings[model] ?? model) : model;
}

function isNew(candidate: Candidate, seen: Set<string>): boolean {
  const pair = JSON.stringify([candidate.provider, candidate.model]);
  if (seen.has(pair)) return false;
  seen.add(pair);
  return true;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
