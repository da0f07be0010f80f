import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import { limited } from '../support/behaviours.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

const REFUSALS = [
  ['401', apiError(401, 'authentication_error', 'no')],
  ['429 with a time', limited(3600)],
  ['429 without', apiError(429, 'rate_limit_error', 'slow down')],
  ['529', apiError(529, 'overloaded_error', 'busy')],
] as const;

describe('count_tokens', () => {
  it.each(REFUSALS)(
    'that meets %s is answered by the next provider, and nothing counts against messages',
    async (_what, sideBehaviour) => {
      const first = await start({ name: 'first', sideBehaviour });
      const second = await start({ name: 'second' });
      const bench = await balance({ providers: [entry(first), entry(second)] });
      for (let turn = 0; turn < 3; turn += 1) {
        const answer = await bench.count();
        expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'second']);
      }
      const view = await bench.provider('first');
      expect(traceOf(view)).toEqual({ failures: '0/2', cools: null });
      expect(view.pairs).toEqual([]);
      expect(view.endpoints.map(({ endpoint }) => endpoint)).toEqual(['count_tokens']);
      expect((await bench.messages().end).header('x-balancer-provider')).toBe('first');
    },
  );

  it.each([404, 405, 501])(
    'whose endpoint is not there (%i) is not asked for again for an hour',
    async (status) => {
      const first = await start({ name: 'first', sideBehaviour: { kind: 'http', status } });
      const second = await start({ name: 'second' });
      const settings = { deduplication: { enabled: false } };
      const bench = await balance({ providers: [entry(first), entry(second)], settings });
      expect((await bench.count()).header('x-balancer-provider')).toBe('second');
      const view = await bench.provider('first');
      expect(traceOf(view)).toEqual({ failures: '0/2', cools: null });
      expect(view.endpoints).toMatchObject([
        {
          endpoint: 'count_tokens',
          last_error: { kind: 'endpoint_missing' },
          cooldown: { left_seconds: 3600 },
        },
      ]);
      bench.clock.advance(3_599_999);
      await bench.count();
      expect(first.requests).toHaveLength(1);
      // Now it may be tried again, but a request that can't be cut short goes to whoever is known to answer.
      bench.clock.advance(1);
      expect((await bench.count()).header('x-balancer-provider')).toBe('second');
      await bench.post('/providers/second/disable');
      await bench.count();
      expect(first.requests).toHaveLength(2);
    },
  );

  it.each(REFUSALS)('that meets %s everywhere is estimated here', async (_what, sideBehaviour) => {
    const first = await start({ name: 'first', sideBehaviour });
    const bench = await balance({ providers: [entry(first)] });
    const answer = await bench.count();
    expect(answer.status).toBe(200);
    expect((answer.json() as { input_tokens: number }).input_tokens).toBeGreaterThan(0);
    expect((await bench.messages().end).status).toBe(200);
  });
});
