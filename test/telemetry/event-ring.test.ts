import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderMoment } from '../../src/domain/inspection/inspection.ts';
import { createEventRing, type EventSource } from '../../src/telemetry/event-ring.ts';

/** A source whose events bear its name. */
const source = (actor: string, eventBytes = 0, moment?: ProviderMoment): EventSource => ({
  event: (at) => ({ at, kind: 'transition', actor }),
  eventBytes,
  ...(moment === undefined ? {} : { moment }),
});

describe('the ring of events', () => {
  it('numbers from 1 without a gap and keeps the newest', () => {
    const ring = createEventRing({ maxEvents: 3, maxBytes: 1e6 });
    expect([ring.first, ring.last]).toEqual([1, 0]);
    for (const name of ['a', 'b', 'c', 'd', 'e']) ring.push(7, source(name));
    expect(ring.after(0).map(({ seq, actor, at }) => [seq, actor, at])).toEqual([
      [3, 'c', 7],
      [4, 'd', 7],
      [5, 'e', 7],
    ]);
    expect(ring.after(4).map(({ seq }) => seq)).toEqual([5]);
    expect(ring.after(5)).toEqual([]);
    expect(ring.after(0, 2).map(({ seq }) => seq)).toEqual([3, 4]);
    expect([ring.first, ring.last]).toEqual([3, 5]);
  });

  it('hands its source time, step and attempt when it is read', () => {
    const ring = createEventRing({ maxEvents: 3, maxBytes: 1e6 });
    const told: unknown[] = [];
    const event: EventSource['event'] = (at, step, attempt) => {
      told.push([at, step, attempt]);
      return { at, kind: 'transition', actor: 'x' };
    };
    ring.push(1.5, { event, eventBytes: 0 }, 12, 3);
    expect(told).toEqual([]);
    ring.after(0);
    expect(told).toEqual([[1.5, 12, 3]]);
  });

  it('gives those of one source alone, with their own numbers', () => {
    const ring = createEventRing({ maxEvents: 10, maxBytes: 1e6 });
    const [a, b] = [source('a'), source('b')];
    for (const each of [a, b, a, b, a]) ring.push(0, each);
    expect(ring.after(0, 10, (each) => each === b).map(({ seq }) => seq)).toEqual([2, 4]);
  });

  it('is bounded in bytes, however few events that leaves', () => {
    const ring = createEventRing({ maxEvents: 100, maxBytes: 2_000 });
    for (let at = 0; at < 20; at += 1) ring.push(at, source('r', 800));
    expect(ring.bytes).toBeLessThanOrEqual(2_000);
    expect(ring.after(0)).toHaveLength(2);
    expect(ring.last).toBe(20);
  });

  it('keeps an event that is larger than its bound alone', () => {
    const ring = createEventRing({ maxEvents: 100, maxBytes: 10 });
    ring.push(0, source('a'));
    ring.push(0, source('b'));
    expect(ring.after(0).map(({ actor }) => actor)).toEqual(['b']);
  });

  it('knows how each provider stood before the oldest event that is kept', () => {
    const ring = createEventRing({ maxEvents: 2, maxBytes: 1e6 });
    const at = (state: string) => source('provider:p', 0, { id: 'p', state, failures: 0, threshold: 2 });
    ring.push(0, at('healthy'));
    ring.push(0, at('cooling'));
    expect(ring.base.size).toBe(0);
    ring.push(0, source('x'));
    expect(ring.base.get('p')?.state).toBe('healthy');
    ring.push(0, source('x'));
    expect(ring.base.get('p')?.state).toBe('cooling');
  });

  it('gives what was pushed last, whatever the limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: -5, max: 70 }),
        (maxEvents, count, after) => {
          const ring = createEventRing({ maxEvents, maxBytes: 1e9 });
          for (let at = 1; at <= count; at += 1) ring.push(at, source(`a${at}`));
          const all = Array.from({ length: count }, (_, at) => at + 1).slice(-maxEvents);
          expect(ring.after(after).map(({ seq }) => seq)).toEqual(all.filter((seq) => seq > after));
        },
      ),
    );
  });
});
