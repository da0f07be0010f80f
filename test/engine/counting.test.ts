import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import { DOWN, GOOD, limited } from '../support/behaviours.ts';
import { BODY, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

describe('counting', () => {
  it('takes ten requests that die together as one incident', async () => {
    const first = await start({
      name: 'first',
      behaviour: { kind: 'cut', after: 'head', ends: 'reset', add: [{ kind: 'hold' }] },
    });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answers = Array.from({ length: 10 }, () => bench.messages());
    await bench.until('ten requests', () => first.requests.length === 10);
    await Promise.all(first.requests.map(({ held }) => held));
    first.release();
    await Promise.all(answers.map(({ end }) => end));
    await bench.ended(10);
    expect(traceOf(await bench.provider('first'))).toEqual({ failures: '1/2', cools: null });
  });

  it('is reset by a success, and by quiet', async () => {
    const first = await start({ name: 'first', behaviour: [DOWN, GOOD, DOWN] });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    await bench.messages().end;
    expect((await bench.provider('first')).failures).toBe('1/2');
    await bench.messages().end;
    await bench.ended(2);
    expect((await bench.provider('first')).failures).toBe('0/2');
    await bench.messages().end;
    expect((await bench.provider('first')).failures).toBe('1/2');
    bench.clock.advance(300_000);
    expect((await bench.provider('first')).failures).toBe('0/2');
  });

  it('sees a pair by itself: another model of the same provider is served', async () => {
    const opus = BODY.replace('sonnet', 'opus');
    const first = await start({
      name: 'first',
      behaviour: (request) =>
        request.body.toString().includes('opus') ? GOOD : apiError(404, 'not_found_error', 'model: unknown'),
    });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect(first.requests).toHaveLength(1);
    expect((await bench.messages({ body: opus }).end).header('x-provider-used')).toBe('first');
  });

  it("keeps a provider's own hint, though the cooldown is capped", async () => {
    const first = await start({ name: 'first', behaviour: limited(36 * 3600) });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    await bench.messages().end;
    const [pair] = (await bench.provider('first')).pairs;
    expect(pair?.cooldown?.left_seconds).toBe(1800);
    expect(pair?.stated_until).toBe(new Date(bench.clock.now() + 36 * 3600_000).toISOString());
  });

  it.each(['-5', 'soon', '99999999999999999999', 'NaN'])(
    'does not trust a retry-after of %s',
    async (value) => {
      const first = await start({
        name: 'first',
        behaviour: apiError(429, 'rate_limit_error', 'wait', { 'retry-after': value }),
      });
      const second = await start({ name: 'second' });
      const bench = await balance({ providers: [entry(first), entry(second)] });
      await bench.messages().end;
      const [pair] = (await bench.provider('first')).pairs;
      expect(pair?.cooldown?.left_seconds ?? 0).toBeLessThanOrEqual(1800);
      expect(pair?.failures ?? '').toMatch(/^[01]\/2$/);
    },
  );
});
