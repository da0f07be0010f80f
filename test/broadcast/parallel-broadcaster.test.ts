import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_COST, FIRST_SLAB, PACKED_COST } from '../../src/broadcast/chunk-log.ts';
import type { Subscriber, Subscription } from '../../src/broadcast/feed.ts';
import { ParallelBroadcaster } from '../../src/broadcast/parallel-broadcaster.ts';
import { type BufferBudget, createBufferBudget } from '../../src/domain/buffer-budget.ts';

/** A subscriber that notes what it gets; it is slow when told so. */
class Reader implements Subscriber<string> {
  readonly got: string[] = [];
  ending: string | undefined;
  slow = false;
  afterEnd = 0;

  chunk(bytes: Buffer): boolean {
    if (this.ending !== undefined) this.afterEnd += 1;
    this.got.push(bytes.toString());
    return !this.slow;
  }

  end(): void {
    this.#ended('end');
  }

  fail(reason: string): void {
    this.#ended(reason);
  }

  lagged(): void {
    this.#ended('lagged');
  }

  get text(): string {
    return this.got.join('');
  }

  #ended(ending: string): void {
    if (this.ending !== undefined) this.afterEnd += 1;
    this.ending = ending;
  }
}

interface Watched {
  readonly broadcast: ParallelBroadcaster<string>;
  readonly budget: BufferBudget;
  readonly seen: {
    resumed: number;
    emptied: number;
    closed: number;
    kept?: string | undefined;
    faults: unknown[];
  };
}

function watched(limits: { replay?: number; queue?: number; budget?: number } = {}): Watched {
  const seen: Watched['seen'] = { resumed: 0, emptied: 0, closed: 0, faults: [] };
  const budget = createBufferBudget(() => limits.budget ?? 1_000_000);
  const broadcast = new ParallelBroadcaster<string>({
    maxReplayBytes: limits.replay ?? 1_000_000,
    maxQueueBytes: limits.queue ?? 1_000_000,
    buffers: budget,
    resume: () => {
      seen.resumed += 1;
    },
    emptied: () => {
      seen.emptied += 1;
    },
    closed: () => {
      seen.closed += 1;
    },
    ended: (kept) => {
      seen.kept = kept === undefined ? undefined : Buffer.concat(kept).toString();
    },
    faulted: (error) => seen.faults.push(error),
  });
  return { broadcast, budget, seen };
}

const say = (broadcast: ParallelBroadcaster<string>, text: string) =>
  broadcast.chunk(Buffer.from(text), true);

