import { afterEach } from 'vitest';
import { type ProviderOptions, type SimulatedProvider, startProvider } from '../../src/simulator/provider.ts';

/** Starts simulated providers that are closed after each test. Call once, at the top of a test file. */
export function useProviders(): (options?: Partial<ProviderOptions>) => Promise<SimulatedProvider> {
  const running: SimulatedProvider[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((provider) => provider.close()));
  });
  return async (options = {}) => {
    const provider = await startProvider({ behaviour: { kind: 'message' }, ...options });
    running.push(provider);
    return provider;
  };
}
