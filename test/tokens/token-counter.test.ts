import { describe, expect, it, vi } from 'vitest';
import { estimateTokens } from '../../src/tokens/estimate.ts';
import { type CounterLimits, createTokenCounter } from '../../src/tokens/token-counter.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { scriptedThreads } from '../support/scripted-threads.ts';

function bench(limits: Partial<CounterLimits> = {}) {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const { start, threads } = scriptedThreads();
  const counter = createTokenCounter({ clock, warn: (text) => warnings.push(text), start, limits });
  const thread = (at: number) => {
    const found = threads[at];
    if (found === undefined) throw new Error(`thread ${at} was not started`);
    return found;
  };
  return { clock, warnings, threads, thread, counter };
}

const body = (text: string): Buffer => Buffer.from(JSON.stringify({ messages: [text] }));
const ONE = body('one');
const TWO = body('two two two two');

describe('a token counter', () => {
  it('starts its thread with the first count, and gives what the thread counts', async () => {
    const { counter, threads, thread } = bench();
    expect(threads).toHaveLength(0);
    const count = counter.countTokens(ONE);
    thread(0).listener.counted(42);
    expect(await count).toBe(42);
    expect(threads).toHaveLength(1);
  });

  it('neither parses nor decodes a large body: it hands its bytes over', async () => {
    const { counter, thread } = bench();
    const large = body('x'.repeat(1_000_000));
    const parse = vi.spyOn(JSON, 'parse');
    const decode = vi.spyOn(large, 'toString');
    const search = vi.spyOn(large, 'indexOf');
    try {
      const count = counter.countTokens(large);
      expect(thread(0).bodies[0]).toBe(large);
      thread(0).listener.counted(7);
      expect(await count).toBe(7);
      expect([parse, decode, search].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('hands bodies over one at a time, in order', async () => {
    const { counter, thread } = bench();
    const counts = [counter.countTokens(ONE), counter.countTokens(TWO)];
    expect(thread(0).bodies).toEqual([ONE]);
    thread(0).listener.counted(1);
    expect(thread(0).bodies).toEqual([ONE, TWO]);
    thread(0).listener.counted(2);
    expect(await Promise.all(counts)).toEqual([1, 2]);
  });

  it('counts equal bodies once, at the same time and later', async () => {
    const { counter, thread } = bench();
    const counts = [counter.countTokens(ONE), counter.countTokens(Buffer.from(ONE))];
    thread(0).listener.counted(5);
    expect(await Promise.all(counts)).toEqual([5, 5]);
    expect(await counter.countTokens(Buffer.from(ONE))).toBe(5);
    expect(thread(0).bodies).toHaveLength(1);
  });

  it('remembers the last counts only, and those of bodies up to 1 MB', async () => {
    const { counter, thread } = bench({ remembered: 1 });
    const large = body('x'.repeat(1_100_000));
    for (const each of [ONE, TWO, ONE, large, large]) {
      const count = counter.countTokens(each);
      thread(0).listener.counted(1);
      await count;
    }
    expect(thread(0).bodies).toHaveLength(5);
  });

  it('estimates what the thread could not read', async () => {
    const { counter, thread, warnings } = bench();
    const count = counter.countTokens(ONE);
    thread(0).listener.counted(undefined);
    expect(await count).toBe(estimateTokens(ONE));
    expect(warnings).toEqual([]);
  });

  it('estimates what a dying thread had, says so once, and goes on with a new thread', async () => {
    const { counter, threads, thread, warnings } = bench();
    const counts = [counter.countTokens(ONE), counter.countTokens(TWO)];
    thread(0).listener.died('out of memory');
    expect(await counts[0]).toBe(estimateTokens(ONE));
    expect(thread(1).bodies).toEqual([TWO]);
    thread(1).listener.died('out of memory');
    expect(await counts[1]).toBe(estimateTokens(TWO));
    expect(threads).toHaveLength(2);
    expect(warnings).toEqual([
      'Tokens could not be counted (out of memory): they are estimated by size where that happens.',
    ]);
  });

  it('takes an end of an idle thread as no reason not to start another one', async () => {
    const { counter, thread } = bench();
    const first = counter.countTokens(ONE);
    thread(0).listener.counted(1);
    await first;
    thread(0).listener.died('it ended with code 1');
    const second = counter.countTokens(TWO);
    thread(1).listener.counted(2);
    expect(await second).toBe(2);
  });

  it('ends a thread that takes too long, and estimates', async () => {
    const { clock, counter, thread, warnings } = bench({ countMs: 10_000 });
    const counts = [counter.countTokens(ONE), counter.countTokens(TWO)];
    clock.advance(9_999);
    expect(thread(0).hasEnded).toBe(false);
    clock.advance(1);
    expect(thread(0).hasEnded).toBe(true);
    expect(await counts[0]).toBe(estimateTokens(ONE));
    expect(warnings.join()).toContain('took longer than 10 s');
    thread(1).listener.counted(3);
    expect(await counts[1]).toBe(3);
  });

  it('starts no thread for a while after three failures in a row', async () => {
    const { clock, counter, threads, thread } = bench({ failures: 3, pauseMs: 60_000 });
    const counts = ['a', 'b', 'c', 'd'].map((text) => counter.countTokens(body(text)));
    for (const at of [0, 1, 2]) thread(at).listener.died('no such file');
    expect(await Promise.all(counts)).toEqual(['a', 'b', 'c', 'd'].map((text) => estimateTokens(body(text))));
    await counter.countTokens(ONE);
    expect(threads).toHaveLength(3);
    clock.advance(60_000);
    const count = counter.countTokens(ONE);
    thread(3).listener.counted(9);
    expect(await count).toBe(9);
  });

  it.each<readonly [string, Partial<CounterLimits>]>([
    ['in number', { waiting: 1 }],
    ['in bytes', { waitingBytes: TWO.length + 1 }],
  ])('limits those that wait %s: the others are estimated at once', async (_, limits) => {
    const { counter, thread, warnings } = bench(limits);
    const counts = [counter.countTokens(ONE), counter.countTokens(TWO)];
    const third = body('three');
    expect(await counter.countTokens(third)).toBe(estimateTokens(third));
    expect(warnings).toHaveLength(1);
    thread(0).listener.counted(1);
    thread(0).listener.counted(2);
    expect(await Promise.all(counts)).toEqual([1, 2]);
  });

  it('counts a body larger than what may wait, where nothing else is counted', async () => {
    const { counter, thread } = bench({ waitingBytes: 1 });
    const count = counter.countTokens(TWO);
    thread(0).listener.counted(4);
    expect(await count).toBe(4);
  });

  it('estimates a body that is too large for the thread', async () => {
    const { counter, threads } = bench({ bodyBytes: ONE.length });
    expect(await counter.countTokens(TWO)).toBe(estimateTokens(TWO));
    expect(threads).toHaveLength(0);
  });

  it('ends the thread after a while without work, and starts another one for the next count', async () => {
    const { clock, counter, thread } = bench({ idleMs: 60_000 });
    const first = counter.countTokens(ONE);
    clock.advance(5_000);
    thread(0).listener.counted(1);
    await first;
    clock.advance(59_999);
    expect(thread(0).hasEnded).toBe(false);
    clock.advance(1);
    expect(thread(0).hasEnded).toBe(true);
    const second = counter.countTokens(TWO);
    thread(1).listener.counted(2);
    expect(await second).toBe(2);
  });

  it('ends its thread when it is closed: whoever waits gets an estimate, and nobody a new thread', async () => {
    const { clock, counter, threads, thread } = bench();
    const counts = [counter.countTokens(ONE), counter.countTokens(TWO)];
    await counter.close();
    expect(thread(0).hasEnded).toBe(true);
    expect(await Promise.all(counts)).toEqual([estimateTokens(ONE), estimateTokens(TWO)]);
    expect(await counter.countTokens(body('late'))).toBe(estimateTokens(body('late')));
    clock.advance(3_600_000);
    expect(threads).toHaveLength(1);
  });
});
