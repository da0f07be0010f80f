import { describe, expect, it } from 'vitest';
import { DOWN, GOOD, SILENCE } from '../support/behaviours.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import {
  BODY,
  configurationOf,
  entryOf,
  failure,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();
const engineOf = useMswBench();
const play = usePlayedProviders();

/** The older product's own values. */
const OLDER = {
  api_failure_cooldown: 300,
  failure_threshold: 2,
  always_use_local: false,
  timeout_override: 10,
};
/** Each count is asked anew. */
const APART = { deduplication: { enabled: false } };

const countedBy = async (bench: Bench): Promise<string | undefined> =>
  (await bench.count()).header('x-balancer-provider');

describe('a provider that fails to count', () => {
  it('is passed over for `api_failure_cooldown` after `failure_threshold` failures, in the engine', async () => {
    const first = play('first', () => failure(500, 'api_error', 'broken'));
    const settings = { ...APART, token_counting: OLDER };
    const { ask, clock } = await engineOf({ providers: [entryOf(first)], settings });
    const count = async () => (await ask({ endpoint: 'count_tokens' })).header('x-balancer-provider');
    for (const asked of [1, 2, 2, 2]) {
      expect(await count()).toBe('local-estimate');
      expect(first.received).toHaveLength(asked);
    }
    clock.advance(299_999);
    await count();
    expect(first.received).toHaveLength(2);
    clock.advance(1);
    expect(await count()).toBe('local-estimate');
    expect(first.received).toHaveLength(3);
    // Its trial failed: the same time again.
    clock.advance(299_999);
    await count();
    expect(first.received).toHaveLength(3);
  });

  it('is passed over alone: another one that can count is asked first, over HTTP', async () => {
    const first = await start({ name: 'first', sideBehaviour: DOWN });
    const second = await start({ name: 'second' });
    const settings = { ...APART, token_counting: { ...OLDER, failure_threshold: 3 } };
    const bench = await balance({ providers: [entry(first), entry(second)], settings });
    for (const asked of [1, 2, 3, 3, 3]) {
      expect(await countedBy(bench)).toBe('second');
      expect(first.requests).toHaveLength(asked);
    }
    const view = await bench.provider('first');
    expect(view.endpoints.map(traceOf)).toEqual([{ failures: '3/3', cools: 300 }]);
    expect(traceOf(view)).toEqual({ failures: '0/2', cools: null });
    expect(view.state).toBe('healthy');
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('first');
    const rules = bench.events.flatMap((event) => (event.type === 'health.changed' ? [event.rule] : []));
    expect(rules.at(-1)).toBe('endpoint_missing: counted 3/3');
  });

  it('counts again as soon as its trial succeeds', async () => {
    let sideBehaviour = DOWN;
    const first = await start({ name: 'first', sideBehaviour: () => sideBehaviour });
    const bench = await balance({ providers: [entry(first)], settings: { ...APART, token_counting: OLDER } });
    await countedBy(bench);
    await countedBy(bench);
    sideBehaviour = GOOD;
    expect(await countedBy(bench)).toBe('local-estimate');
    bench.clock.advance(300_000);
    expect(await countedBy(bench)).toBe('first');
    expect((await bench.provider('first')).endpoints.map(traceOf)).toEqual([
      { failures: '0/2', cools: null },
    ]);
  });

  it('is judged as docs/failures.md says where the file says nothing', async () => {
    const first = await start({ name: 'first', sideBehaviour: DOWN });
    const settings = { ...APART, token_counting: { always_use_local: false } };
    const bench = await balance({ providers: [entry(first)], settings });
    await countedBy(bench);
    await countedBy(bench);
    expect((await bench.provider('first')).endpoints.map(traceOf)).toEqual([{ failures: '2/2', cools: 60 }]);
  });
});

