import type { ProviderType } from '../domain/settings/settings.ts';

export type Address =
  | {
      readonly kind: 'address';
      readonly url: string;
      /** What was cut from its end, if anything: the balancer adds it itself. */
      readonly cut?: string;
    }
  | { readonly kind: 'unusable'; readonly reason: string; readonly suggestion?: string };

/** Stands where an unusable address stood; `.invalid` never resolves (RFC 2606). */
export const NO_ADDRESS = 'https://unusable.invalid';

const VERSION_SUFFIX = /\/v1(?:\/messages)?$/i;

/**
 * A provider's `base_url`: trailing slashes go, and on an anthropic provider a `/v1` as well. On an openai one a query stays
 * (Azure's `api-version`). Never quotes the address: it may hold a password.
 */
export function readBaseUrl(written: string, type: ProviderType): Address {
  const parsed = parseUrl(written.trim(), ['http:', 'https:']);
  if (parsed.kind === 'unusable') return parsed;
  const { url } = parsed;
  if (url.username !== '' || url.password !== '') {
    return unusable(
      'its base_url holds a user or password',
      'Use `auth_value` or `headers` for credentials.',
    );
  }
  const search = type === 'openai' ? url.search : '';
  if (url.search !== search || url.hash !== '')
    return unusable('its base_url has a part after "?" or "#"', 'Remove it.');
  const path = url.pathname.replace(/\/+$/, '');
  const cut = type === 'anthropic' ? VERSION_SUFFIX.exec(path)?.[0] : undefined;
  const kept = cut === undefined ? path : path.slice(0, -cut.length).replace(/\/+$/, '');
  return { kind: 'address', url: `${url.origin}${kept}${search}`, ...(cut !== undefined && { cut }) };
}

/** A provider's `proxy`, as written. */
export function readProxy(written: string): Address {
  const parsed = parseUrl(written.trim(), ['http:', 'https:', 'socks5:', 'socks5h:']);
  return parsed.kind === 'unusable'
    ? { ...parsed, reason: parsed.reason.replace('base_url', 'proxy') }
    : { kind: 'address', url: written.trim() };
}

type Parsed = { readonly kind: 'url'; readonly url: URL } | Extract<Address, { kind: 'unusable' }>;

function parseUrl(text: string, protocols: readonly string[]): Parsed {
  const names = protocols.map((protocol) => `${protocol}//`).join(', ');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol)) {
    return url.hostname === '' ? unusable('its base_url names no host') : { kind: 'url', url };
  }
  const schemeless = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const reason = schemeless
    ? 'its base_url is not a complete address'
    : 'its base_url is not an address that can be used';
  return unusable(reason, `It must begin with one of ${names}`);
}

function unusable(reason: string, suggestion?: string): Extract<Address, { kind: 'unusable' }> {
  return { kind: 'unusable', reason, ...(suggestion !== undefined && { suggestion }) };
}
