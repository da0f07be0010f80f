import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { ConnectError } from './connect-error.ts';
import { openHttpTunnel } from './http-tunnel.ts';
import type { ProxyAddress, ProxyChoice } from './proxy-choice.ts';
import { openSocksTunnel } from './socks5.ts';

/** What must be connected to. */
export interface DialTarget {
  readonly secure: boolean;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Name for TLS; the host's own if absent. */
  readonly servername?: string;
}

export interface DialOptions {
  readonly way: ProxyChoice;
  /** Undefined: Node's default trust. */
  readonly trust?: SecureContext;
  /** TLS sessions to resume, by server name. */
  readonly sessions: Map<string, Buffer>;
}

/**
 * Opens a socket to the target, through its proxy if there is one, TLS included. Rejects with Node's error or a
 * `ConnectError`. When the signal fires the socket is closed at once. There is no time limit of its own.
 */
export async function dial(target: DialTarget, options: DialOptions, signal: AbortSignal): Promise<Socket> {
  const { way } = options;
  if (way.kind === 'unusable') throw new ConnectError('INVALID_PROXY', way.message);
  let socket: Socket | undefined;
  const abort = (): void => {
    socket?.destroy();
  };
  signal.addEventListener('abort', abort);
  try {
    socket = openTcp(way.kind === 'proxy' ? way.proxy : target);
    await once(socket, 'connect', { signal });
    if (way.kind === 'proxy') socket = await passProxy(socket, way.proxy, target, signal);
    if (target.secure) socket = await secure(socket, target, options, signal);
    return socket;
  } catch (error) {
    socket?.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Whether requests to this target go to an HTTP proxy in absolute form, without a tunnel. */
export function isForwarded(target: Pick<DialTarget, 'secure'>, way: ProxyChoice): boolean {
  return !target.secure && way.kind === 'proxy' && way.proxy.protocol !== 'socks5';
}

function openTcp(where: { readonly hostname: string; readonly port: number }): Socket {
  const options = { host: where.hostname, port: where.port, highWaterMark: 64 * 1024 };
  const socket = connectTcp(options);
  // Errors are seen by whoever waits; between two waits they must not take the process down.
  socket.on('error', () => {});
  return socket.setNoDelay(true).setKeepAlive(true, 60_000);
}

async function passProxy(
  tcp: Socket,
  proxy: ProxyAddress,
  target: DialTarget,
  signal: AbortSignal,
): Promise<Socket> {
  let socket = tcp;
  if (proxy.protocol === 'https') {
    const tls = connectTls({ socket: tcp, ...names(proxy.hostname), ALPNProtocols: ['http/1.1'] });
    tls.on('error', () => {});
    await once(tls, 'secureConnect', { signal });
    socket = tls;
  }
  if (proxy.protocol === 'socks5') await openSocksTunnel(socket, proxy, target.hostname, target.port);
  else if (target.secure) await openHttpTunnel(socket, proxy, target.hostname, target.port);
  return socket;
}

async function secure(
  raw: Socket,
  target: DialTarget,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const servername = target.servername ?? target.hostname;
  const session = options.sessions.get(servername);
  const tls = connectTls({
    socket: raw,
    ...names(servername),
    ALPNProtocols: ['http/1.1'],
    ...(options.trust === undefined ? {} : { secureContext: options.trust }),
    ...(session === undefined ? {} : { session }),
  });
  tls.on('error', () => {});
  tls.on('session', (ticket: Buffer) => options.sessions.set(servername, ticket));
  await once(tls, 'secureConnect', { signal });
  return tls;
}

/** `host` is what the certificate is checked against; a server name must not be an address (RFC 6066). */
function names(hostname: string): { host: string; servername?: string } {
  return isIP(hostname) === 0 ? { host: hostname, servername: hostname } : { host: hostname };
}
