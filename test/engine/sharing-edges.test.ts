import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { GOOD, HELD_AT_END, SILENCE } from '../support/behaviours.ts';
import { WHOLE_BODY } from '../support/engine-bench.ts';
import { duplicate } from '../support/session.ts';
import { useSharedWorld } from '../support/shared-world.ts';

const worldOf = useSharedWorld();

describe('an answer read on after its last client left', () => {
  it('counts as a success with its usage when it comes to its end', async () => {
    const { bench, only, engine, askedAndLeft } = await worldOf(HELD_AT_END, {
      settings: { deduplication: { linger: 60 } },
    });
    await askedAndLeft();
    only.release();
    const { result, usage, trace } = await bench.ended(1);
    expect([result, trace.attempts[0]?.outcome?.kind]).toEqual(['cancelled', 'success']);
    expect(usage).toBeDefined();
    expect(await only.requests[0]?.ended).toBe('answered');
    expect((await bench.provider('only')).requests).toMatchObject({ successes: 1, in_flight: 0 });
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });
});

describe('the time of the first of several', () => {
  it('is not that of the others: who has more of it asks anew', async () => {
    const { bench, only, clock, joined } = await worldOf([SILENCE, GOOD], {
      settings: { max_attempts: 0, hold_while_cooling: 0, unhealthy_threshold: 9 },
    });
    const hasty = bench.messages(duplicate({ 'x-stainless-timeout': '40' }, WHOLE_BODY));
    await only.nextRequest();
    const patient = bench.messages(duplicate({ 'x-stainless-timeout': '600' }, WHOLE_BODY));
    await joined(1);
    clock.advance(20_000);
    expect((await hasty.end).status).toBe(503);
    expect((await patient.end).status).toBe(200);
    expect(only.requests).toHaveLength(2);
  });
});

describe('room that is short', () => {
  it('is not counted twice for the body of a request that others may join', async () => {
    const { bench, only, engine } = await worldOf(HELD_AT_END, {
      settings: { max_buffered_bytes: '100KB', max_body_size: '100KB' },
    });
    const body = String(duplicate().body).replace('quoted', 'x'.repeat(60_000));
    const first = bench.messages(duplicate({}, body));
    await first.text('content_block_delta');
    expect(engine.cache().broadcasts).toHaveLength(1);
    only.release();
    await first.end;
    await bench.ended(1);
    expect(engine.status().bufferedBytes).toBe(0);
  });
});

describe('a message assembled of another client’s stream', () => {
  const LONG: Behaviour = { kind: 'message', hold: 'before_last', text: 'x'.repeat(100_000), pieces: 20 };
  const longer = ({ chunks }: { readonly chunks: readonly Buffer[] }) =>
    Buffer.concat(chunks).length > 100_000;

  it('is booked while it is collected, and let go with the client that wanted it', async () => {
    const { bench, only, engine, joined } = await worldOf(LONG);
    const stream = bench.messages(duplicate());
    await bench.until('the text', () => longer(stream));
    const before = engine.status().bufferedBytes;
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await joined(1);
    expect(engine.status().bufferedBytes - before).toBeGreaterThan(100_000);
    whole.abort();
    await bench.until('the room', () => engine.status().bufferedBytes === before);
    only.release();
    expect((await stream.end).end).toBe('complete');
    await bench.ended(2);
    expect(engine.status().bufferedBytes).toBe(0);
  });

  it('has a request of its own at once where there is no room to collect it', async () => {
    const { bench, only, engine, joined } = await worldOf([LONG, GOOD], {
      settings: { max_buffered_bytes: '150KB', max_body_size: '100KB' },
    });
    const stream = bench.messages(duplicate());
    await bench.until('the text', () => longer(stream));
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await joined(1);
    expect((await whole.end).status).toBe(200);
    expect(only.requests).toHaveLength(2);
    only.release();
    expect((await stream.end).end).toBe('complete');
    await bench.ended(2);
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('has one of its own too where it is the last that is left', async () => {
    const { bench, only, engine, joined } = await worldOf([{ ...LONG, hold: 'before_content' }, GOOD], {
      settings: { max_buffered_bytes: '50KB', max_body_size: '50KB' },
    });
    const stream = bench.messages(duplicate());
    await only.nextRequest();
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await joined(1);
    stream.abort();
    await bench.until('one left', () => engine.cache().broadcasts[0]?.subscribers === 1);
    only.release();
    expect((await whole.end).status).toBe(200);
    expect(only.requests).toHaveLength(2);
    await bench.ended(2);
    expect(engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });
});
