import { describe, expect, it } from 'vitest';
import { DOWN, GOOD } from '../support/behaviours.ts';
import { type Bench, BODY, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const STICKY = { sticky_provider_duration: 300 };

/** Who answers a request of this session; by its header, or by the body's `metadata.user_id` alone. */
async function answeredBy(bench: Bench, session: string, how: 'header' | 'metadata' = 'header') {
  const metadata = `"metadata":${JSON.stringify({ user_id: JSON.stringify({ session_id: session }) })}, `;
  const options =
    how === 'header'
      ? { headers: { 'x-claude-code-session-id': session } }
      : { body: BODY.replace('{ ', `{ ${metadata}`) };
  return (await bench.messages(options).end).header('x-balancer-provider');
}

describe('a session', () => {
  it.each(['header', 'metadata'] as const)('named by its %s stays while others are spread', async (how) => {
    const providers = await Promise.all(['A', 'B', 'C'].map((name) => start({ name })));
    const bench = await balance({
      providers: providers.map((provider) => entry(provider)),
      settings: { ...STICKY, selection_strategy: 'round_robin' },
    });
    const first = [await answeredBy(bench, 'one', how), await answeredBy(bench, 'two', how)];
    expect(first).toEqual(['A', 'B']);
    for (let turn = 0; turn < 3; turn += 1) {
      bench.clock.advance(299_000);
      expect([await answeredBy(bench, 'one', how), await answeredBy(bench, 'two', how)]).toEqual(first);
    }
    bench.clock.advance(300_000);
    expect(await answeredBy(bench, 'one', how)).toBe('C');
  });

  it('that failover moved stays with its cache, and is back with the preferred one that long after the move', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)], settings: STICKY });
    expect(await answeredBy(bench, 'busy')).toBe('second');
    first.setBehaviour(GOOD);
    for (let minute = 1; minute < 5; minute += 1) {
      bench.clock.advance(60_000);
      expect(await answeredBy(bench, 'busy')).toBe('second');
    }
    bench.clock.advance(60_000);
    expect(await answeredBy(bench, 'busy')).toBe('first');
    expect(await answeredBy(bench, 'busy')).toBe('first');
  });

  it('leaves a provider that cools', async () => {
    const first = await start({ name: 'first' });
    const second = await start({ name: 'second' });
    const bench = await balance({
      providers: [entry(first), entry(second)],
      settings: { ...STICKY, unhealthy_threshold: 1 },
    });
    expect(await answeredBy(bench, 'one')).toBe('first');
    first.setBehaviour(DOWN);
    expect(await answeredBy(bench, 'one')).toBe('second');
    expect(await answeredBy(bench, 'one')).toBe('second');
    expect(first.requests).toHaveLength(2);
  });
});

describe('a request without a session', () => {
  it("goes to the route's last successful provider for as long, and then back", async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)], settings: STICKY });
    const provider = async () => (await bench.messages().end).header('x-balancer-provider');
    expect(await provider()).toBe('second');
    first.setBehaviour(GOOD);
    bench.clock.advance(299_999);
    expect(await provider()).toBe('second');
    bench.clock.advance(1);
    expect(await provider()).toBe('first');
  });
});
