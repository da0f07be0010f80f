import { mayHoldSecret } from '../domain/secrets/client-secrets.ts';
import type { Configuration, ProviderSettings } from '../domain/settings/settings.ts';

/** Host of a provider's address: two providers at one host are one way. */
export function hostOf({ baseUrl }: ProviderSettings): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
}

/** Whether what was learnt of the one still holds for the other: the same type, address, credential and way there. */
export function sameIdentity(a: ProviderSettings, b: ProviderSettings): boolean {
  const identity = ({ type, baseUrl, credential, proxy }: ProviderSettings): string =>
    JSON.stringify([type, baseUrl, credential, proxy]);
  return identity(a) === identity(b);
}

/** Everything in a configuration that must never be shown. */
export function secretsOf({ providers, settings }: Configuration): string[] {
  const credentials = providers.flatMap(({ credential, proxy, headers }) => [
    ...('value' in credential ? [credential.value] : []),
    ...passwordOf(proxy),
    // A configured `anthropic-beta` is no secret: striking it out would hide the words that clients repair themselves by.
    ...Object.entries(headers).flatMap(([name, value]) => (mayHoldSecret(name) ? [value] : [])),
  ]);
  return [...credentials, ...settings.auth.apiKeys];
}

function passwordOf(proxy: string | undefined): string[] {
  if (proxy === undefined || !URL.canParse(proxy)) return [];
  const { password } = new URL(proxy);
  return password === '' ? [] : [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
