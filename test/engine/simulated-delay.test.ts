import { describe, expect, it } from 'vitest';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const TESTING = { testing: { simulate_delay: true, delay_seconds: 10 } };

describe('testing.simulate_delay', () => {
  it('is told loudly at the start', async () => {
    const only = await start({ name: 'only' });
    const file = { providers: [entry(only)], settings: TESTING };
    const bench = await balance(file);
    const warnings = () =>
      bench.events.flatMap((event) =>
        event.type === 'config.warning' && /wait/i.test(event.message) ? [event.message] : [],
      );
    expect(warnings()).toEqual([expect.stringContaining('EVERY MESSAGE WAITS 10 s')]);
  });

  it('holds a request back, and a client that leaves meanwhile never reaches the provider', async () => {
    const only = await start({ name: 'only' });
    const bench = await balance({ providers: [entry(only)], settings: TESTING });
    const kept = bench.messages();
    const left = bench.messages();
    await bench.until('both are waiting', () => bench.balancer.engine.status().inFlight === 2);
    left.abort();
    await bench.ended(1);
    expect(only.requests).toHaveLength(0);
    bench.clock.advance(10_000);
    expect((await kept.end).status).toBe(200);
    expect(only.requests).toHaveLength(1);
  });
});
