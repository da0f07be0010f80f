import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLiveExchanges } from '../../src/broadcast/live-exchanges.ts';
import type { Fingerprint } from '../../src/domain/fingerprint.ts';

function fingerprint(key: string, text: string): Fingerprint {
  const body = Buffer.from(text);
  return { key, body, parts: [{ start: 0, end: body.length }] };
}

it('an exchange is found by an equal request until it is taken out', () => {
  const live = createLiveExchanges<string>();
  const remove = live.add(fingerprint('k', 'body'), 'one');
  expect(live.find(fingerprint('k', 'body'), () => true)).toBe('one');
  expect(live.find(fingerprint('k', 'bodz'), () => true)).toBeUndefined();
  expect(live.find(fingerprint('l', 'body'), () => true)).toBeUndefined();
  remove();
  remove();
  expect(live.find(fingerprint('k', 'body'), () => true)).toBeUndefined();
  expect(live.size).toBe(0);
});

it('of several the newest that suits is found, and exchanges of other bodies share a bucket in peace', () => {
  const live = createLiveExchanges<string>();
  live.add(fingerprint('k', 'body'), 'one');
  live.add(fingerprint('k', 'othr'), 'other');
  const remove = live.add(fingerprint('k', 'body'), 'two');
  expect(live.find(fingerprint('k', 'body'), () => true)).toBe('two');
  expect(live.find(fingerprint('k', 'body'), (name) => name !== 'two')).toBe('one');
  remove();
  expect(live.find(fingerprint('k', 'body'), () => true)).toBe('one');
  expect([...live.all()].sort()).toEqual(['one', 'other']);
});

it('for any order of requests and ends, as many begin as there are different ones in flight', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), ends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const live = createLiveExchanges<string>();
      const running = new Map<string, () => void>();
      for (const { name, ends } of steps) {
        // Two names share a key: they are told apart by their bytes.
        const asked = fingerprint(name < 'c' ? 'k' : 'l', name);
        const found = live.find(asked, () => true);
        expect(found).toBe(running.has(name) ? name : undefined);
        if (ends) {
          running.get(name)?.();
          running.delete(name);
        } else if (found === undefined) running.set(name, live.add(asked, name));
        expect(live.size).toBe(running.size);
      }
    }),
  );
});
