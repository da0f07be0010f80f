import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LruMap } from '../../src/domain/lru-map.ts';

describe('a bounded map', () => {
  it('lets the key go that was used longest ago, and reading counts as use', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('forgets what is not wanted any more, says how much that was, and keeps the order of the rest', () => {
    const map = new LruMap<string, number>(3);
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      map.set(key, value);
    expect(map.prune((value) => value !== 2)).toBe(1);
    map.set('d', 4);
    map.set('e', 5);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, undefined, 3]);
  });

  it('keeps exactly the keys used last, for any sequence of uses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 9 })), (limit, keys) => {
        const map = new LruMap<number, number>(limit);
        for (const key of keys) map.set(key, key * 2);
        const newestFirst = [...new Set(keys.toReversed())];
        expect(map.size).toBe(Math.min(limit, newestFirst.length));
        for (const key of newestFirst.slice(0, limit)) expect(map.get(key)).toBe(key * 2);
      }),
    );
  });
});
