import { loadConfiguration } from '../config/load.ts';
import type { Configuration } from '../domain/settings/settings.ts';
import { isLoopback, isWildcard } from '../http/host.ts';
import type { World } from './world.ts';

export interface FindOptions {
  readonly url?: string;
  readonly config?: string;
}

/** Where the running balancer should be. */
export interface BalancerAddress {
  /** Without trailing slash. */
  readonly url: string;
  /** What said so, for people: `--url`, `providers.yaml`. */
  readonly source: string;
  /** Keys with which to enter, the likeliest first. Never shown. */
  readonly keys: readonly string[];
  /** What is to be known besides where nobody answers there. */
  readonly note?: string;
  /** The configuration that `start` would read; undefined if it cannot be used. */
  readonly configuration: Configuration | undefined;
}

/** `usage`: the address on the command line is none. `unknown`: nothing says where it listens. */
export type Located =
  | { readonly kind: 'address'; readonly address: BalancerAddress }
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** The variable that holds our own key. */
export const KEY_VARIABLE = 'CLAUDE_CODE_BALANCER_API_KEY';

const DEFAULT_ADDRESS = 'http://127.0.0.1:9090';

/**
 * Where to look for the running balancer: `--url`, else `--config`, else `ANTHROPIC_BASE_URL` if it is this machine,
 * else the configuration that `start` would read.
 */
export async function locateBalancer(options: FindOptions, world: World): Promise<Located> {
  const { cwd, home, env } = world;
  const { url: given, config } = options;
  const loaded = await loadConfiguration({ cwd, home, env, ...(config !== undefined && { path: config }) });
  const configuration = loaded.ok ? loaded.configuration : undefined;
  if (given !== undefined) {
    const url = readAddress(given);
    if (url === undefined) {
      return { kind: 'usage', message: `--url takes an address, host:port, or a port, not "${given}".` };
    }
    return at(url, '--url', configuration, world);
  }
  const fromClient = config === undefined ? clientAddress(env.ANTHROPIC_BASE_URL) : undefined;
  if (fromClient !== undefined) return at(fromClient, 'ANTHROPIC_BASE_URL', configuration, world);
  if (configuration === undefined) {
    const broken = loaded.diagnostics.find((each) => each.file !== undefined)?.file ?? 'the configuration';
    const note = `${broken} has errors, so the usual address was tried; give --url if it listens elsewhere.`;
    return at(DEFAULT_ADDRESS, 'the default', undefined, world, note);
  }
  const source = configuration.file ?? 'the default';
  const url = configuredAddress(configuration);
  if (url !== undefined) return at(url, source, configuration, world);
  const message = `${source} says port 0, which is any free one: give --url with the address that start printed.`;
  return { kind: 'unknown', message };
}

/** Where a balancer with this configuration listens, for clients on this machine; undefined for port 0. */
function configuredAddress({ settings }: Configuration): string | undefined {
  const { host, port } = settings;
  return port === 0 ? undefined : `http://${clientHost(host)}:${port}`;
}

function at(
  url: string,
  source: string,
  configuration: Configuration | undefined,
  { env }: World,
  note?: string,
): Located {
  const { auth } = configuration?.settings ?? {};
  // A key of our configuration goes to no stranger.
  const ours =
    isThisMachine(url) || (configuration !== undefined && configuredAddress(configuration) === url);
  const own = auth?.enabled === true && ours ? auth.apiKeys : [];
  // Where the client is sent, the client's credential goes anyway.
  const clients = source === 'ANTHROPIC_BASE_URL' ? [env.ANTHROPIC_AUTH_TOKEN, env.ANTHROPIC_API_KEY] : [];
  const keys = [env[KEY_VARIABLE], ...own, ...clients].filter((key) => key !== undefined && key !== '');
  const address = { url, source, keys: [...new Set(keys)] as string[], configuration };
  return { kind: 'address', address: note === undefined ? address : { ...address, note } };
}

function isThisMachine(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

/** `8080`, `localhost:8080`, `http://localhost:8080/` → the address without trailing slash; undefined if it is none. */
function readAddress(text: string): string | undefined {
  const written = text.trim();
  const complete = /^\d{1,5}$/.test(written)
    ? `http://127.0.0.1:${written}`
    : /^https?:\/\//i.test(written)
      ? written
      : `http://${written}`;
  if (!URL.canParse(complete)) return undefined;
  const { origin, pathname, hostname } = new URL(complete);
  return hostname === '' ? undefined : `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** The client's base URL, if it is this machine; a `/v1` at its end is a usual mistake. */
function clientAddress(text: string | undefined): string | undefined {
  const url = text === undefined || text.trim() === '' ? undefined : readAddress(text);
  return url !== undefined && isThisMachine(url) ? url.replace(/\/v1$/, '') : undefined;
}

/** A wildcard is reached over loopback. */
function clientHost(host: string): string {
  if (isWildcard(host)) return host === '::' ? '[::1]' : '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
