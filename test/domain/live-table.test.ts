import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveTable } from '../../src/domain/live-table.ts';

describe('the table of what is alive', () => {
  it('behaves like a map, whatever the names', () => {
    const name = fc.constantFrom('a', 'b', '1', '__proto__', 'constructor', '');
    const step = fc.record({ name, deletes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const table = new LiveTable<{ at: number }>();
        const model = new Map<string, { at: number }>();
        for (const [at, { name: key, deletes }] of steps.entries()) {
          if (deletes) expect(table.delete(key)).toBe(model.delete(key));
          else {
            table.set(key, { at });
            model.set(key, { at });
          }
          expect(table.get(key)).toEqual(model.get(key));
          expect(table.has(key)).toBe(model.has(key));
          expect(table.size).toBe(model.size);
          expect(new Set(table.values())).toEqual(new Set(model.values()));
        }
      }),
    );
  });
});
