import { connect, createServer, type Server, type Socket } from 'node:net';
import { openFullBacklog } from './full-backlog.ts';
import { startProvider } from './provider.ts';
import type { AddressFault, FaultyAddress } from './scenario.ts';

/** Addresses without an HTTP server, all of them on this machine and without any network. */
export const ADDRESS_FAULTS = {
  connection_refused: {
    about: 'nobody listens there',
    expected: 'unreachable',
    open: openRefusing,
  },
  dns_failure: {
    about: 'the name cannot be resolved',
    expected: 'unreachable',
    open: openUnresolvable,
  },
  ssl_error: {
    about: 'https:// at a port that speaks plain HTTP',
    expected: 'unreachable',
    open: openPlainPort,
  },
  self_signed: {
    about: 'TLS with a certificate that nobody trusts',
    expected: 'unreachable',
    open: openSelfSigned,
  },
  tls_silence: {
    about: 'accepts the connection and never answers the TLS handshake',
    expected: 'unreachable',
    endless: true,
    open: openTlsSilence,
  },
  connect_timeout: {
    about: 'the connection is never accepted',
    expected: 'unreachable',
    endless: true,
    open: openFullBacklog,
  },
} as const satisfies Readonly<Record<string, AddressFault>>;

/**
 * The port is the local end of a connection that stays open: taken, so that nobody else gets it, and without a
 * listener.
 */
async function openRefusing(): Promise<FaultyAddress> {
  const server = createServer();
  const port = await listen(server);
  const socket = await connected(port);
  return {
    url: `http://127.0.0.1:${socket.localPort}`,
    close: () => {
      socket.destroy();
      return closed(server);
    },
  };
}

/** A label longer than DNS allows: the resolver refuses it by itself and asks nobody. */
async function openUnresolvable(): Promise<FaultyAddress> {
  return { url: `http://${'x'.repeat(64)}.invalid`, close: () => Promise.resolve() };
}

async function openPlainPort(): Promise<FaultyAddress> {
  const provider = await startProvider({ behaviour: { kind: 'message' } });
  return { url: `https://127.0.0.1:${provider.port}`, close: () => provider.close() };
}

async function openSelfSigned(): Promise<FaultyAddress> {
  const provider = await startProvider({ tls: true, behaviour: { kind: 'message' } });
  return { url: provider.url, close: () => provider.close() };
}

async function openTlsSilence(): Promise<FaultyAddress> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return closed(server);
    },
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket)).on('error', reject);
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
