import type { SlotPorts } from '../../machines/request-events.ts';
import type { Full } from '../domain/health/availability.ts';
import { LiveTable } from '../domain/live-table.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';

/** How much is under way at one provider, as its limit counts it: messages, from an attempt's start to its end. */
export interface SlotCounts {
  readonly inFlight: number;
  /** Requests that stand in line for it. */
  readonly waiting: number;
}

/**
 * The slots of providers with `max_concurrent`, and who stands in line for one.
 *
 * A slot that comes free is handed to the first in line, by the order in which requests arrived, and to nobody else: it is
 * kept for that one until it has looked, so newcomers can't overtake, and each slot wakes exactly one. A request holds
 * one slot at most. Providers without a limit are only counted: it may get one by a reload.
 */
export interface Slots extends SlotPorts {
  /** A request arrives: its place in every line is that of its arrival. */
  enter(requestId: string): void;
  /** It has ended: whatever it holds is free. */
  leave(requestId: string): void;
  /** It stands in line at these providers, until `look` is called once or the function given back is. */
  await(requestId: string, providers: readonly string[], look: () => void): () => void;
  /** Takes over the limits of a configuration. Who is in flight beyond a lower one ends in peace. */
  configure(providers: readonly Pick<ProviderSettings, 'id' | 'maxConcurrent'>[]): void;
  counts(provider: string): SlotCounts;
}

/** What all providers are counted by. */
interface Gate {
  limit: number;
  inFlight: number;
  /** Slots kept for requests that have been woken and have not looked yet. */
  kept: number;
  /** By arrival. */
  readonly line: Seat[];
}

/** What one request holds. */
interface Seat {
  readonly arrival: number;
  held: Gate | undefined;
  kept: Gate | undefined;
  /** Where it stands in line. */
  lines: readonly Gate[];
  look: () => void;
}

const NONE: readonly Gate[] = [];
const NOT_WAITING = (): void => {};

/** @param later runs something when the present step of whoever called is over */
export function createSlots(later: (act: () => void) => void = queueMicrotask): Slots {
  return new SlotTable(later);
}

class SlotTable implements Slots {
  readonly #later: (act: () => void) => void;
  readonly #gates = new Map<string, Gate>();
  readonly #seats = new LiveTable<Seat>();
  /** Where slots may be handed on. */
  readonly #due = new Set<Gate>();
  #isPlanned = false;
  #arrivals = 0;
  /** Mostly nobody has a limit, and every provider is asked with every request. */
  #hasLimits = false;

  constructor(later: (act: () => void) => void) {
    this.#later = later;
  }

  enter(requestId: string): void {
    this.#arrivals += 1;
    const seat = {
      arrival: this.#arrivals,
      held: undefined,
      kept: undefined,
      lines: NONE,
      look: NOT_WAITING,
    };
    this.#seats.set(requestId, seat);
  }

  leave(requestId: string): void {
    const seat = this.#seats.get(requestId);
    if (seat === undefined) return;
    this.#release(seat);
    this.#stepOut(seat);
    this.#seats.delete(requestId);
  }

  full(provider: string, requestId: string): Full | undefined {
    if (!this.#hasLimits) return undefined;
    const gate = this.#gates.get(provider);
    if (gate === undefined || gate.limit === Number.POSITIVE_INFINITY) return undefined;
    // What is free while others stand in line is theirs.
    const hasRoom = gate.inFlight + gate.kept < gate.limit && gate.line.length === 0;
    if (hasRoom || this.#seats.get(requestId)?.kept === gate) return undefined;
    return { inFlight: gate.inFlight + gate.kept, limit: gate.limit };
  }

  take(provider: string, requestId: string): void {
    const seat = this.#seats.get(requestId);
    if (seat === undefined) return;
    this.#release(seat);
    this.#stepOut(seat);
    const gate = this.#gate(provider);
    gate.inFlight += 1;
    seat.held = gate;
  }

  free(requestId: string): void {
    const seat = this.#seats.get(requestId);
    if (seat !== undefined) this.#release(seat);
  }

  await(requestId: string, providers: readonly string[], look: () => void): () => void {
    const seat = this.#seats.get(requestId);
    if (seat === undefined || providers.length === 0) return NOT_WAITING;
    this.#stepOut(seat);
    const gates = providers.map((provider) => this.#gate(provider));
    seat.lines = gates;
    seat.look = look;
    for (const gate of gates) {
      const before = gate.line.findLastIndex((other) => other.arrival < seat.arrival);
      gate.line.splice(before + 1, 0, seat);
      this.#handOn(gate);
    }
    return () => {
      if (seat.look === look) this.#stepOut(seat);
    };
  }

  configure(providers: readonly Pick<ProviderSettings, 'id' | 'maxConcurrent'>[]): void {
    this.#hasLimits = providers.some(({ maxConcurrent }) => maxConcurrent !== undefined);
    for (const [id, gate] of this.#gates) {
      gate.limit = Number.POSITIVE_INFINITY;
      if (gate.inFlight + gate.kept + gate.line.length === 0) this.#gates.delete(id);
    }
    for (const { id, maxConcurrent } of providers) {
      if (maxConcurrent !== undefined) this.#gate(id).limit = maxConcurrent;
    }
    for (const gate of this.#gates.values()) this.#handOn(gate);
  }

  counts(provider: string): SlotCounts {
    const gate = this.#gates.get(provider);
    return { inFlight: gate?.inFlight ?? 0, waiting: gate?.line.length ?? 0 };
  }

  #gate(provider: string): Gate {
    const found = this.#gates.get(provider);
    if (found !== undefined) return found;
    const gate: Gate = { limit: Number.POSITIVE_INFINITY, inFlight: 0, kept: 0, line: [] };
    this.#gates.set(provider, gate);
    return gate;
  }

  #release(seat: Seat): void {
    const gate = seat.held;
    if (gate === undefined) return;
    seat.held = undefined;
    gate.inFlight -= 1;
    this.#handOn(gate);
  }

  /** It leaves every line, and gives back what was kept for it. */
  #stepOut(seat: Seat): void {
    for (const gate of seat.lines) {
      const at = gate.line.indexOf(seat);
      if (at >= 0) gate.line.splice(at, 1);
    }
    seat.lines = NONE;
    const { kept } = seat;
    if (kept === undefined) return;
    seat.kept = undefined;
    kept.kept -= 1;
    this.#handOn(kept);
  }

  /**
   * Gives free slots to those in line: not within the step of the request that frees one, which may need it again at once
   * (a repair at the same provider); nobody can take it in between.
   */
  #handOn(gate: Gate): void {
    if (gate.line.length === 0) return;
    this.#due.add(gate);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#later(() => {
      this.#isPlanned = false;
      for (const due of this.#due) {
        this.#due.delete(due);
        this.#handOut(due);
      }
    });
  }

  #handOut(gate: Gate): void {
    while (gate.inFlight + gate.kept < gate.limit) {
      const [first] = gate.line;
      if (first === undefined) return;
      this.#stepOut(first);
      first.kept = gate;
      gate.kept += 1;
      first.look();
    }
  }
}
