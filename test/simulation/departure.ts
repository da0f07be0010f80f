import type { Departure as DepartureSignal } from '../../src/engine/interface.ts';

/** Tells that a client is gone. Made for each request: an `AbortController` costs more than all else here. */
export class Departure implements DepartureSignal {
  aborted = false;
  #listeners: (() => void)[] = [];

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  leave(): void {
    this.aborted = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
