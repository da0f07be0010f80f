import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { added, inTurn, median, percentile, versus } from '../../bench/statistics.ts';

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });

describe('the statistics of the bench', () => {
  it('take the middle as median, or the mean of both in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 9, 5, 7])).toBe(6);
    expect(median([])).toBeNaN();
  });

  it('give percentiles that are values which were seen', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (seen, part) => {
        const found = percentile(seen, part);
        expect(seen).toContain(found);
        expect(seen.filter((value) => value <= found).length).toBeGreaterThanOrEqual(seen.length * part);
      }),
    );
  });

  it('compare round by round: one disturbed round moves no ratio but its own', () => {
    const { base, own, ratio, quartiles } = versus([10, 1000, 10, 10, 10], [20, 2000, 20, 90, 20]);
    expect({ base, own, ratio, quartiles }).toEqual({ base: 10, own: 20, ratio: 2, quartiles: [2, 2] });
    expect(added([10, 1000, 10], [12, 1002, 99])).toBe(2);
  });

  it('measure each subject once a round, every other round from behind', async () => {
    const asked: string[] = [];
    const samples = await inTurn(['a', 'b', 'c'], 3, async (subject) => {
      asked.push(subject);
      return asked.length;
    });
    expect(asked.join('')).toBe('abccbaabc');
    expect(samples).toEqual([
      [1, 6, 7],
      [2, 5, 8],
      [3, 4, 9],
    ]);
  });
});
