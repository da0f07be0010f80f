import { describe, expect, it } from 'vitest';
import type { TokenCounter } from '../../src/tokens/token-counter.ts';
import { type Exchange, messagesBody, send } from '../support/client.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

/** A counter that waits for the test. */
function heldCounter() {
  const bodies: Buffer[] = [];
  const settle: ((tokens: number) => void)[] = [];
  let isClosed = false;
  const tokens: TokenCounter = {
    countTokens: (body) => {
      bodies.push(body);
      return new Promise((resolve) => settle.push(resolve));
    },
    close: async () => {
      isClosed = true;
      for (const each of settle.splice(0)) each(1);
    },
  };
  return { tokens, bodies, counted: (number: number) => settle.shift()?.(number), isClosed: () => isClosed };
}

const BODY = messagesBody({ stream: undefined, max_tokens: undefined });
const ask = (bench: Bench, body: unknown = BODY): Exchange =>
  send(`${bench.url}/v1/messages/count_tokens?beta=true`, { body });

/** A balancer whose only provider cannot count. */
async function uncounted() {
  const counter = heldCounter();
  const only = await start({ name: 'only', sideBehaviour: { kind: 'http', status: 404 } });
  const bench = await balance({ providers: [entry(only)] }, { tokens: counter.tokens });
  return { ...counter, only, bench };
}

describe('a count that no provider made', () => {
  it('is our own, of the body that came', async () => {
    const { bench, bodies, counted } = await uncounted();
    const answer = ask(bench).end;
    await bench.until('a count', () => bodies.length === 1);
    expect(JSON.parse(String(bodies[0]))).toMatchObject({ messages: expect.any(Array) });
    counted(1234);
    const { status, text, header } = await answer;
    expect([status, text, header('x-balancer-provider')]).toEqual([
      200,
      '{"input_tokens":1234}',
      'local-estimate',
    ]);
    expect(await bench.ended(1)).toMatchObject({ result: 'local', status: 200 });
    expect(bench.balancer.engine.status().bufferedBytes).toBe(0);
  });

  it('is made for a model that no provider serves, too', async () => {
    const { tokens, bodies, counted } = heldCounter();
    const only = await start({ name: 'only' });
    const routes = { 'claude-opus-5-5': [{ provider: 'only', model: 'passthrough', priority: 1 }] };
    const file = { providers: [entry(only)], model_routes: routes };
    const bench = await balance(file, { tokens });
    const answer = ask(bench, messagesBody({ model: 'unheard-of', stream: undefined })).end;
    await bench.until('a count', () => bodies.length === 1);
    counted(55);
    expect((await answer).text).toBe('{"input_tokens":55}');
    expect(await bench.ended(1)).toMatchObject({ result: 'local', status: 200 });
    expect(only.requests).toHaveLength(0);
    expect(bench.balancer.engine.status().bufferedBytes).toBe(0);
  });

  it('is answered while the balancer drains where no provider is ever asked, too', async () => {
    const { tokens, bodies, counted } = heldCounter();
    const only = await start({ name: 'only' });
    const settings = { token_counting: { always_use_local: true } };
    const bench = await balance({ providers: [entry(only)], settings }, { tokens });
    const answer = ask(bench).end;
    await bench.until('a count', () => bodies.length === 1);
    const drained = bench.balancer.drain();
    counted(8);
    expect((await answer).text).toBe('{"input_tokens":8}');
    await drained;
    expect(only.requests).toHaveLength(0);
  });

  it('is told as cancelled where its client leaves meanwhile', async () => {
    const { bench, bodies, counted } = await uncounted();
    const leaving = ask(bench);
    await bench.until('a count', () => bodies.length === 1);
    leaving.abort();
    expect(await bench.ended(1)).toMatchObject({ result: 'cancelled' });
    counted(1);
    const staying = ask(bench).end;
    await bench.until('another count', () => bodies.length === 2);
    counted(2);
    expect((await staying).text).toBe('{"input_tokens":2}');
    expect(await bench.ended(2)).toMatchObject({ result: 'local' });
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
    expect(bench.events.filter(({ type }) => type === 'fault')).toEqual([]);
  });

  it('is answered while the balancer drains, which ends its counter', async () => {
    const { bench, bodies, counted, isClosed } = await uncounted();
    const answer = ask(bench).end;
    await bench.until('a count', () => bodies.length === 1);
    const drained = bench.balancer.drain();
    counted(8);
    expect((await answer).text).toBe('{"input_tokens":8}');
    await drained;
    expect(isClosed()).toBe(true);
  });

  it('gets a 503 where the balancer ends before it is made', async () => {
    const { bench, bodies, isClosed } = await uncounted();
    const answer = ask(bench).end;
    await bench.until('a count', () => bodies.length === 1);
    const drained = bench.balancer.drain();
    bench.clock.advance(600_000);
    expect((await answer).status).toBe(503);
    await drained;
    expect(isClosed()).toBe(true);
    expect(await bench.ended(1)).toMatchObject({ result: 'exhausted', status: 503 });
    expect(bench.events.filter(({ type }) => type === 'fault')).toEqual([]);
  });
});
