import { isIP, type Socket } from 'node:net';
import { ConnectError } from './connect-error.ts';
import { type Parsed, readAnswer } from './handshake.ts';
import type { ProxyAddress } from './proxy-choice.ts';

const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;

/** Reply codes of RFC 1928 §6. */
const REPLIES: readonly string[] = [
  'succeeded',
  'general failure',
  'connection not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused by the target',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

/**
 * Asks a SOCKS5 proxy (RFC 1928, RFC 1929), already connected, for a connection to `hostname:port`. The name is
 * resolved by the proxy, never here.
 */
export async function openSocksTunnel(
  socket: Socket,
  proxy: ProxyAddress,
  hostname: string,
  port: number,
): Promise<void> {
  const methods = proxy.username === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_AND_PASSWORD];
  socket.write(Buffer.from([5, methods.length, ...methods]));
  const method = await readAnswer(socket, proxy.label, (bytes) => parsePair(bytes, 5, proxy.label));
  if (method === USER_AND_PASSWORD && proxy.username !== undefined) {
    socket.write(credentials(proxy.username, proxy.password ?? '', proxy.label));
    const status = await readAnswer(socket, proxy.label, (bytes) => parsePair(bytes, 1, proxy.label));
    if (status !== 0)
      throw new ConnectError('PROXY_AUTH', `proxy ${proxy.label} refused the user name or password`);
  } else if (method !== NO_AUTHENTICATION) {
    throw new ConnectError('PROXY_AUTH', `proxy ${proxy.label} wants another kind of authentication`);
  }
  socket.write(connectCommand(hostname, port, proxy.label));
  const reply = await readAnswer(socket, proxy.label, (bytes) => parseReply(bytes, proxy.label));
  if (reply !== 0)
    throw new ConnectError(
      `PROXY_SOCKS_${reply}`,
      `proxy ${proxy.label} could not connect: ${REPLIES[reply] ?? `reply ${reply}`}`,
    );
}

function parsePair(bytes: Buffer, version: number, label: string): Parsed<number> | undefined {
  const [first, second] = bytes;
  if (first !== undefined && first !== version) throw notSocks(label);
  return second === undefined ? undefined : { value: second, used: 2 };
}

function credentials(username: string, password: string, label: string): Buffer {
  const user = Buffer.from(username);
  const pass = Buffer.from(password);
  if (user.length > 255 || pass.length > 255)
    throw new ConnectError('PROXY_AUTH', `user name or password for proxy ${label} is longer than 255 bytes`);
  return Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([pass.length]), pass]);
}

function connectCommand(hostname: string, port: number, label: string): Buffer {
  return Buffer.concat([
    Buffer.from([5, 1, 0]),
    address(hostname, label),
    Buffer.from([port >> 8, port & 0xff]),
  ]);
}

function address(hostname: string, label: string): Buffer {
  const family = isIP(hostname);
  if (family === 4) return Buffer.from([1, ...hostname.split('.').map(Number)]);
  if (family === 6) return Buffer.concat([Buffer.from([4]), ipv6Bytes(hostname)]);
  const name = Buffer.from(hostname);
  if (name.length > 255)
    throw new ConnectError('PROXY_PROTOCOL', `host name too long for SOCKS proxy ${label}`);
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

/** As URLs write it: hexadecimal groups and at most one `::`. */
function ipv6Bytes(hostname: string): Buffer {
  const [head = '', tail] = hostname.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function parseReply(bytes: Buffer, label: string): Parsed<number> | undefined {
  const [version, reply, , type, length] = bytes;
  if (version !== undefined && version !== 5) throw notSocks(label);
  if (reply === undefined) return undefined;
  // A refusal is told by its code; some proxies send no more than that.
  if (reply !== 0) return { value: reply, used: bytes.length };
  if (type === undefined || length === undefined) return undefined;
  const size = type === 1 ? 4 : type === 4 ? 16 : 1 + length;
  const used = 4 + size + 2;
  return bytes.length < used ? undefined : { value: reply, used };
}

function notSocks(label: string): ConnectError {
  return new ConnectError('PROXY_PROTOCOL', `proxy ${label} does not speak SOCKS5`);
}