describe('`always_use_local`', () => {
  it('asks no provider to count, and all of them for messages', async () => {
    const first = await start({ name: 'first' });
    const settings = { token_counting: { always_use_local: true } };
    const bench = await balance({ providers: [entry(first)], settings });
    const answer = await bench.count();
    expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'local-estimate']);
    expect((answer.json() as { input_tokens: number }).input_tokens).toBeGreaterThan(0);
    expect(await bench.ended(1)).toMatchObject({ result: 'local', status: 200, trace: { attempts: [] } });
    expect(first.requests).toHaveLength(0);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('first');
  });

  it('goes before a provider that the client names, and before a count that was kept', async () => {
    const first = await start({ name: 'first' });
    const providers = [entry(first)];
    const bench = await balance({ providers });
    expect(await countedBy(bench)).toBe('first');
    await bench.reload({ providers, settings: { token_counting: { always_use_local: true } } });
    expect(await countedBy(bench)).toBe('local-estimate');
    const pinned = await bench.count({ headers: { 'x-provider': 'first' } });
    expect(pinned.header('x-balancer-provider')).toBe('local-estimate');
    expect(first.requests).toHaveLength(1);
  });
});

describe('`timeout_override`', () => {
  it.each([
    ['shorter than the default', 2, 2000],
    ['longer than a count has otherwise in all', 45, 45_000],
  ])('is how long a provider may take: %s', async (_what, timeout_override, ms) => {
    const first = await start({ name: 'first', sideBehaviour: SILENCE });
    const settings = { ...APART, token_counting: { timeout_override } };
    const bench = await balance({ providers: [entry(first)], settings });
    const answer = bench.count();
    await first.nextRequest();
    bench.clock.advance(ms - 1);
    expect(bench.events.filter(({ type }) => type === 'request.attempt_failed')).toEqual([]);
    bench.clock.advance(1);
    expect((await answer).header('x-balancer-provider')).toBe('local-estimate');
    expect((await bench.ended(1)).trace.attempts).toMatchObject([
      {
        outcome: {
          kind: 'endpoint_missing',
          as: 'stalled',
          detail: expect.stringContaining(`${ms / 1000} s`),
        },
      },
    ]);
  });

  it('leaves 10 s where the file says nothing', async () => {
    const first = await start({ name: 'first', sideBehaviour: SILENCE });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answer = bench.count();
    await first.nextRequest();
    bench.clock.advance(10_000);
    expect((await answer).header('x-balancer-provider')).toBe('second');
  });
});

describe('a reload', () => {
  it('changes threshold, cooldown and time from the next count on; a rest that has begun keeps its end', async () => {
    const first = await start({ name: 'first', sideBehaviour: DOWN });
    const providers = [entry(first)];
    const file = (counting: object) => ({ providers, settings: { ...APART, token_counting: counting } });
    const bench = await balance(file({ failure_threshold: 9, api_failure_cooldown: 300 }));
    const trace = async () => (await bench.provider('first')).endpoints.map(traceOf);
    await countedBy(bench);
    expect(await trace()).toEqual([{ failures: '1/9', cools: null }]);
    expect(await bench.reload(file({ failure_threshold: 2, api_failure_cooldown: 40 }))).toMatchObject({
      kind: 'reloaded',
    });
    await countedBy(bench);
    expect(await trace()).toEqual([{ failures: '2/2', cools: 40 }]);
    await bench.reload(file({ failure_threshold: 2, api_failure_cooldown: 500 }));
    expect(await trace()).toEqual([{ failures: '2/2', cools: 40 }]);
  });

  it('of the engine takes a running count to its end as it began', async () => {
    const first = play('first', () => failure(500, 'api_error', 'broken'));
    const { engine, ask } = await engineOf({ providers: [entryOf(first)] });
    const answer = ask({ endpoint: 'count_tokens', body: BODY });
    const settings = { token_counting: { always_use_local: true } };
    engine.reload(configurationOf({ providers: [entryOf(first)], settings }));
    expect((await answer).header('x-balancer-provider')).toBe('local-estimate');
    expect(first.received).toHaveLength(1);
    await ask({ endpoint: 'count_tokens', body: BODY });
    expect(first.received).toHaveLength(1);
  });
});
