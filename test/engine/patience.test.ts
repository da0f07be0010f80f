import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError } from '../../src/simulator/errors.ts';
import { entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const SILENCE: Behaviour = { kind: 'break', fault: 'silence' };
const CLAUDE_CODE = { 'user-agent': 'claude-cli/2.1.329 (external, cli)' };

describe('a stream that is still without content after 60 s', () => {
  it('gets its headers and pings, and failover goes on behind them', async () => {
    const first = await start({ name: 'first', behaviour: SILENCE });
    const second = await start({ name: 'second', behaviour: { kind: 'message', hold: 'before_content' } });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answer = bench.messages();
    await first.nextRequest();
    bench.clock.advance(59_999);
    expect(answer.chunks).toEqual([]);
    bench.clock.advance(1);
    expect((await answer.head).status).toBe(200);
    expect((await answer.head).header('content-type')).toContain('text/event-stream');
    expect(await answer.event(0)).toEqual({ name: 'ping', data: '{"type":"ping"}' });
    bench.clock.advance(15_000);
    await answer.event(1);
    bench.clock.advance(105_000);
    await (await second.nextRequest()).held;
    second.release();
    const { events, end } = await answer.end;
    expect(end).toBe('complete');
    expect(events.filter(({ name }) => name !== 'ping')[0]?.name).toBe('message_start');
    expect(events.at(-1)?.name).toBe('message_stop');
  });

  it.each([
    ['Claude Code', CLAUDE_CODE],
    ['another client', {}],
  ])('gets a final refusal as an SSE error with its own type and words (%s)', async (_, headers) => {
    const first = await start({ name: 'first', behaviour: SILENCE });
    const second = await start({
      name: 'second',
      behaviour: apiError(400, 'invalid_request_error', 'prompt is too long: 3 tokens > 2 maximum'),
    });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answer = bench.messages({ headers });
    await first.nextRequest();
    bench.clock.advance(180_000);
    const { events, status, end } = await answer.end;
    expect([status, end]).toEqual([200, 'complete']);
    expect(events.at(-1)?.name).toBe('error');
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 3 tokens > 2 maximum' },
    });
  });

  it('whose candidates all failed is cut for Claude Code, and ends with an SSE error for others', async () => {
    for (const headers of [CLAUDE_CODE, {}]) {
      const first = await start({ name: 'first', behaviour: SILENCE });
      const bench = await balance({ providers: [entry(first)], settings: { hold_while_cooling: 0 } });
      const answer = bench.messages({ headers });
      await first.nextRequest();
      bench.clock.advance(180_000);
      const { events, end } = await answer.end;
      expect(end).toBe(headers === CLAUDE_CODE ? 'cut' : 'complete');
      if (headers !== CLAUDE_CODE) expect(events.at(-1)?.name).toBe('error');
      else expect(events.every(({ name }) => name === 'ping')).toBe(true);
    }
  });

  it('keeps the pings of its provider to itself: our own are the first bytes', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_content' } });
    const bench = await balance({ providers: [entry(provider)] });
    const answer = bench.messages();
    await (await provider.nextRequest()).held;
    bench.clock.advance(60_000);
    await answer.event(0);
    provider.release();
    const { events } = await answer.end;
    expect(events.slice(0, 2).map(({ name }) => name)).toEqual(['ping', 'message_start']);
  });
});

describe('a request without a stream', () => {
  it('waits in silence within its budget: 580 s unless the client says otherwise', async () => {
    const provider = await start({ behaviour: SILENCE });
    const bench = await balance({ providers: [entry(provider)], settings: { hold_while_cooling: 0 } });
    const answer = bench.messages({ body: WHOLE_BODY });
    await provider.nextRequest();
    bench.clock.advance(579_999);
    expect(bench.balancer.engine.status().inFlight).toBe(1);
    bench.clock.advance(1);
    const { status, text } = await answer.end;
    expect(status).toBe(503);
    expect(text).not.toContain('event:');
  });

  it.each([
    ['300', 280_000],
    ['600', 580_000],
  ])('whose client waits %s s is answered 20 s before', async (timeout, budget) => {
    const provider = await start({ behaviour: SILENCE });
    const bench = await balance({ providers: [entry(provider)], settings: { hold_while_cooling: 0 } });
    const answer = bench.messages({ body: WHOLE_BODY, headers: { 'x-stainless-timeout': timeout } });
    await provider.nextRequest();
    bench.clock.advance(budget - 1);
    expect(bench.balancer.engine.status().inFlight).toBe(1);
    bench.clock.advance(1);
    expect((await answer.end).status).toBe(503);
  });

  it('fails over within its budget', async () => {
    const first = await start({ name: 'first', behaviour: SILENCE });
    const second = await start({ name: 'second' });
    const timeouts = { non_streaming: { read_timeout: 300 } };
    const bench = await balance({ providers: [entry(first, { timeouts }), entry(second)] });
    const answer = bench.messages({ body: WHOLE_BODY });
    await first.nextRequest();
    bench.clock.advance(300_000);
    expect((await answer.end).header('x-provider-used')).toBe('second');
  });
});

describe("a stream's request budget", () => {
  it('ends it after 900 s, however many candidates are left', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const providers = await Promise.all(names.map((name) => start({ name, behaviour: SILENCE })));
    const bench = await balance({ providers: providers.map((provider) => entry(provider)) });
    const answer = bench.messages();
    for (const provider of providers.slice(0, 5)) {
      await provider.nextRequest();
      bench.clock.advance(180_000);
    }
    const { events } = await answer.end;
    expect(events.at(-1)?.name).toBe('error');
    expect(providers[5]?.requests).toHaveLength(0);
    expect(await bench.ended(1)).toMatchObject({ result: 'exhausted', durationMs: 900_000 });
  });

  it('blames nobody for a time that the request has used up elsewhere', async () => {
    const first = await start({ name: 'first', behaviour: SILENCE });
    const second = await start({ name: 'second', behaviour: SILENCE });
    const bench = await balance({
      providers: [entry(first), entry(second)],
      settings: { request_budget: 200 },
    });
    const answer = bench.messages();
    await first.nextRequest();
    bench.clock.advance(180_000);
    await second.nextRequest();
    bench.clock.advance(20_000);
    await answer.end;
    expect((await bench.provider('first')).failures).toBe('1/2');
    expect((await bench.provider('second')).failures).toBe('0/2');
  });
});
