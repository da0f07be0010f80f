import type { Socket } from 'node:net';
import { ConnectError } from './connect-error.ts';
import { type Parsed, readAnswer } from './handshake.ts';
import type { ProxyAddress } from './proxy-choice.ts';

/** `Basic …` for a proxy with a user part, or undefined. */
export function proxyAuthorization(proxy: ProxyAddress): string | undefined {
  if (proxy.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${proxy.username}:${proxy.password ?? ''}`).toString('base64')}`;
}

/** Asks an HTTP proxy, already connected, for a tunnel to `hostname:port`. Afterwards the socket speaks with the target. */
export async function openHttpTunnel(
  socket: Socket,
  proxy: ProxyAddress,
  hostname: string,
  port: number,
): Promise<void> {
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const credentials = authorization === undefined ? '' : `proxy-authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${credentials}\r\n`, 'latin1');
  const status = await readAnswer(socket, proxy.label, (bytes) => parseAnswer(bytes, proxy.label));
  if (status < 200 || status > 299) throw proxyRefusal(proxy.label, status);
}

/** The error for a proxy that answers with a status of its own. */
export function proxyRefusal(label: string, status: number): ConnectError {
  const hint = status === 407 ? ' (it wants a user name and a password)' : '';
  return new ConnectError(`PROXY_${status}`, `proxy ${label} refused with HTTP ${status}${hint}`);
}

function parseAnswer(bytes: Buffer, label: string): Parsed<number> | undefined {
  if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/')
    throw new ConnectError('PROXY_PROTOCOL', `proxy ${label} does not speak HTTP`);
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(bytes.toString('latin1', 0, end))?.[1];
  if (status === undefined)
    throw new ConnectError('PROXY_PROTOCOL', `proxy ${label} gave an unreadable answer`);
  return { value: Number(status), used: end + 4 };
}
