import type { ProviderSettings } from './settings.ts';

/**
 * Why no request can go to a provider, whatever its health, as a clause for people; undefined if requests can.
 * `enabled` does not matter here: a provider may be both disabled and unservable.
 */
export function unservableReason(
  provider: Pick<ProviderSettings, 'type' | 'credential'>,
): string | undefined {
  if (provider.type !== 'anthropic') return `providers of type ${provider.type} are not served yet`;
  if (provider.credential.kind === 'oauth') return 'accounts (`oauth`) are not served yet';
  return provider.credential.kind === 'missing' ? provider.credential.reason : undefined;
}
