import { emptyPool, type FinalError, noRoute, notServed, unknownPin } from '../domain/refusal/refusal.ts';
import type { resolveRoutes } from '../domain/routing/routing.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Runtime } from './runtime.ts';

/** The final error of a request that nobody can be asked for. */
export function unroutable(
  routing: Exclude<ReturnType<typeof resolveRoutes>, { kind: 'routed' }>,
  model: string,
  pin: string | undefined,
  runtime: Runtime,
  requestId: string,
): FinalError {
  const { providers, routes } = runtime.configuration;
  const asked =
    pin === undefined ? providers : providers.filter(({ id, name }) => id === pin || name === pin);
  if (routing.kind === 'unknown_pin') {
    const known = [...runtime.routes.pins.keys()];
    return unknownPin(pin ?? '', { unusable: unusable(asked, model), known, requestId });
  }
  if (routing.reason === 'no_match' && routes.length > 0)
    return noRoute(
      model,
      routes.map(({ pattern }) => pattern),
      requestId,
    );
  if (asked.length > 0 && asked.every((provider) => provider.enabled && provider.unservable === undefined)) {
    return notServed(
      model,
      asked.map(({ id }) => id),
      requestId,
    );
  }
  return emptyPool({ model, unusable: unusable(asked, model), requestId });
}

function unusable(providers: readonly ProviderSettings[], model: string) {
  return providers.map((provider) => ({ provider: provider.id, reason: reasonOf(provider, model) }));
}

function reasonOf(provider: ProviderSettings, model: string): string {
  if (!provider.enabled) return 'switched off in the configuration file';
  if (provider.unservable !== undefined) return provider.unservable;
  return `does not serve ${model} by its routes and available_models`;
}