describe('a broadcast', () => {
  it('hands a single subscriber each chunk, the very buffer, and its pace to the source', () => {
    const { broadcast, seen } = watched();
    const buffers: Buffer[] = [];
    let ready = true;
    const subscription = broadcast.subscribe({
      chunk: (bytes) => {
        buffers.push(bytes);
        return ready;
      },
      end() {},
      fail() {},
      lagged() {},
    });
    const chunk = Buffer.from('a');
    expect(broadcast.chunk(chunk, true)).toBe(true);
    expect(buffers[0]).toBe(chunk);
    ready = false;
    expect(say(broadcast, 'b')).toBe(false);
    subscription?.resume();
    expect(seen.resumed).toBe(1);
  });

  it('replays its beginning to whoever comes later, then goes on for both', () => {
    const { broadcast } = watched();
    const [first, second] = [new Reader(), new Reader()];
    broadcast.subscribe(first);
    say(broadcast, 'a');
    say(broadcast, 'b');
    broadcast.subscribe(second);
    expect(second.text).toBe('ab');
    say(broadcast, 'c');
    broadcast.end();
    expect([first.text, first.ending]).toEqual(['abc', 'end']);
    expect([second.text, second.ending]).toEqual(['abc', 'end']);
  });

  it('takes nobody once more than its replay has come, and says so once', () => {
    const { broadcast, seen, budget } = watched({ replay: 2 });
    broadcast.subscribe(new Reader());
    say(broadcast, 'ab');
    expect([seen.closed, budget.used()]).toEqual([0, FIRST_SLAB + PACKED_COST]);
    say(broadcast, 'c');
    say(broadcast, 'd');
    expect([seen.closed, budget.used()]).toEqual([1, 0]);
    expect(broadcast.subscribe(new Reader())).toBeUndefined();
  });

  it('books what its chunks cost beside their bytes: many small ones are not free', () => {
    const { broadcast, seen, budget } = watched({ budget: FIRST_SLAB + 9 * PACKED_COST });
    broadcast.subscribe(new Reader());
    for (let index = 0; index < 9; index += 1) say(broadcast, 'a');
    expect([seen.closed, budget.used()]).toEqual([0, FIRST_SLAB + 9 * PACKED_COST]);
    say(broadcast, 'a');
    expect([seen.closed, budget.used()]).toEqual([1, 0]);
  });

  it('without a replay takes those who are there before its first bytes', () => {
    const { broadcast, seen } = watched({ replay: 0 });
    const [first, second] = [new Reader(), new Reader()];
    broadcast.subscribe(first);
    expect(broadcast.subscribe(second)).toBeDefined();
    say(broadcast, 'a');
    expect([first.text, second.text, seen.closed]).toEqual(['a', 'a', 1]);
    expect(broadcast.subscribe(new Reader())).toBeUndefined();
  });

  it('takes nobody when the room for its replay is short', () => {
    const { broadcast, seen } = watched({ budget: 1 });
    const first = new Reader();
    broadcast.subscribe(first);
    say(broadcast, 'ab');
    expect([first.text, seen.closed]).toEqual(['ab', 1]);
    expect(broadcast.subscribe(new Reader())).toBeUndefined();
  });

  it('follows the fastest, and ends alone whoever is too far behind', () => {
    const { broadcast, budget } = watched({ queue: 3, replay: 4 });
    const [fast, slow] = [new Reader(), new Reader()];
    slow.slow = true;
    broadcast.subscribe(fast);
    broadcast.subscribe(slow);
    for (const text of 'abcd') expect(say(broadcast, text)).toBe(true);
    expect(slow.ending).toBeUndefined();
    say(broadcast, 'e');
    expect([slow.text, slow.ending]).toEqual(['a', 'lagged']);
    say(broadcast, 'f');
    broadcast.end();
    expect([fast.text, fast.ending, slow.afterEnd]).toEqual(['abcdef', 'end', 0]);
    expect(budget.used()).toBe(0);
  });

  it('tells a subscriber that it is too far behind before it tells that nobody is left', () => {
    const { broadcast, seen } = watched({ queue: 2 });
    const readers = [new Reader(), new Reader()];
    const emptied: number[] = [];
    for (const reader of readers) {
      reader.slow = true;
      reader.lagged = () => emptied.push(seen.emptied);
      broadcast.subscribe(reader);
    }
    for (const text of 'abcd') say(broadcast, text);
    expect([emptied, seen.emptied]).toEqual([[0, 0], 1]);
  });

  it('does not count what was replayed against a subscriber that reads it slowly', () => {
    const { broadcast } = watched({ queue: 2 });
    const [first, late] = [new Reader(), new Reader()];
    broadcast.subscribe(first);
    for (const text of 'abcdefgh') say(broadcast, text);
    late.slow = true;
    broadcast.subscribe(late);
    say(broadcast, 'i');
    say(broadcast, 'j');
    expect(late.ending).toBeUndefined();
    say(broadcast, 'k');
    expect(late.ending).toBe('lagged');
  });

  it('is paused when nobody reads and goes on with the first who does', () => {
    const { broadcast, seen } = watched();
    const [one, two] = [new Reader(), new Reader()];
    one.slow = true;
    two.slow = true;
    const first = broadcast.subscribe(one);
    broadcast.subscribe(two);
    expect(say(broadcast, 'a')).toBe(false);
    first?.resume();
    expect(seen.resumed).toBe(1);
  });

  it('goes on with a new reader where the only one so far had paused it', () => {
    const { broadcast, seen } = watched();
    const one = new Reader();
    one.slow = true;
    broadcast.subscribe(one);
    expect(say(broadcast, 'a')).toBe(false);
    broadcast.subscribe(new Reader());
    expect(seen.resumed).toBe(1);
  });

  it('tells a slow subscriber of the end after its last byte', () => {
    const { broadcast, budget } = watched();
    const [fast, slow] = [new Reader(), new Reader()];
    slow.slow = true;
    broadcast.subscribe(fast);
    const subscription = broadcast.subscribe(slow);
    say(broadcast, 'a');
    say(broadcast, 'b');
    broadcast.fail('broke');
    expect([fast.ending, slow.ending]).toEqual(['broke', undefined]);
    slow.slow = false;
    subscription?.resume();
    expect([slow.text, slow.ending]).toEqual(['ab', 'broke']);
    expect(budget.used()).toBe(0);
  });

  it('tells when the last subscriber has left, and can be found again while it is kept', () => {
    const { broadcast, seen } = watched();
    const first = broadcast.subscribe(new Reader());
    say(broadcast, 'a');
    first?.unsubscribe();
    first?.unsubscribe();
    expect(seen.emptied).toBe(1);
    expect(say(broadcast, 'b')).toBe(true);
    const again = new Reader();
    broadcast.subscribe(again);
    say(broadcast, 'c');
    broadcast.end();
    expect([again.text, again.ending]).toEqual(['abc', 'end']);
  });

  it('gives all its chunks at its end if they were kept', () => {
    const { broadcast, seen } = watched();
    broadcast.subscribe(new Reader());
    say(broadcast, 'a');
    say(broadcast, 'b');
    broadcast.end();
    broadcast.end();
    expect([seen.kept, seen.closed]).toEqual(['ab', 1]);
  });

  it('lets a subscriber that throws hurt nobody else', () => {
    const { broadcast, seen } = watched();
    const good = new Reader();
    const bug = new Error('bug');
    broadcast.subscribe({
      chunk: () => {
        throw bug;
      },
      end() {},
      fail() {},
      lagged() {},
    });
    broadcast.subscribe(good);
    say(broadcast, 'a');
    broadcast.end();
    expect([good.text, good.ending, seen.faults]).toEqual(['a', 'end', [bug]]);
  });

  it('with no room at all keeps those who read and ends those who do not', () => {
    const { broadcast, budget } = watched({ budget: 0 });
    const [fast, slow] = [new Reader(), new Reader()];
    slow.slow = true;
    broadcast.subscribe(fast);
    broadcast.subscribe(slow);
    say(broadcast, 'a');
    say(broadcast, 'b');
    expect([fast.text, slow.text, slow.ending, budget.used()]).toEqual(['ab', 'a', 'lagged', 0]);
  });
});

