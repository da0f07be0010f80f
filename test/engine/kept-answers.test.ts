import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { type Bench, entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { duplicate } from '../support/session.ts';

const balance = useBench();
const start = useProviders();

async function worldOf(behaviour: Behaviour | Behaviour[], settings: Readonly<Record<string, unknown>> = {}) {
  const clock = new ManualClock();
  const only = await start({ name: 'only', behaviour, clock });
  const bench = await balance({ providers: [entry(only)], settings }, { clock });
  return { bench, only };
}

const ask = (bench: Bench, ...options: Parameters<typeof duplicate>) =>
  bench.messages(duplicate(...options)).end;

describe('an answer', () => {
  it('is not kept unless cache_ttl says so', async () => {
    const { bench, only } = await worldOf(GOOD);
    await ask(bench);
    expect((await ask(bench)).header('x-balancer-cache')).toBeUndefined();
    expect(only.requests).toHaveLength(2);
  });

  it('that is kept is given to the next equal request with its age, and its usage is told once', async () => {
    const { bench, only } = await worldOf(GOOD, { cache_ttl: 60 });
    const first = await ask(bench);
    expect(first.header('x-balancer-cache')).toBeUndefined();
    bench.clock.advance(59_999);
    const hit = await ask(bench);
    expect([hit.text, hit.status]).toEqual([first.text, 200]);
    expect([hit.header('x-balancer-cache'), hit.header('age')]).toEqual(['hit', '59']);
    expect(hit.header('x-balancer-provider')).toBe('only');
    expect(await bench.ended(2)).toMatchObject({ result: 'served', cached: true, provider: 'only' });
    expect((await bench.ended(2)).usage).toBeUndefined();
    bench.clock.advance(1);
    expect((await ask(bench)).header('x-balancer-cache')).toBeUndefined();
    expect(only.requests).toHaveLength(2);
    expect(bench.balancer.engine.status().bufferedBytes).toBe(0);
  });

  it('of a stream is given as a message, and of a message as a stream', async () => {
    for (const [one, other] of [
      [duplicate().body, WHOLE_BODY],
      [WHOLE_BODY, duplicate().body],
    ]) {
      const { bench, only } = await worldOf({ kind: 'message', text: 'Kept.' }, { cache_ttl: 60 });
      await ask(bench, {}, one);
      const hit = await ask(bench, {}, other);
      expect(hit.header('x-balancer-cache')).toBe('hit');
      if (other === WHOLE_BODY) expect(hit.json()).toMatchObject({ content: [{ text: 'Kept.' }] });
      else expect(hit.events.at(-1)?.name).toBe('message_stop');
      expect(only.requests).toHaveLength(1);
    }
  });

  it.each<[string, Behaviour]>([
    ['broke off', { kind: 'cut', after: 'delta', ends: 'reset' }],
    [
      'was an error',
      {
        kind: 'http',
        status: 400,
        body: { type: 'error', error: { type: 'invalid_request_error', message: 'no' } },
      },
    ],
    ['lacked its message_stop', { kind: 'cut', after: 'message_delta', ends: 'fin' }],
  ])('that %s is not kept', async (_, behaviour) => {
    const { bench } = await worldOf([behaviour, GOOD], { cache_ttl: 60, unhealthy_threshold: 9 });
    await ask(bench);
    expect(bench.balancer.engine.cache().entries).toBe(0);
  });

  it('that ended at max_tokens is not given to a request that allows more', async () => {
    const { bench, only } = await worldOf({ kind: 'message', stopReason: 'max_tokens' }, { cache_ttl: 60 });
    await ask(bench);
    await ask(bench, {}, String(duplicate().body).replace('1024', '512'));
    expect(only.requests).toHaveLength(1);
    await ask(bench, {}, String(duplicate().body).replace('1024', '2048'));
    expect(only.requests).toHaveLength(2);
  });

  it('is neither looked for nor kept with cache-control: no-store', async () => {
    const { bench, only } = await worldOf(GOOD, { cache_ttl: 60 });
    await ask(bench, { 'cache-control': 'no-cache, no-store' });
    expect(bench.balancer.engine.cache().entries).toBe(0);
    await ask(bench);
    await ask(bench, { 'cache-control': 'no-store' });
    expect(only.requests).toHaveLength(3);
  });

  it('is replaced by a request with x-balancer-cache: bypass', async () => {
    const { bench, only } = await worldOf(
      [
        { kind: 'message', text: 'Old.', pieces: 1 },
        { kind: 'message', text: 'New.', pieces: 1 },
      ],
      { cache_ttl: 60 },
    );
    await ask(bench);
    expect((await ask(bench, { 'x-balancer-cache': 'bypass' })).text).toContain('New.');
    expect((await ask(bench)).text).toContain('New.');
    expect(only.requests).toHaveLength(2);
    expect(only.requests[1]?.header('x-balancer-cache')).toBeUndefined();
  });

  it('is kept for a route of its own, and not for others', async () => {
    const only = await start({ name: 'only' });
    const bench = await balance({
      providers: [entry(only)],
      model_routes: { '*haiku*': [{ provider: 'only' }], '*': [{ provider: 'only' }] },
      settings: { cache: { routes: { '*haiku*': 60 } } },
    });
    const haiku = String(duplicate().body).replace('claude-sonnet-5-5', 'claude-haiku-5');
    for (const body of [haiku, haiku, duplicate().body, duplicate().body]) await ask(bench, {}, body);
    expect(only.requests).toHaveLength(3);
  });

  it('is forgotten by DELETE /cache and by a forced cleanup, and GET /cache counts', async () => {
    const { bench } = await worldOf(GOOD, { cache_ttl: 60 });
    await ask(bench);
    await ask(bench);
    const view = async () => (await fetchAnswer(`${bench.url}/cache`)).json();
    expect(await view()).toMatchObject({ entries: 1, hits: 1, misses: 1, hit_rate: 0.5, broadcasts: [] });
    const cleared = await fetchAnswer(`${bench.url}/cache`, { method: 'DELETE' });
    expect(cleared.json()).toEqual({ status: 'cache cleared', cleared: 1 });
    expect(await view()).toMatchObject({ entries: 0, bytes: 0 });
    await ask(bench);
    expect((await bench.post('/cleanup')).json()).toMatchObject({ cleared: { answers: 0 } });
    expect((await bench.post('/cleanup?force=true')).json()).toMatchObject({ cleared: { answers: 1 } });
  });
});

describe('counts of tokens', () => {
  it('are shared in flight and kept for 300 s, without a session too', async () => {
    const only = await start({ name: 'only', sideBehaviour: { kind: 'message', hold: 'before_head' } });
    const clock = new ManualClock();
    const bench = await balance({ providers: [entry(only)] }, { clock });
    const counts = [bench.count(), bench.count()];
    await bench.until('a duplicate', () => bench.events.some(({ type }) => type === 'request.joined'));
    await only.nextRequest();
    only.release();
    const [one, two] = await Promise.all(counts);
    expect([one?.status, two?.text]).toEqual([200, one?.text]);
    clock.advance(299_999);
    expect((await bench.count()).header('x-balancer-cache')).toBe('hit');
    expect(only.requests).toHaveLength(1);
    const other = bench.count({ ...duplicate({ 'x-api-key': 'other' }) });
    await only.nextRequest();
    only.release();
    expect((await other).header('x-balancer-cache')).toBeUndefined();
  });

  it('that no provider made are not kept', async () => {
    const only = await start({ name: 'only', sideBehaviour: { kind: 'http', status: 404 } });
    const bench = await balance({ providers: [entry(only)] });
    await bench.count();
    expect((await bench.count()).header('x-balancer-provider')).toBe('local-estimate');
    expect(bench.balancer.engine.cache().entries).toBe(0);
  });
});
