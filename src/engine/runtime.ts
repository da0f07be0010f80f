import { type CompiledRoutes, compileRoutes } from '../domain/routing/routing.ts';
import type { Configuration, ProviderSettings } from '../domain/settings/settings.ts';
import { decoding } from '../upstream/decode.ts';
import type { Transport } from '../upstream/transport.ts';
import { hostOf } from './configuration-facts.ts';

/** A provider's way out, opened once and closed when no request needs it any more. */
export interface ProviderTransport {
  readonly transport: Transport;
  /** Takes no new request; resolves when the running ones have ended. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

export type OpenTransport = (provider: ProviderSettings) => ProviderTransport;

/**
 * One configuration made runnable. A request keeps the runtime it began with until it ends; a reload makes a new one
 * that shares the transports of unchanged providers.
 */
export interface Runtime {
  readonly configuration: Configuration;
  readonly routes: CompiledRoutes;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** Hosts of their addresses, by provider id. Read once: reading an address costs more than all else that a request asks of it. */
  readonly hosts: ReadonlyMap<string, string>;
  /** All its providers speak the Messages API. */
  readonly isAnthropicOnly: boolean;
  transportOf(providerId: string): Transport | undefined;
  /** A request begins to use it; the function it gives ends that. */
  enter(): () => void;
}

/** Makes runtimes one after the other and closes what none of them needs any more. */
export interface RuntimeSource {
  readonly current: Runtime;
  replace(configuration: Configuration): Runtime;
  /** Ends every connection, running ones too. */
  destroy(): Promise<void>;
}

interface Shared {
  readonly key: string;
  readonly opened: ProviderTransport;
  /** Its answers decoded. */
  readonly transport: Transport;
  users: number;
}

export function createRuntimeSource(configuration: Configuration, open: OpenTransport): RuntimeSource {
  const shared = new Map<string, Shared>();

  const borrow = (provider: ProviderSettings): Shared => {
    const key = wayKey(provider);
    const way = shared.get(key) ?? opened(key, open(provider));
    way.users += 1;
    shared.set(key, way);
    return way;
  };
  const giveBack = (way: Shared): void => {
    way.users -= 1;
    if (way.users > 0) return;
    shared.delete(way.key);
    void way.opened.close();
  };
  const build = (next: Configuration): { runtime: Runtime; retire: () => void } => {
    const ways = new Map(next.providers.map((provider) => [provider.id, borrow(provider)]));
    let requests = 0;
    let retired = false;
    const release = (): void => {
      if (!retired || requests > 0) return;
      for (const way of ways.values()) giveBack(way);
      ways.clear();
    };
    const runtime: Runtime = {
      configuration: next,
      routes: compileRoutes(next, ({ unservable }) => unservable === undefined),
      providers: new Map(next.providers.map((provider) => [provider.id, provider])),
      hosts: new Map(next.providers.map((provider) => [provider.id, hostOf(provider)])),
      isAnthropicOnly: next.providers.every(({ type }) => type === 'anthropic'),
      transportOf: (id) => ways.get(id)?.transport,
      enter() {
        requests += 1;
        let left = false;
        return () => {
          if (left) return;
          left = true;
          requests -= 1;
          release();
        };
      },
    };
    const retire = (): void => {
      retired = true;
      release();
    };
    return { runtime, retire };
  };

  let now = build(configuration);
  return {
    get current() {
      return now.runtime;
    },
    replace(next) {
      const before = now;
      now = build(next);
      before.retire();
      return now.runtime;
    },
    async destroy() {
      await Promise.all([...shared.values()].map(({ opened }) => opened.destroy()));
    },
  };
}

/** Everything that the way to a provider depends on. Providers that agree in it still have a pool each, by id. */
function wayKey(provider: ProviderSettings): string {
  const { id, baseUrl, proxy, caFile, maxConnections } = provider;
  return JSON.stringify([id, baseUrl, proxy, caFile, maxConnections]);
}

function opened(key: string, way: ProviderTransport): Shared {
  return { key, opened: way, transport: decoding(way.transport), users: 0 };
}
