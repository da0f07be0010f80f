import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError } from '../../src/simulator/errors.ts';
import { PING } from '../../src/simulator/message.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { type Bench, BODY, entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';
import { settled } from '../support/settled.ts';

const balance = useBench();
const start = useProviders();

/** A balancer before `first`, which behaves so, and `second`, which is not to be asked. */
async function worldOf(behaviour: Behaviour) {
  const clock = new ManualClock();
  const first = await start({ name: 'first', behaviour, clock });
  const second = await start({ name: 'second' });
  const bench = await balance({ providers: [entry(first), entry(second)] }, { clock });
  return { bench, clock, first, second };
}

/** Nothing failed, nothing counts. */
async function expectInnocent(bench: Bench, name: string): Promise<void> {
  const view = await bench.provider(name);
  expect(traceOf(view)).toEqual({ failures: '0/2', cools: null });
  expect(view.pairs).toEqual([]);
  expect(bench.events.filter(({ type }) => type === 'health.changed')).toEqual([]);
}

async function expectNoFailover({ bench, second }: Awaited<ReturnType<typeof worldOf>>): Promise<void> {
  expect(second.requests).toHaveLength(0);
  expect(bench.events.filter(({ type }) => type === 'request.attempt_failed')).toEqual([]);
  await expectInnocent(bench, 'first');
}

