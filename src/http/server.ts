import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { HttpEnv } from './context.ts';
import type { HttpEvent } from './events.ts';
import { isLoopback, isWildcard } from './host.ts';
import type { Upgrade } from './inspector/socket.ts';
import { envelope } from './problem.ts';
import { answerUnreadable } from './unreadable.ts';
import { listenForUpgrades } from './upgrades.ts';

export interface ServerOptions {
  readonly app: Hono<HttpEnv>;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly observe: (event: HttpEvent) => void;
  /** Takes requests for another protocol. */
  readonly upgrade?: Upgrade | undefined;
}

export interface RunningServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly port: number;
  /** Takes no further connection; resolves when the last running answer is over. */
  close(): Promise<void>;
  /** Tears every connection down at once. */
  destroy(): void;
}

/** `failed`: for people, with what to do about it. */
export type StartResult =
  | { readonly kind: 'listening'; readonly server: RunningServer }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

const NODE_OPTIONS = {
  noDelay: true,
  // A client whose machine vanished says no goodbye; without probes its upstream would run on for nobody.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  maxHeaderSize: 64 * 1024,
  headersTimeout: 60_000,
  // Node's bound of a whole upload would cut slow but honest ones; the body reader watches for silence instead.
  requestTimeout: 0,
  // Longer than clients keep an idle connection (Go 90 s, Node and Python 5 to 15 s): who closes first must be the
  // client, or a request that just set out on the connection meets a reset.
  keepAliveTimeout: 120_000,
} as const;

/** Starts to listen. An address that can't be had is a value, not an exception. */
export function startServer(options: ServerOptions): Promise<StartResult> {
  const { app, host, port } = options;
  let closing = false;
  const respond = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // It would close connections half a second after a refusal; `answerWhileWriting` does it with patience.
    autoCleanupIncoming: false,
    // HTTP/1.0 may come without a Host.
    hostname: 'localhost',
    errorHandler: (error) => unreadableRequest(error, options.observe),
  });
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // A write to a connection that just closed raises an event, and nobody else listens.
    outgoing.on('error', ignore);
    noteRequest(incoming, outgoing);
    outgoing.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    if (closing) outgoing.shouldKeepAlive = false;
    respond(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy();
      options.observe({ type: 'fault', message: 'An answer could not be sent.', error });
    });
  };
  const server = createServer(NODE_OPTIONS, listener);
  if (options.upgrade !== undefined) listenForUpgrades(server, options.upgrade);
  const noteRequest = answerUnreadable(server);
  // The body reader says `100 Continue` itself, once nothing speaks against the body.
  server.on('checkContinue', listener);

  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(startFailure(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => {
        options.observe({ type: 'fault', message: 'The listening socket failed.', error });
      });
      resolve({
        kind: 'listening',
        server: running(server, host, () => {
          closing = true;
        }),
      });
    });
  });
}

function ignore(): void {}

function running(server: Server, host: string, onClosing: () => void): RunningServer {
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${urlHost(host)}:${port}`,
    close() {
      onClosing();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
    destroy() {
      onClosing();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A request line or Host that makes no address never reaches the routes. */
function unreadableRequest(error: unknown, observe: ServerOptions['observe']): Response {
  const isFault = !(error instanceof Error) || error.name !== 'RequestError';
  if (isFault) observe({ type: 'fault', message: 'A request failed outside the routes.', error });
  const problem = isFault
    ? { status: 500, message: 'The balancer itself failed on this request.' }
    : { status: 400, message: 'The request has no valid address: look at its Host header and its path.' };
  return new Response(envelope(problem, 'none'), {
    status: problem.status,
    headers: { 'content-type': 'application/json' },
  });
}

function startFailure(error: NodeJS.ErrnoException, host: string, port: number): StartResult {
  const code = error.code ?? 'UNKNOWN';
  return { kind: 'failed', code, message: reason(code, host, port) };
}

function reason(code: string, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `Port ${port} on ${host} is in use: another balancer may be running. ` +
        'Stop it, or choose another port with --port or settings.port.'
      );
    case 'EACCES':
      return `Port ${port} needs rights that this user has not. Choose one above 1023 with --port or settings.port.`;
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}. Set --host or settings.host to 127.0.0.1, or to an address of this machine.`;
    case 'ENOTFOUND':
      return `The host name ${host} is unknown. Set --host or settings.host to 127.0.0.1, or to an address of this machine.`;
    default:
      return `Cannot listen on ${host}, port ${port} (${code}).`;
  }
}

/** How a client on this machine writes the host: a wildcard is reached over loopback. */
function urlHost(host: string): string {
  if (isWildcard(host)) return host === '::' ? '[::1]' : '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** What whoever opens the balancer to the network should know; undefined if there is nothing to say. */
export function bindingWarning(host: string, authEnabled: boolean): string | undefined {
  if (authEnabled || isLoopback(host)) return undefined;
  return (
    `Listening on ${host} without authentication: whoever reaches this machine can spend your keys. ` +
    'Set settings.auth (enabled, api_key), or settings.host to 127.0.0.1.'
  );
}
