import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { type BenchFile, entry, useBench } from './engine-bench.ts';
import { ManualClock } from './manual-clock.ts';
import { useProviders } from './providers.ts';

/** Builds balancers before a provider that is alone, for requests that share its answers. Call once, at the top of a test file. */
export function useSharedWorld() {
  const balance = useBench();
  const start = useProviders();
  return async (behaviour: Behaviour | readonly Behaviour[], file: Partial<BenchFile> = {}) => {
    const clock = new ManualClock();
    const only = await start({ name: 'only', behaviour, clock });
    const bench = await balance({ providers: [entry(only)], ...file }, { clock });
    const { engine } = bench.balancer;
    return {
      bench,
      only,
      clock,
      engine,
      /** Resolves when so many requests have joined another's. */
      joined: (number: number) =>
        bench.until(
          'duplicates',
          () => bench.events.filter(({ type }) => type === 'request.joined').length >= number,
        ),
      /** Resolves when nobody is there for the first answer. */
      deserted: () => bench.until('nobody', () => engine.cache().broadcasts[0]?.subscribers === 0),
    };
  };
}
