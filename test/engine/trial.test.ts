import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import { DOWN, GOOD, HELD, limited, SILENCE } from '../support/behaviours.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

/** `first` cools for 60 s after two failures; `second` answers. */
async function cooled() {
  const first = await start({ name: 'first', behaviour: DOWN });
  const second = await start({ name: 'second' });
  const bench = await balance({ providers: [entry(first), entry(second)] });
  await bench.messages().end;
  await bench.messages().end;
  expect(traceOf(await bench.provider('first'))).toEqual({ failures: '2/2', cools: 60 });
  return { bench, first, second };
}

describe('a trial', () => {
  it('is one request: others go elsewhere until its first content', async () => {
    const { bench, first, second } = await cooled();
    first.setBehaviour(HELD);
    bench.clock.advance(60_000);
    expect((await bench.provider('first')).state).toBe('trial');
    const trial = bench.messages();
    await bench.until('the trial', () => first.requests.length === 3);
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect(first.requests).toHaveLength(3);
    first.release();
    expect((await trial.end).header('x-provider-used')).toBe('first');
    expect(second.requests).toHaveLength(4);
    expect((await bench.provider('first')).state).toBe('healthy');
    expect(traceOf(await bench.provider('first'))).toEqual({ failures: '0/2', cools: null });
  });

  it('lets others come with its first content, and heals at its end', async () => {
    const { bench, first } = await cooled();
    first.setBehaviour({ kind: 'message', hold: 'before_last' });
    bench.clock.advance(60_000);
    const trial = bench.messages();
    await trial.text('message_delta');
    expect((await bench.provider('first')).state).toBe('degraded');
    const other = bench.messages();
    await other.text('message_delta');
    expect(first.requests).toHaveLength(4);
    first.release();
    await Promise.all([trial.end, other.end]);
    await bench.ended(4);
    expect((await bench.provider('first')).state).toBe('healthy');
  });

  it('that fails cools twice as long, and its own request is answered elsewhere', async () => {
    const { bench } = await cooled();
    for (const seconds of [120, 240, 480, 960, 1800, 1800]) {
      const left = traceOf(await bench.provider('first')).cools ?? 0;
      bench.clock.advance(left * 1000);
      expect((await bench.messages().end).header('x-provider-used')).toBe('second');
      expect(traceOf(await bench.provider('first')).cools).toBe(seconds);
    }
  });

  it('that the client leaves hands its turn to the next', async () => {
    const { bench, first } = await cooled();
    first.setBehaviour(HELD);
    bench.clock.advance(60_000);
    const trial = bench.messages();
    await bench.until('the trial', () => first.requests.length === 3);
    await first.requests[2]?.held;
    trial.abort();
    await bench.ended(3);
    expect((await bench.provider('first')).state).toBe('trial');
    first.setBehaviour(GOOD);
    expect((await bench.messages().end).header('x-provider-used')).toBe('first');
  });

  it('that is refused hands its turn on, too, and does not heal', async () => {
    const { bench, first } = await cooled();
    first.setBehaviour(apiError(400, 'invalid_request_error', 'unknown field'));
    bench.clock.advance(60_000);
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect((await bench.provider('first')).state).toBe('trial');
  });

  it('has 15 s to message_start while another candidate is left; then the cooldown is repeated, not grown', async () => {
    const { bench, first, second } = await cooled();
    first.setBehaviour(SILENCE);
    bench.clock.advance(60_000);
    const trial = bench.messages();
    await bench.until('the trial', () => first.requests.length === 3);
    bench.clock.advance(14_999);
    expect(second.requests).toHaveLength(2);
    bench.clock.advance(1);
    expect((await trial.end).header('x-provider-used')).toBe('second');
    expect(traceOf(await bench.provider('first'))).toEqual({ failures: '2/2', cools: 60 });
  });

  it('is cut short at most every third time: the second and third have their full time', async () => {
    const { bench, first, second } = await cooled();
    first.setBehaviour(SILENCE);
    const cutAfter: number[] = [];
    for (let number = 0; number < 4; number += 1) {
      bench.clock.advance((traceOf(await bench.provider('first')).cools ?? 0) * 1000);
      const seen = first.requests.length;
      const before = second.requests.length;
      const trial = bench.messages();
      await bench.until('the trial', () => first.requests.length === seen + 1);
      const startedAt = bench.clock.now();
      bench.clock.advance(15_000);
      const short = (await bench.provider('first')).state === 'cooling';
      if (!short) bench.clock.advance(165_000);
      cutAfter.push((bench.clock.now() - startedAt) / 1000);
      await trial.end;
      expect(second.requests).toHaveLength(before + 1);
    }
    expect(cutAfter).toEqual([15, 180, 180, 15]);
  });

  it('is waited for where there is nobody else', async () => {
    const first = await start({
      name: 'first',
      behaviour: [limited(30), { kind: 'message', hold: 'before_content' }],
    });
    const bench = await balance({ providers: [entry(first)], settings: { hold_while_cooling: 20 } });
    expect((await bench.messages().end).status).toBe(503);
    bench.clock.advance(30_000);
    const trial = bench.messages();
    await first.nextRequest();
    await (await first.nextRequest()).held;
    const other = bench.messages();
    await running(bench, 2);
    expect(first.requests).toHaveLength(2);
    first.setBehaviour(GOOD);
    first.release();
    expect((await trial.end).status).toBe(200);
    expect((await other.end).status).toBe(200);
    expect(first.requests).toHaveLength(3);
  });
});

async function running(bench: Bench, count: number): Promise<void> {
  await bench.until(`${count} running requests`, () => bench.balancer.engine.status().inFlight === count);
}
