import type { InspectorEvent, ProviderMoment } from '../domain/inspection/inspection.ts';

/** An event before it has its number. */
export type EventDraft = Omit<InspectorEvent, 'seq'>;

/**
 * What an event is written from when somebody reads it. Most are never read: keeping a reference and two numbers costs the
 * collector nothing, while an object each would cost more than all else here.
 */
export interface EventSource {
  /** @param step which of its events; @param attempt the attempt it is about, 0: none */
  event(at: number, step: number, attempt: number): EventDraft;
  /** Bytes that this event keeps alive beside its slot, roughly. */
  readonly eventBytes: number;
  /** Of a provider: how it stood after the event. */
  readonly moment?: ProviderMoment;
}

export interface EventRingLimits {
  readonly maxEvents: number;
  /** Of all events together, as estimated. */
  readonly maxBytes: number;
}

/** The newest events, numbered without a gap. The oldest go first. */
export interface EventRing {
  push(at: number, source: EventSource, step?: number, attempt?: number): void;
  /** Number of the newest event; 0 before the first. */
  readonly last: number;
  /** Number of the oldest that is kept; one more than the newest where none is. */
  readonly first: number;
  /** The kept events after a number, oldest first, at most `limit`, and of one source only if it is given. */
  after(seq: number, limit?: number, of?: (source: EventSource) => boolean): readonly InspectorEvent[];
  /** How each provider stood before the oldest kept event. */
  readonly base: ReadonlyMap<string, ProviderMoment>;
  /** Estimated size of what is kept, bytes. */
  readonly bytes: number;
}

/** What an event costs for its place alone, bytes. */
const SLOT_BYTES = 32;

/** Keeps events in a circle of fixed length: a push allocates nothing, and reading the middle needs no search. */
export function createEventRing({ maxEvents, maxBytes }: EventRingLimits): EventRing {
  const sources = new Array<EventSource | undefined>(maxEvents).fill(undefined);
  const times = new Float64Array(maxEvents);
  const steps = new Uint16Array(maxEvents);
  const attempts = new Uint16Array(maxEvents);
  const base = new Map<string, ProviderMoment>();
  let first = 1;
  let last = 0;
  let bytes = 0;

  const forgetOldest = (): void => {
    const slot = first % maxEvents;
    const oldest = sources[slot];
    sources[slot] = undefined;
    first += 1;
    if (oldest === undefined) return;
    bytes -= SLOT_BYTES + oldest.eventBytes;
    if (oldest.moment !== undefined) base.set(oldest.moment.id, oldest.moment);
  };

  return {
    push(at, source, step = 0, attempt = 0) {
      const size = SLOT_BYTES + source.eventBytes;
      if (last - first + 1 >= maxEvents) forgetOldest();
      while (first <= last && bytes + size > maxBytes) forgetOldest();
      last += 1;
      const slot = last % maxEvents;
      sources[slot] = source;
      times[slot] = at;
      steps[slot] = step;
      attempts[slot] = attempt;
      bytes += size;
    },
    get last() {
      return last;
    },
    get first() {
      return first;
    },
    after(seq, limit = maxEvents, of = () => true) {
      const events: InspectorEvent[] = [];
      for (let at = Math.max(first, seq + 1); at <= last && events.length < limit; at += 1) {
        const slot = at % maxEvents;
        const source = sources[slot];
        if (source === undefined || !of(source)) continue;
        events.push({ seq: at, ...source.event(times[slot] ?? 0, steps[slot] ?? 0, attempts[slot] ?? 0) });
      }
      return events;
    },
    base,
    get bytes() {
      return bytes;
    },
  };
}
