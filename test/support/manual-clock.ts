import type { Clock } from '../../src/domain/time.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now: number;
  #next = 1;
  readonly #timers = new Map<number, Timer>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** May be handed on by itself, as `clock.now`. */
  readonly now = (): number => this.#now;

  setTimeout(callback: () => void, delayMs: number): unknown {
    const handle = this.#next++;
    this.#timers.set(handle, { due: this.#now + delayMs, callback });
    return handle;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(Number(handle));
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass; timers fire in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      const [handle, timer] = next;
      this.#timers.delete(handle);
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
    }
    this.#now = end;
  }

  /** Lets `ms` pass at once, as when the machine slept: what is due fires late. */
  oversleep(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  #earliest(end: number): [number, Timer] | undefined {
    return [...this.#timers].filter(([, timer]) => timer.due <= end).sort(([, a], [, b]) => a.due - b.due)[0];
  }
}