describe('no failover and no count', () => {
  it('when the first content comes after ten minutes less a bit of pings behind message_start', async () => {
    const world = await worldOf({ kind: 'message', hiddenThinking: { pings: 59, everyMs: 10_000 } });
    const { bench, clock } = world;
    const answer = bench.messages();
    const held = (): number => bench.balancer.engine.status().bufferedBytes;
    await bench.until('message_start', () => held() > Buffer.byteLength(BODY));
    for (let pings = 0; pings < 59; pings += 1) {
      const bytes = held();
      clock.advance(10_000);
      await bench.until(`ping ${pings}`, () => held() !== bytes);
    }
    const { events, end } = await answer.end;
    expect(end).toBe('complete');
    expect(events.at(-1)?.name).toBe('message_stop');
    await expectNoFailover(world);
  });

  it('when 90 s of pings come before message_start', async () => {
    const pings = Array.from({ length: 9 }, () => [PING, { kind: 'wait', ms: 10_000 } as const]).flat();
    const message = [
      ['message_start', { type: 'message_start', message: { id: 'm', usage: {} } }],
      [
        'content_block_start',
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ],
      [
        'content_block_delta',
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'late' } },
      ],
      ['content_block_stop', { type: 'content_block_stop', index: 0 }],
      ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} }],
      ['message_stop', { type: 'message_stop' }],
    ].map(([name, data]) => ({ kind: 'event' as const, name: String(name), data }));
    const world = await worldOf({ kind: 'stream', parts: [...pings, ...message] });
    const { bench, clock } = world;
    const answer = bench.messages();
    const held = (): number => bench.balancer.engine.status().bufferedBytes;
    let bytes = Buffer.byteLength(BODY);
    for (let ping = 1; ping <= 9; ping += 1) {
      await bench.until(`ping ${ping}`, () => held() > bytes);
      bytes = held();
      clock.advance(10_000);
    }
    await answer.text('message_stop');
    expect((await answer.end).end).toBe('complete');
    await expectNoFailover(world);
  });

  it.each([true, false])('when the answer is full of error texts (a stream: %s)', async (stream) => {
    const world = await worldOf(scenario('talk_of_errors').behaviour);
    const answer = await world.bench.messages(stream ? {} : { body: WHOLE_BODY }).end;
    expect(answer.text).toContain('Insufficient credits');
    expect(answer.end).toBe('complete');
    await expectNoFailover(world);
  });

  it('when the client pauses for three minutes', async () => {
    const world = await worldOf({ kind: 'message', text: 'x'.repeat(24 * 1024 * 1024), pieces: 100 });
    const { bench, clock, first } = world;
    const answer = bench.messages({ deadlineMs: 15_000 });
    await answer.text('content_block_delta');
    answer.pause();
    await settled(() => first.requests[0]?.bytesWritten ?? 0);
    clock.advance(180_000);
    answer.resume();
    expect((await answer.end).end).toBe('complete');
    await expectNoFailover(world);
  });

  it.each(['before_head', 'before_content', 'before_last'] as const)(
    'when the process sleeps for three hours (%s)',
    async (hold) => {
      const world = await worldOf({ kind: 'message', hold });
      const { bench, clock, first } = world;
      const answer = bench.messages();
      await (await first.nextRequest()).held;
      if (hold === 'before_last') await answer.text('message_delta');
      clock.oversleep(3 * 3600_000);
      await settled(() => bench.events.length);
      first.release();
      const { end, text } = await answer.end;
      expect(end).toBe('complete');
      expect(text).toContain('message_stop');
      await expectNoFailover(world);
    },
  );

  it('when the client leaves, before the content and after it; the upstream is aborted', async () => {
    for (const hold of ['before_content', 'before_last'] as const) {
      const world = await worldOf({ kind: 'message', hold });
      const answer = world.bench.messages();
      const request = await world.first.nextRequest();
      await request.held;
      if (hold === 'before_last') await answer.text('message_delta');
      answer.abort();
      expect(await request.ended).toBe('client_left');
      expect(await world.bench.ended(1)).toMatchObject({ result: 'cancelled' });
      expect(world.second.requests).toHaveLength(0);
      await expectInnocent(world.bench, 'first');
      expect(world.bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
    }
  });

  it('when a kept connection is reset as it is used again: repeated once, on a connection of its own', async () => {
    const world = await worldOf(scenario('reset_on_reuse').behaviour);
    const { bench, first } = world;
    expect((await bench.messages().end).status).toBe(200);
    await bench.ended(1);
    const again = await bench.messages().end;
    expect(again).toMatchObject({ status: 200, end: 'complete' });
    expect(world.second.requests).toHaveLength(0);
    expect(
      (await bench.ended(2)).trace.attempts.map(({ repair, outcome }) => [repair, outcome?.kind]),
    ).toEqual([
      [undefined, 'reset_reused'],
      ['fresh_connection', 'success'],
    ]);
    expect(first.connections).toBe(2);
    await expectInnocent(bench, 'first');
  });

  it("when the machine's own network is down: everybody failed so, at two hosts", async () => {
    const bench = await balance({
      providers: [
        entry({ name: 'first', url: `http://${'x'.repeat(64)}.invalid` }),
        entry({ name: 'second', url: `http://${'y'.repeat(64)}.invalid` }),
      ],
      settings: { hold_while_cooling: 0 },
    });
    const answer = await bench.messages().end;
    expect(answer.status).toBe(503);
    expect((await bench.ended(1)).trace.attempts.map(({ outcome }) => outcome?.kind)).toEqual([
      'offline',
      'offline',
    ]);
    await expectInnocent(bench, 'first');
    await expectInnocent(bench, 'second');
  });

  it('but one unreachable host alone is its own fault', async () => {
    const bench = await balance({
      providers: [entry({ name: 'first', url: `http://${'x'.repeat(64)}.invalid` })],
      settings: { hold_while_cooling: 0 },
    });
    expect((await bench.messages().end).status).toBe(503);
    expect((await bench.provider('first')).last_error?.kind).toBe('unreachable');
  });

  it.each(['orphaned_tool_use', 'bad_request', 'too_large'] as const)(
    'when a request is refused for its own fault (%s), however often',
    async (name) => {
      const first = await start({ name: 'first', behaviour: scenario(name).behaviour });
      const bench = await balance({ providers: [entry(first)] });
      for (const asked of [1, 2, 3]) {
        expect((await bench.messages().end).status).toBe(name === 'too_large' ? 413 : 400);
        expect(first.requests).toHaveLength(asked);
      }
      await expectInnocent(bench, 'first');
    },
  );

  it("when the client's own credential is refused under passthrough; others answer with theirs", async () => {
    const first = await start({ name: 'first', behaviour: apiError(401, 'authentication_error', 'no') });
    const second = await start({ name: 'second' });
    const passthrough = { ...entry(first), auth_type: undefined, auth_value: 'passthrough' };
    const bench = await balance({ providers: [passthrough, entry(second)] });
    const answer = await bench.messages({ headers: { 'x-api-key': 'the-clients-own' } }).end;
    expect(answer.status).toBe(200);
    expect(first.requests[0]?.header('x-api-key')).toBe('the-clients-own');
    expect(second.requests[0]?.rawHeaders.join()).not.toContain('the-clients-own');
    await expectInnocent(bench, 'first');
  });

  it("and where nobody else has a credential, the client's refusal goes back unmodified", async () => {
    const body = { type: 'error', error: { type: 'authentication_error', message: 'the very words' } };
    const first = await start({ name: 'first', behaviour: { kind: 'http', status: 401, body } });
    const bench = await balance({
      providers: [{ ...entry(first), auth_type: undefined, auth_value: 'passthrough' }],
    });
    const answer = await bench.messages({ headers: { 'x-api-key': 'the-clients-own' } }).end;
    expect(answer.status).toBe(401);
    expect(answer.text).toBe(JSON.stringify(body));
    await expectInnocent(bench, 'first');
  });
});
