import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_COST, ChunkLog, FIRST_SLAB, PACKED_COST } from '../../src/broadcast/chunk-log.ts';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';

function chunk(length: number, seed: number): Buffer {
  return Buffer.alloc(length, seed % 251);
}

const pushed = fc.record({
  length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(2_047, 2_048, 8_192, 8_193, 70_000)),
  isForLong: fc.boolean(),
  atBoundary: fc.boolean(),
});
/** After each of these so many of the oldest are forgotten. */
const steps = fc.array(fc.tuple(pushed, fc.nat(3)), { maxLength: 120 });

describe('a log of chunks', () => {
  it('gives every chunk that was not forgotten as it came, packed or not', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const budget = createBufferBudget(() => Number.MAX_SAFE_INTEGER);
        const log = new ChunkLog(budget);
        const came: { bytes: Buffer; atBoundary: boolean }[] = [];
        let forgotten = 0;
        for (const [{ length, isForLong, atBoundary }, more] of all) {
          const bytes = chunk(length, came.length);
          expect(log.push(bytes, atBoundary, isForLong)).toBe(true);
          came.push({ bytes, atBoundary });
          expect(log.end).toBe(came.length);
          forgotten = Math.min(came.length, forgotten + more);
          log.forget(forgotten);
          for (let count = forgotten; count < came.length; count += 1) {
            expect(log.at(count)?.equals(came[count]?.bytes ?? Buffer.alloc(0))).toBe(true);
            expect(log.isBoundary(count)).toBe(came[count]?.atBoundary);
          }
          expect(log.at(came.length)).toBeUndefined();
        }
        log.forget(log.end);
        expect(budget.used()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('gives all of its bytes in a row, and the last chunk as the very one that came', () => {
    fc.assert(
      fc.property(fc.array(pushed, { minLength: 1, maxLength: 60 }), (all) => {
        const log = new ChunkLog(createBufferBudget(() => Number.MAX_SAFE_INTEGER));
        const came = all.map(({ length, isForLong, atBoundary }, index) => {
          const bytes = chunk(length, index);
          log.push(bytes, atBoundary, isForLong);
          return bytes;
        });
        expect(Buffer.concat(log.pieces).equals(Buffer.concat(came))).toBe(true);
        expect(log.pieces.at(-1)).toBe(came.at(-1));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a copy of what is kept for long, and no reference to where it came in', () => {
    const log = new ChunkLog(createBufferBudget(() => Number.MAX_SAFE_INTEGER));
    const bytes = Buffer.from('first');
    log.push(bytes, true, true);
    log.push(Buffer.from('second'), true, true);
    bytes.fill('x');
    expect(log.at(0)?.toString()).toBe('first');
    expect(log.pieces).toHaveLength(2);
  });

  it('books the memory that chunks share, and what each costs beside it', () => {
    const budget = createBufferBudget(() => FIRST_SLAB + 2 * PACKED_COST + 1 + CHUNK_COST);
    const log = new ChunkLog(budget);
    expect([log.push(chunk(1, 1), true, true), log.push(chunk(1, 2), true, true)]).toEqual([true, true]);
    expect(budget.used()).toBe(FIRST_SLAB + 2 * PACKED_COST);
    expect(log.push(chunk(FIRST_SLAB, 3), true, true)).toBe(false);
    expect(log.push(chunk(1, 4), true, false)).toBe(true);
    expect(log.push(chunk(1, 5), true, false)).toBe(false);
    expect(log.end).toBe(3);
    log.forget(3);
    expect(budget.used()).toBe(0);
  });

  it('counts chunks that nobody wants kept', () => {
    const log = new ChunkLog(createBufferBudget(() => Number.MAX_SAFE_INTEGER));
    log.push(chunk(1, 1), true, true);
    log.skip();
    expect([log.end, log.at(0), log.at(1)]).toEqual([2, undefined, undefined]);
    log.push(chunk(3, 2), false, true);
    expect([log.end, log.at(2)?.length, log.isBoundary(2)]).toEqual([3, 3, false]);
  });
});
