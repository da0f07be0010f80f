import type { ProviderSettings } from '../domain/settings/settings.ts';
import { isAzure } from '../protocols/openai/addresses.ts';
import {
  clientCredentials,
  noCredential,
  setHeader,
  type UpstreamHeaderOptions,
  type UpstreamHeaders,
} from './request-headers.ts';

type Provider = Pick<ProviderSettings, 'credential' | 'headers' | 'baseUrl'>;

/** Who asks: the client's own words about itself do not go to a provider that it does not know of. */
const USER_AGENT = 'claude-code-provider-balancer';

/**
 * The headers that go to a provider of type `openai` (flat list): its credential as `Authorization: Bearer` (keys of Azure as
 * `api-key`), what the configuration adds, and none of the client's, which speak of another API. With `passthrough` the client's
 * credential, whichever way it came.
 *
 * @param asksStream what is wanted as an answer
 */
export function chatHeaders(
  client: readonly string[],
  provider: Provider,
  asksStream: boolean,
  options: UpstreamHeaderOptions,
): UpstreamHeaders {
  const { credential } = provider;
  if (credential.kind === 'missing') return { kind: 'no_credential', reason: credential.reason };
  const headers = [
    ...['content-type', 'application/json'],
    ...['accept', asksStream ? 'text/event-stream' : 'application/json'],
    ...['accept-encoding', 'identity'],
    ...['user-agent', USER_AGENT],
    ...credentialHeaders(client, provider, options),
  ];
  for (const [name, value] of Object.entries(provider.headers)) setHeader(headers, name, value);
  const hasCredential = headers.some(
    (text, at) => at % 2 === 0 && CREDENTIALS.has(text.toLowerCase()) && headers[at + 1]?.trim() !== '',
  );
  return hasCredential ? { kind: 'headers', headers } : noCredential(provider);
}

const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'api-key']);

function credentialHeaders(
  client: readonly string[],
  { credential, baseUrl }: Provider,
  options: UpstreamHeaderOptions,
): readonly string[] {
  switch (credential.kind) {
    case 'api_key':
      return isAzure(baseUrl) ? ['api-key', credential.value] : bearer(credential.value);
    case 'auth_token':
      return bearer(credential.value);
    case 'oauth':
      return options.accessToken === undefined ? [] : bearer(options.accessToken);
    case 'passthrough': {
      const [, value] = clientCredentials(client, options);
      return value === undefined ? [] : bearer(value.replace(/^bearer\s+/i, ''));
    }
    case 'missing':
      return [];
  }
}

function bearer(value: string): readonly string[] {
  return ['authorization', `Bearer ${value.trim()}`];
}
