import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { type BenchFile, entry, useBench } from './engine-bench.ts';
import { ManualClock } from './manual-clock.ts';
import { useProviders } from './providers.ts';
import { duplicate } from './session.ts';

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
      /** Asks alone, reads the beginning of the answer, and leaves: nobody is there for it then. */
      askedAndLeft: async () => {
        const first = bench.messages(duplicate());
        await first.text('content_block_delta');
        first.abort();
        await bench.until('nobody', () => engine.cache().broadcasts[0]?.subscribers === 0);
      },
    };
  };
}
