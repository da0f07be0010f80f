import type { Clock } from '../../src/domain/time.ts';
import { ManualClock } from './manual-clock.ts';

/** A clock whose wall time can be set, as an operator or NTP does, while its timers run on undisturbed. */
export class SteppedClock implements Clock {
  readonly #timers = new ManualClock();
  #offset = 0;

  readonly now = (): number => this.#timers.now() + this.#offset;

  setTimeout(callback: () => void, delayMs: number): unknown {
    return this.#timers.setTimeout(callback, delayMs);
  }

  clearTimeout(handle: unknown): void {
    this.#timers.clearTimeout(handle);
  }

  advance(ms: number): void {
    this.#timers.advance(ms);
  }

  /** Sets the wall time on by `ms`, or back. */
  set(ms: number): void {
    this.#offset += ms;
  }
}
