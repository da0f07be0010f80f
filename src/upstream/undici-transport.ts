import { LiveTable } from '../domain/live-table.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import { loadTrust } from './certificates.ts';
import { ConnectError } from './connect-error.ts';
import { Connection, type OpenSocket } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { dial } from './dial.ts';
import { failure } from './network-errors.ts';
import { chooseProxy, type ProxyEnvironment } from './proxy-choice.ts';
import type { Transport, UpstreamExchange } from './transport.ts';
import { UndiciExchange } from './undici-exchange.ts';

export interface UndiciTransportOptions {
  readonly settings: Pick<ProviderSettings, 'proxy' | 'caFile' | 'maxConnections'>;
  /** `process.env`, for the proxy variables and NODE_EXTRA_CA_CERTS. */
  readonly env: ProxyEnvironment;
  /** For the times of waiting and connecting. */
  readonly clock: Clock;
}

export interface UndiciTransport {
  readonly transport: Transport;
  /** Takes no new request; resolves when the running ones have ended. */
  close(): Promise<void>;
  /** Ends running requests with `aborted` and closes every socket. */
  destroy(): Promise<void>;
}

/**
 * One provider's way out: HTTP/1.1 through undici's `dispatch`, connections kept alive for 60 s, one request a connection
 * at a time, redirects never followed. A proxy or `ca_file` that can't be used fails each request with the reason.
 */
export function createUndiciTransport(options: UndiciTransportOptions): UndiciTransport {
  const { settings, env, clock } = options;
  const trust = loadTrust(settings.caFile, env.NODE_EXTRA_CA_CERTS);
  const sessions = new Map<string, Buffer>();
  const running = new LiveTable<UndiciExchange>();
  let begun = 0;
  let closed = false;
  let whenEmpty: (() => void)[] = [];

  const pool = new ConnectionPool(settings.maxConnections, (origin, lost) => {
    const way = chooseProxy(origin, settings.proxy, env);
    const open: OpenSocket = async (target, signal) => {
      if (trust.kind === 'unusable') throw new ConnectError('INVALID_CA_FILE', trust.message);
      const extended = trust.kind === 'extended' ? { trust: trust.context } : {};
      return dial(target, { way, sessions, ...extended }, signal);
    };
    return new Connection(origin, way, open, lost);
  });

  const ended = (name: string): void => {
    running.delete(name);
    if (running.size > 0) return;
    for (const resolve of whenEmpty) resolve();
    whenEmpty = [];
  };

  /** A provider is nearly always asked at one and the same address: parsing it takes as long as choosing a connection. */
  let latest: { readonly text: string; readonly url: URL | undefined } | undefined;
  const urlOf = (text: string): URL | undefined => {
    if (latest?.text !== text) latest = { text, url: parsed(text) };
    return latest.url;
  };

  const transport: Transport = (request, sink) => {
    if (closed) return refused(() => sink.fail(closedFailure()));
    const url = urlOf(request.url);
    if (url === undefined)
      return refused(() => sink.fail(failure('protocol', 'INVALID_URL', 'the address is not a URL', false)));
    begun += 1;
    const name = String(begun);
    const exchange = new UndiciExchange(request, url, sink, pool, clock, () => ended(name));
    running.set(name, exchange);
    exchange.start();
    return exchange;
  };

  const close = async (): Promise<void> => {
    closed = true;
    pool.close();
    if (running.size > 0) await new Promise<void>((resolve) => whenEmpty.push(resolve));
    await pool.settled();
  };

  return {
    transport,
    close,
    destroy: async () => {
      const done = close();
      for (const exchange of running.values()) exchange.shutDown();
      await done;
    },
  };
}

/** Parses once: asking first whether it can be parsed would cost as much again. */
function parsed(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

function closedFailure() {
  return failure('aborted', 'TRANSPORT_CLOSED', 'the transport is closed', false);
}

/** An exchange that fails before anything was sent, unless it is aborted first. */
function refused(fail: () => void): UpstreamExchange {
  let aborted = false;
  queueMicrotask(() => {
    if (!aborted) fail();
  });
  return {
    pause() {},
    resume() {},
    abort() {
      aborted = true;
    },
  };
}
