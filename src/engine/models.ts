import { isRecord } from '../domain/is-record.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import type { ModelInfo } from './interface.ts';
import type { ProviderAdapters } from './provider-adapter.ts';
import type { Runtime } from './runtime.ts';

/** The models that can be asked for: from the configuration, and from providers that take every model. Never waits. */
export interface ModelCatalogue {
  list(runtime: Runtime, clientHeaders: readonly string[]): readonly ModelInfo[];
  /** Forgets the fetched lists of providers that are no longer configured; with `force` all. Gives how many. */
  forget(runtime: Runtime, force: boolean): number;
}

export interface ModelCatalogueOptions {
  readonly clock: Clock;
  readonly adapters: ProviderAdapters;
}

const KEPT_MS = 600_000;
/** After a failed fetch it is not tried again sooner. ms */
const RETRY_MS = 60_000;
const FETCH_MS = 10_000;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_MODELS = 2_000;
/** For models that are only named in the configuration, which tells no date. */
const UNKNOWN_DATE = '1970-01-01T00:00:00Z';

interface Fetched {
  readonly models: readonly ModelInfo[];
  /** Wall clock ms. */
  readonly until: number;
}

export function createModelCatalogue(options: ModelCatalogueOptions): ModelCatalogue {
  const { clock, adapters } = options;
  const fetched = new Map<string, Fetched>();
  const underway = new Set<string>();

  const refresh = (runtime: Runtime, provider: ProviderSettings, clientHeaders: readonly string[]): void => {
    const { id } = provider;
    if (underway.has(id) || (fetched.get(id)?.until ?? 0) > clock.now()) return;
    const transport = runtime.transportOf(id);
    const list = adapters[provider.type]?.models(provider, clientHeaders);
    if (transport === undefined || list === undefined) return;
    underway.add(id);
    const leave = runtime.enter();
    const chunks: Buffer[] = [];
    let length = 0;
    let ok = false;
    let over = false;
    const finish = (models: readonly ModelInfo[] | undefined): void => {
      if (over) return;
      over = true;
      clock.clearTimeout(timer);
      underway.delete(id);
      leave();
      const known = fetched.get(id)?.models ?? [];
      fetched.set(id, {
        models: models ?? known,
        until: clock.now() + (models === undefined ? RETRY_MS : KEPT_MS),
      });
    };
    const timer = clock.setTimeout(() => {
      exchange?.abort();
      finish(undefined);
    }, FETCH_MS);
    const { connectMs, poolMs } = provider.timeouts.nonStreaming;
    const exchange = transport(
      {
        method: 'GET',
        url: list.url,
        headers: list.headers,
        connectTimeoutMs: connectMs,
        poolTimeoutMs: poolMs,
      },
      {
        head(status) {
          ok = status === 200;
        },
        chunk(bytes) {
          length += bytes.length;
          if (length <= MAX_BYTES) chunks.push(bytes);
          else ok = false;
          return true;
        },
        end: () => finish(ok ? parseModels(Buffer.concat(chunks)) : undefined),
        fail: () => finish(undefined),
      },
    );
  };

  return {
    list(runtime, clientHeaders) {
      const models = new Map<string, ModelInfo>();
      for (const id of configuredModels(runtime))
        models.set(id, { id, displayName: id, createdAt: UNKNOWN_DATE });
      for (const provider of passthroughProviders(runtime)) {
        refresh(runtime, provider, clientHeaders);
        for (const model of fetched.get(provider.id)?.models ?? []) models.set(model.id, model);
      }
      return [...models.values()].slice(0, MAX_MODELS);
    },
    forget(runtime, force) {
      const over = [...fetched.keys()].filter((id) => force || !runtime.providers.has(id));
      for (const id of over) fetched.delete(id);
      return over.length;
    },
  };
}

/** Names that stand in the configuration: exact routes, mappings, `available_models`. */
function configuredModels({ configuration }: Runtime): Set<string> {
  const exact = configuration.routes
    .map(({ pattern }) => pattern)
    .filter((pattern) => !pattern.includes('*'));
  const named = configuration.providers
    .filter((provider) => provider.enabled && provider.unservable === undefined)
    .flatMap(({ modelMappings, availableModels }) => [...Object.keys(modelMappings), ...availableModels]);
  return new Set([...exact, ...named]);
}

/** Providers that get the client's own model names, whatever they are. */
function passthroughProviders({ configuration }: Runtime): ProviderSettings[] {
  const { providers, routes } = configuration;
  const targets = routes.flatMap((route) => route.targets.filter(({ model }) => model === 'passthrough'));
  const open = new Set(targets.map(({ provider }) => provider));
  return providers.filter(
    (provider) =>
      provider.enabled &&
      provider.unservable === undefined &&
      provider.availableModels.length === 0 &&
      (routes.length === 0 || open.has(provider.id) || open.has(provider.name)),
  );
}

function parseModels(bytes: Buffer): ModelInfo[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const data = isRecord(value) ? value.data : undefined;
  if (!Array.isArray(data)) return undefined;
  return data.slice(0, MAX_MODELS).flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.id !== 'string' || entry.id === '') return [];
    const displayName = typeof entry.display_name === 'string' ? entry.display_name : entry.id;
    return [{ id: entry.id, displayName, createdAt: dateOf(entry) }];
  });
}

/** Chat Completions tell seconds since 1970. */
function dateOf({ created_at, created }: Readonly<Record<string, unknown>>): string {
  if (typeof created_at === 'string') return created_at;
  const ms = typeof created === 'number' ? created * 1_000 : Number.NaN;
  return Math.abs(ms) <= LATEST_MS ? new Date(ms).toISOString() : UNKNOWN_DATE;
}

/** No date is later. Unix, ms. */
const LATEST_MS = 8_640_000_000_000_000;
