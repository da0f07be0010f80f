/** Names and addresses under which a request may reach us while no key protects the balancer. Pure. */

export interface KnownHosts {
  /** Addresses on which we listen: `settings.host`, and where a connection really arrived. */
  readonly bound: readonly (string | undefined)[];
  /** `settings.allowed_hosts`: `name` for any port, `name:port` for one. */
  readonly allowed: readonly string[];
}

const AUTHORITY = /^(\[[0-9a-f:.%]+\]|[^\s:/?#@\\[\]]+)(?::(\d{1,5}))?$/i;

interface Authority {
  /** Lower case, without brackets and without the root's dot. */
  readonly host: string;
  readonly port: string | undefined;
}

/** Splits `host[:port]`; undefined if it is anything else. */
function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  return { host: normalHost(match[1]), port: match[2] };
}

function normalHost(host: string): string {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, '');
  const plain = bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice('::ffff:'.length) : bare;
  return plain.replace(/\.$/, '');
}

/** Whether a host (no port, no brackets needed) is this machine by its very name. */
export function isLoopback(host: string): boolean {
  const name = normalHost(host);
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Whether an address means "every interface". */
export function isWildcard(host: string): boolean {
  const name = normalHost(host);
  return name === '0.0.0.0' || name === '::' || name === '';
}

/** Whether a `Host` value is ours: loopback, an address we are bound to, or allowed by the settings. */
export function isKnownHost(value: string, known: KnownHosts): boolean {
  const authority = parseAuthority(value);
  if (authority === undefined) return false;
  if (isLoopback(authority.host)) return true;
  const bound = known.bound.some(
    (address) => address !== undefined && !isWildcard(address) && normalHost(address) === authority.host,
  );
  return bound || isAllowed(authority, known.allowed);
}

/** Whether a `Host` value is ours. */
export type HostCheck = typeof isKnownHost;

/** `isKnownHost` that remembers the name it knew last: nearly all requests come by the same one. */
export function rememberingHosts(): HostCheck {
  let latest: { readonly value: string; readonly known: KnownHosts } | undefined;
  return (value, known) => {
    if (latest?.value === value && isSame(latest.known, known)) return true;
    const isKnown = isKnownHost(value, known);
    if (isKnown) latest = { value, known };
    return isKnown;
  };
}

function isSame(one: KnownHosts, other: KnownHosts): boolean {
  const { bound } = other;
  if (one.allowed !== other.allowed || one.bound.length !== bound.length) return false;
  return one.bound.every((address, index) => address === bound[index]);
}

/**
 * Whether an `Origin` is the page's own: the very host and port that the request went to, or one that the settings
 * allow. Another port of localhost is foreign: any tool's page may run there.
 */
export function isOwnOrigin(origin: string, host: string, known: KnownHosts): boolean {
  const separator = origin.indexOf('://');
  const authority = separator === -1 ? undefined : parseAuthority(origin.slice(separator + 3));
  if (authority === undefined) return false;
  const own = parseAuthority(host);
  if (own !== undefined && own.host === authority.host && own.port === authority.port) return true;
  return isAllowed(authority, known.allowed);
}

function isAllowed(authority: Authority, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const rule = parseAuthority(entry);
    if (rule === undefined) return false;
    return rule.host === authority.host && (rule.port === undefined || rule.port === authority.port);
  });
}
