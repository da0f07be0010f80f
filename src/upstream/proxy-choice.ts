import { BlockList, isIP } from 'node:net';

/** The environment variables that name proxies, as `process.env` has them; any case. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

export type ProxyChoice =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly proxy: ProxyAddress }
  /** A proxy is named but can't be used. Going around it could leak what it was meant to hide: the request fails. */
  | { readonly kind: 'unusable'; readonly message: string };

export interface ProxyAddress {
  readonly protocol: 'http' | 'https' | 'socks5';
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** `host:port`, for messages. */
  readonly label: string;
}

const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080 } as const;

/**
 * Which way to `origin`: the provider's own `proxy` (always), else HTTPS_PROXY, HTTP_PROXY or ALL_PROXY by the origin's
 * scheme unless NO_PROXY names the host. Loopback is never reached through a proxy from the environment.
 */
export function chooseProxy(origin: URL, configured: string | undefined, env: ProxyEnvironment): ProxyChoice {
  if (configured !== undefined) return parseProxy(configured, 'proxy');
  const name = origin.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = variable(env, name) ?? variable(env, 'all_proxy');
  const hostname = bareHost(origin.hostname);
  if (value === undefined || isLoopback(hostname)) return { kind: 'direct' };
  const port = Number(origin.port) || (origin.protocol === 'https:' ? 443 : 80);
  if (isExempt(hostname, port, variable(env, 'no_proxy') ?? '')) return { kind: 'direct' };
  return parseProxy(value, name.toUpperCase());
}

/** `[::1]` → `::1`; other names as they are. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function variable(env: ProxyEnvironment, name: string): string | undefined {
  const value = (env[name] ?? env[name.toUpperCase()] ?? otherCase(env, name))?.trim();
  return value === '' ? undefined : value;
}

function otherCase(env: ProxyEnvironment, name: string): string | undefined {
  const key = Object.keys(env).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : env[key];
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  if (hostname === '::1' || hostname === '::ffff:7f00:1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

/** NO_PROXY: `*`, host names (their subdomains too, with or without a leading dot or `*.`), addresses, CIDR blocks, each with an optional port. */
function isExempt(hostname: string, port: number, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || matchesEntry(hostname, port, entry.toLowerCase()));
}

function matchesEntry(hostname: string, port: number, entry: string): boolean {
  if (entry.includes('/')) return isInBlock(hostname, entry);
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
  if (withPort !== null && Number(withPort[2]) !== port) return false;
  const name = bareHost(withPort?.[1] ?? entry).replace(/^\*?\./, '');
  return hostname === name || (isIP(hostname) === 0 && hostname.endsWith(`.${name}`));
}

function isInBlock(hostname: string, block: string): boolean {
  const [network = '', bits = ''] = block.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(hostname) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const blocks = new BlockList();
  blocks.addSubnet(network, Number(bits), type);
  return blocks.check(hostname, type);
}

function parseProxy(value: string, source: string): ProxyChoice {
  const unusable = (why: string): ProxyChoice => ({
    kind: 'unusable',
    message: `${source} ${why}; write it as http://host:port, https://host:port or socks5://host:port`,
  });
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) return unusable('is not a valid proxy address');
  const url = new URL(text);
  const protocol = PROTOCOLS.get(url.protocol);
  if (protocol === undefined) return unusable(`has the unknown scheme ${url.protocol.slice(0, -1)}`);
  if (url.hostname === '') return unusable('names no host');
  const hostname = bareHost(url.hostname);
  const port = Number(url.port) || DEFAULT_PORTS[protocol];
  return {
    kind: 'proxy',
    proxy: {
      protocol,
      hostname,
      port,
      label: `${url.hostname}:${port}`,
      ...(url.username === '' ? {} : { username: decoded(url.username), password: decoded(url.password) }),
    },
  };
}

const PROTOCOLS: ReadonlyMap<string, ProxyAddress['protocol']> = new Map([
  ['http:', 'http'],
  ['https:', 'https'],
  ['socks5:', 'socks5'],
  ['socks5h:', 'socks5'],
  ['socks:', 'socks5'],
] as const);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
