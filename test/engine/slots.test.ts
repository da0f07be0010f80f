import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlots } from '../../src/engine/slots.ts';

/** Slots whose handing on waits for the test. */
function table(limits: Readonly<Record<string, number>>) {
  const planned: (() => void)[] = [];
  const slots = createSlots((act) => planned.push(act));
  slots.configure(Object.entries(limits).map(([id, maxConcurrent]) => ({ id, maxConcurrent })));
  const looked: string[] = [];
  return {
    slots,
    looked,
    /** What waits for the end of the step happens. */
    settle: (): void => {
      while (planned.length > 0) planned.shift()?.();
    },
    enter: (...ids: readonly string[]): void => {
      for (const id of ids) slots.enter(id);
    },
    wait: (id: string, ...providers: readonly string[]) => slots.await(id, providers, () => looked.push(id)),
  };
}

describe('slots', () => {
  it('are taken from an attempt’s start to its end, and free once', () => {
    const { slots, enter } = table({ a: 1 });
    enter('q1', 'q2');
    expect(slots.full('a', 'q2')).toBeUndefined();
    slots.take('a', 'q1');
    expect(slots.full('a', 'q2')).toEqual({ inFlight: 1, limit: 1 });
    slots.free('q1');
    slots.free('q1');
    slots.leave('q1');
    expect(slots.full('a', 'q2')).toBeUndefined();
    expect(slots.counts('a')).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('are free when their request has ended, however it did', () => {
    const { slots, enter } = table({ a: 1 });
    enter('q1', 'q2');
    slots.take('a', 'q1');
    slots.leave('q1');
    expect(slots.full('a', 'q2')).toBeUndefined();
    // A request that has ended takes nothing any more.
    slots.take('a', 'q1');
    expect(slots.counts('a').inFlight).toBe(0);
  });

  it('are counted without a limit too, and never full', () => {
    const { slots, enter } = table({});
    enter('q1', 'q2', 'q3');
    slots.take('a', 'q1');
    slots.take('a', 'q2');
    expect([slots.full('a', 'q3'), slots.counts('a').inFlight]).toEqual([undefined, 2]);
    slots.configure([{ id: 'a', maxConcurrent: 2 }]);
    expect(slots.full('a', 'q3')).toEqual({ inFlight: 2, limit: 2 });
  });

  it('go to the first in line by arrival, and each wakes exactly one', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 1 });
    enter('q1', 'q2', 'q3', 'q4');
    slots.take('a', 'q1');
    wait('q4', 'a');
    wait('q2', 'a');
    wait('q3', 'a');
    slots.free('q1');
    settle();
    expect(looked).toEqual(['q2']);
    slots.take('a', 'q2');
    settle();
    expect(looked).toEqual(['q2']);
    slots.free('q2');
    settle();
    expect(looked).toEqual(['q2', 'q3']);
  });

  it('are not to be had by newcomers while somebody stands in line', () => {
    const { slots, enter, wait, settle } = table({ a: 1 });
    enter('q1', 'q2');
    slots.take('a', 'q1');
    wait('q2', 'a');
    slots.free('q1');
    enter('q3');
    expect(slots.full('a', 'q3')).toBeDefined();
    settle();
    expect(slots.full('a', 'q3')).toBeDefined();
    expect(slots.full('a', 'q2')).toBeUndefined();
  });

  it('are needed again at once by a repair: then nobody is woken', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 1 });
    enter('q1', 'q2');
    slots.take('a', 'q1');
    wait('q2', 'a');
    slots.free('q1');
    slots.take('a', 'q1');
    settle();
    expect([looked, slots.counts('a')]).toEqual([[], { inFlight: 1, waiting: 1 }]);
  });

  it('go to the next in line where the first has no use for them any more', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 1, b: 1 });
    enter('q1', 'q2', 'q3', 'q4');
    slots.take('a', 'q1');
    const over = wait('q2', 'a');
    wait('q3', 'a');
    wait('q4', 'a');
    slots.free('q1');
    settle();
    over();
    settle();
    slots.take('b', 'q3');
    settle();
    expect(looked).toEqual(['q2', 'q3', 'q4']);
  });

  it('are lost for whoever leaves the line, and kept for those behind', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 1 });
    enter('q1', 'q2', 'q3');
    slots.take('a', 'q1');
    wait('q2', 'a');
    wait('q3', 'a');
    slots.leave('q2');
    expect(slots.counts('a').waiting).toBe(1);
    slots.free('q1');
    settle();
    slots.leave('q3');
    settle();
    expect(looked).toEqual(['q3']);
    expect(slots.counts('a')).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('may be waited for at several providers: the first that has room ends it', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 1, b: 1 });
    enter('q1', 'q2', 'q3', 'q4');
    slots.take('a', 'q1');
    slots.take('b', 'q2');
    wait('q3', 'a', 'b');
    wait('q4', 'b');
    slots.free('q2');
    settle();
    slots.free('q1');
    settle();
    expect(looked).toEqual(['q3']);
    expect([slots.full('b', 'q3'), slots.counts('a')]).toEqual([undefined, { inFlight: 0, waiting: 0 }]);
  });

  it('that a reload adds wake as many; those it takes away are waited out', () => {
    const { slots, enter, wait, settle, looked } = table({ a: 2 });
    enter('q1', 'q2', 'q3', 'q4', 'q5');
    slots.take('a', 'q1');
    slots.take('a', 'q2');
    for (const id of ['q3', 'q4', 'q5']) wait(id, 'a');
    slots.configure([{ id: 'a', maxConcurrent: 1 }]);
    slots.free('q1');
    settle();
    expect(looked).toEqual([]);
    slots.configure([{ id: 'a', maxConcurrent: 3 }]);
    settle();
    expect(looked).toEqual(['q3', 'q4']);
    // The provider is gone: nothing is to be waited for there.
    slots.configure([]);
    settle();
    expect(looked).toEqual(['q3', 'q4', 'q5']);
  });

  it('are never more than the limit, go by arrival, and nobody is forgotten, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('arrive', 'end', 'give_up', 'settle', 'configure'),
      which: fc.nat({ max: 20 }),
      providers: fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 }),
      limit: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limits: Record<string, number> = { a: 1, b: 2 };
        const { slots, settle } = table(limits);
        /** What each request does: its providers, and where it is now. */
        const live = new Map<string, { wants: readonly string[]; at: string | undefined; arrival: number }>();
        const ended: (() => void)[] = [];
        let arrivals = 0;
        const look = (id: string): void => {
          const request = live.get(id);
          if (request === undefined) return;
          const room = request.wants.find((provider) => slots.full(provider, id) === undefined);
          if (room !== undefined) {
            // Nobody who came before waits for it.
            for (const [other, { wants, at, arrival }] of live)
              if (at === undefined && other !== id && arrival < request.arrival)
                expect(wants).not.toContain(room);
            request.at = room;
            slots.take(room, id);
            expect(slots.counts(room).inFlight).toBeLessThanOrEqual(limits[room] ?? 0);
            return;
          }
          const over = slots.await(id, request.wants, () => {
            look(id);
            over();
          });
          ended.push(over);
        };
        for (const { what, which, providers, limit } of steps) {
          const ids = [...live.keys()];
          const id = ids[which % Math.max(1, ids.length)] ?? '';
          const request = live.get(id);
          if (what === 'arrive') {
            arrivals += 1;
            live.set(`q${arrivals}`, { wants: providers, at: undefined, arrival: arrivals });
            slots.enter(`q${arrivals}`);
            look(`q${arrivals}`);
          } else if (what === 'settle') settle();
          else if (what === 'configure') {
            const [provider = 'a'] = providers;
            // Lower ones are another test's matter.
            limits[provider] = Math.max(limits[provider] ?? 0, limit);
            slots.configure(
              Object.entries(limits).map(([name, maxConcurrent]) => ({ id: name, maxConcurrent })),
            );
          } else if (request !== undefined && (what === 'end') === (request.at !== undefined)) {
            live.delete(id);
            slots.leave(id);
          }
        }
        settle();
        // Whoever waits has reason to: every provider it wants is taken.
        for (const { wants, at } of live.values()) {
          if (at !== undefined) continue;
          for (const provider of wants) expect(slots.counts(provider).inFlight).toBe(limits[provider]);
        }
        for (const id of [...live.keys()]) slots.leave(id);
        settle();
        expect(['a', 'b'].map((provider) => slots.counts(provider))).toEqual([
          { inFlight: 0, waiting: 0 },
          { inFlight: 0, waiting: 0 },
        ]);
      }),
      { numRuns: 500 },
    );
  });
});