type Step =
  | { readonly do: 'subscribe' | 'unsubscribe' | 'slow' | 'resume'; readonly who: number }
  | { readonly do: 'chunk'; readonly size: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('subscribe', 'unsubscribe', 'slow', 'resume', 'resume' as const),
        who: fc.nat(5),
      }) as fc.Arbitrary<Step>,
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('chunk' as const), size: fc.integer({ min: 1, max: 9 }) }),
    },
  ),
  { maxLength: 80 },
);

describe('for any interleaving', () => {
  const world = fc.record({
    steps,
    ending: fc.constantFrom('end', 'broke'),
    replay: fc.constantFrom(0, 10, 40, 10_000),
    queue: fc.constantFrom(5, 20, 10_000),
    budget: fc.constantFrom(0, CHUNK_COST + 5, 5 * CHUNK_COST, FIRST_SLAB + 2 * PACKED_COST, 100_000),
  });

  it('whoever stays sees exactly the bytes of the source, which is not paused while someone waits for it, nothing follows a leave or an end, and all room is given back', () => {
    fc.assert(
      fc.property(world, ({ steps, ending, ...limits }) => {
        const { broadcast, budget, seen } = watched(limits);
        const readers = new Map<number, { reader: Reader; subscription: Subscription; left?: string }>();
        const everyone: { reader: Reader; left?: string }[] = [];
        let source = '';
        let paused = false;
        const someoneWaits = () =>
          [...readers.values()].some(({ reader }) => !reader.slow && reader.text === source);
        for (const step of steps) {
          if (step.do === 'chunk') {
            if (paused) continue;
            const text = String.fromCharCode(97 + (source.length % 26)).repeat(step.size);
            source += text;
            const before = seen.resumed;
            paused = !say(broadcast, text) && seen.resumed === before;
            expect(budget.used()).toBeLessThanOrEqual(limits.budget);
            for (const [who, { reader }] of readers) if (reader.ending === 'lagged') readers.delete(who);
            expect(paused && someoneWaits()).toBe(false);
            continue;
          }
          const known = readers.get(step.who);
          const resumed = seen.resumed;
          if (step.do === 'subscribe' && known === undefined) {
            const reader = new Reader();
            const subscription = broadcast.subscribe(reader);
            if (subscription === undefined) continue;
            const entry = { reader, subscription };
            readers.set(step.who, entry);
            everyone.push(entry);
          } else if (step.do === 'unsubscribe' && known !== undefined) {
            known.subscription.unsubscribe();
            known.left = known.reader.text;
            readers.delete(step.who);
            // Whoever drives the source sets it going where nobody is left.
            if (readers.size === 0) paused = false;
          } else if (step.do === 'slow' && known !== undefined) known.reader.slow = true;
          else if (step.do === 'resume' && known !== undefined) {
            known.reader.slow = false;
            known.subscription.resume();
          }
          if (seen.resumed > resumed) paused = false;
          expect(paused && someoneWaits()).toBe(false);
        }
        if (ending === 'end') broadcast.end();
        else broadcast.fail(ending);
        for (const { reader, subscription } of readers.values()) {
          reader.slow = false;
          subscription.resume();
        }
        for (const { reader, left } of everyone) {
          expect(reader.afterEnd).toBe(0);
          if (left !== undefined) {
            expect(reader.text).toBe(left);
            expect(source.startsWith(left)).toBe(true);
          } else if (reader.ending === 'lagged') expect(source.startsWith(reader.text)).toBe(true);
          else expect([reader.text, reader.ending]).toEqual([source, ending]);
        }
        expect([budget.used(), seen.faults]).toEqual([0, []]);
      }),
      { numRuns: 1_000 },
    );
  });
});
