import { describe, expect, it } from 'vitest';
import { GOOD, HELD_AT_END, SILENCE } from '../support/behaviours.ts';
import { type Bench, WHOLE_BODY } from '../support/engine-bench.ts';
import { messageStart } from '../support/message-events.ts';
import { duplicate } from '../support/session.ts';
import { useSharedWorld } from '../support/shared-world.ts';

const worldOf = useSharedWorld();

function resultsOf({ events }: Bench): string[] {
  return events.flatMap((event) => (event.type === 'request.ended' ? [event.result] : [])).sort();
}

describe('requests that share', () => {
  it('each get an end when the balancer does: the ones that wait a 503, the ones that read a cut', async () => {
    const { bench, clock, joined } = await worldOf([HELD_AT_END, SILENCE], {
      settings: { shutdown_timeout: 5 },
    });
    const reading = [bench.messages(duplicate()), bench.messages(duplicate())];
    await Promise.all(reading.map((answer) => answer.text('content_block_delta')));
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await joined(2);
    const other = { 'x-claude-code-session-id': 'other' };
    const waiting = [bench.messages(duplicate(other)), bench.messages(duplicate(other))];
    await joined(3);
    const drained = bench.balancer.drain();
    await bench.until('draining', () => bench.events.some(({ type }) => type === 'server.draining'));
    clock.advance(5_000);
    for (const { end } of [...waiting, whole]) expect((await end).status).toBe(503);
    for (const { end } of reading) expect((await end).text).not.toContain('message_stop');
    await drained;
    expect(resultsOf(bench)).toEqual(['broken', 'broken', 'exhausted', 'exhausted', 'exhausted']);
  });

  it('are told as ended when each has everything, also a first one that reads slowly', async () => {
    const text = 'x'.repeat(12_000_000);
    const { bench, only, engine, joined } = await worldOf(
      { kind: 'message', text, pieces: 400, hold: 'before_content' },
      { settings: { deduplication: { max_queue_bytes: '64MB' } } },
    );
    const slow = bench.messages(duplicate());
    await only.nextRequest();
    const fast = bench.messages(duplicate());
    await joined(1);
    void slow.head.then(() => slow.pause());
    only.release();
    expect((await fast.end).end).toBe('complete');
    await bench.ended(1);
    expect(engine.status().inFlight).toBe(1);
    slow.resume();
    expect((await slow.end).text.length).toBe((await fast.end).text.length);
    await bench.ended(2);
    expect(resultsOf(bench)).toEqual(['served', 'served']);
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  }, 30_000);

  it('are not read on after the last has left once nobody could come back', async () => {
    const { bench, only, engine, askedAndLeft } = await worldOf(
      { kind: 'stream', parts: [...OPENING, { kind: 'hold' }, delta('y'.repeat(2_000))], ends: 'stall' },
      { settings: { deduplication: { linger: 60, max_replay_bytes: 1_500 } } },
    );
    await askedAndLeft();
    only.release();
    expect(await only.requests[0]?.ended).toBe('client_left');
    expect(await bench.ended(1)).toMatchObject({ result: 'cancelled' });
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('find the answer that came to its end while nobody was there asked for anew', async () => {
    const { bench, only, engine, askedAndLeft } = await worldOf([HELD_AT_END, GOOD], {
      settings: { deduplication: { linger: 60 } },
    });
    await askedAndLeft();
    only.release();
    await bench.ended(1);
    expect((await bench.messages(duplicate()).end).end).toBe('complete');
    expect(only.requests).toHaveLength(2);
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('keep the first one’s body and the beginning of its answer in the budget, and give both back', async () => {
    const { bench, only, engine } = await worldOf(HELD_AT_END);
    const first = bench.messages(duplicate());
    await first.text('content_block_delta');
    const held = engine.status().bufferedBytes;
    expect(held).toBeGreaterThan(Buffer.byteLength(String(duplicate().body)));
    only.release();
    await first.end;
    await bench.ended(1);
    expect(engine.status().bufferedBytes).toBe(0);
  });
});

const event = (name: string, data: object) =>
  ({ kind: 'event', name, data: { type: name, ...data } }) as const;

function delta(text: string) {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
}

const OPENING = [
  event('message_start', messageStart({ input_tokens: 1, output_tokens: 1 })),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  delta('a'),
] as const;
