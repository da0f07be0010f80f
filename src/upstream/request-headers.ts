import { isNamed } from '../domain/header-name.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import { connectionHeaders, isHopByHop } from './hop-by-hop.ts';

export type UpstreamHeaders =
  | { readonly kind: 'headers'; readonly headers: string[] }
  /** Nothing may be sent: the provider has no credential for this request. `reason` is for people. */
  | { readonly kind: 'no_credential'; readonly reason: string };

export interface UpstreamHeaderOptions {
  /** Whether a client's credential is one of the balancer's own API keys, which never go upstream. */
  isOwnKey(value: string): boolean;
  /** The account's access token, where the provider's credential is `oauth`. */
  readonly accessToken?: string;
}

type Provider = Pick<ProviderSettings, 'type' | 'credential' | 'headers'>;

const ANTHROPIC_VERSION = '2023-06-01';

const REMOVED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'accept-encoding',
  'cookie',
  'expect',
  'authorization',
  'x-api-key',
  'forwarded',
  'via',
  'x-real-ip',
  'x-provider',
]);

/** What belongs to the connection is the transport's, not the configuration's. */
const TRANSPORT_OWNED: ReadonlySet<string> = new Set(['content-length', 'expect']);

/**
 * The headers that go to a provider, from the client's (flat lists, order and case kept): everything but hop-by-hop headers,
 * both credentials and what speaks about the client's own way; then the provider's credential, `accept-encoding: identity`,
 * the provider's own headers, and `anthropic-version` where the client named none.
 */
export function upstreamHeaders(
  client: readonly string[],
  provider: Provider,
  options: UpstreamHeaderOptions,
): UpstreamHeaders {
  const { credential } = provider;
  if (credential.kind === 'missing') return { kind: 'no_credential', reason: credential.reason };
  const headers = [...passed(client), ...credentialHeaders(client, provider, options)];
  headers.push('accept-encoding', 'identity');
  for (const [name, value] of Object.entries(provider.headers)) setHeader(headers, name, value);
  if (provider.type === 'anthropic' && valuesOf(headers, 'anthropic-version').length === 0)
    headers.push('anthropic-version', ANTHROPIC_VERSION);
  const hasCredential = ['authorization', 'x-api-key'].some((name) =>
    valuesOf(headers, name).some((value) => value.trim() !== ''),
  );
  return hasCredential ? { kind: 'headers', headers } : noCredential(provider);
}

/** Why nothing may be sent, in words. */
export function noCredential(provider: Pick<Provider, 'credential'>): UpstreamHeaders {
  return { kind: 'no_credential', reason: reasonFor(provider) };
}

function passed(client: readonly string[]): string[] {
  const named = connectionHeaders(client);
  const kept: string[] = [];
  for (let at = 0; at + 1 < client.length; at += 2) {
    const name = client[at] ?? '';
    const lower = name.toLowerCase();
    if (REMOVED.has(lower) || isHopByHop(lower) || named.has(lower)) continue;
    if (lower.startsWith('x-forwarded-') || lower.startsWith('x-balancer-')) continue;
    kept.push(name, client[at + 1] ?? '');
  }
  return kept;
}

function credentialHeaders(
  client: readonly string[],
  provider: Provider,
  options: UpstreamHeaderOptions,
): string[] {
  const { credential } = provider;
  switch (credential.kind) {
    case 'api_key':
      return provider.type === 'anthropic' ? ['x-api-key', credential.value] : bearer(credential.value);
    case 'auth_token':
      return bearer(credential.value);
    case 'oauth':
      return options.accessToken === undefined ? [] : bearer(options.accessToken);
    case 'passthrough':
      return clientCredentials(client, options);
    case 'missing':
      return [];
  }
}

function bearer(value: string): string[] {
  return ['authorization', `Bearer ${value}`];
}

/** The client's own credentials (flat list), as they came, without any that is for the balancer. */
export function clientCredentials(client: readonly string[], { isOwnKey }: UpstreamHeaderOptions): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < client.length; at += 2) {
    const name = client[at] ?? '';
    const value = client[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower !== 'authorization' && lower !== 'x-api-key') continue;
    const bare = value.trim();
    const token = bare.replace(/^[a-z]+\s+/i, '').trim();
    if (bare === '' || isOwnKey(bare) || isOwnKey(token)) continue;
    kept.push(name, value);
  }
  return kept;
}

/** Replaces same-named headers; `anthropic-beta` only gains what it lacks. */
export function setHeader(headers: string[], name: string, value: string): void {
  const lower = name.toLowerCase();
  if (isHopByHop(lower) || TRANSPORT_OWNED.has(lower)) return;
  const present = valuesOf(headers, lower);
  if (lower === 'anthropic-beta' && present.length > 0) {
    const known = new Set(present.flatMap(listItems));
    const missing = listItems(value).filter((item) => !known.has(item));
    if (missing.length === 0) return;
    const last = headers.findLastIndex((text, at) => at % 2 === 0 && isNamed(text, lower));
    headers[last + 1] = [...listItems(headers[last + 1] ?? ''), ...missing].join(',');
    return;
  }
  for (let at = headers.length - 2; at >= 0; at -= 2) if (isNamed(headers[at], lower)) headers.splice(at, 2);
  headers.push(name, value);
}

function listItems(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function valuesOf(headers: readonly string[], lower: string): string[] {
  return headers.filter((_text, at) => at % 2 === 1 && isNamed(headers[at - 1], lower));
}

function reasonFor({ credential }: Pick<Provider, 'credential'>): string {
  if (credential.kind === 'passthrough')
    return 'the client sent no credential of its own (auth_value: passthrough)';
  if (credential.kind === 'oauth') return 'its account is not signed in';
  return 'its configured credential is empty';
}
