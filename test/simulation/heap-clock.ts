import type { Clock } from '../../src/domain/time.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  /** undefined: cleared. */
  callback: (() => void) | undefined;
}

/**
 * A clock that jumps from timer to timer. Timers stand in a binary heap: a run sets some hundred thousand of them, and
 * clears most. What is due at the same time fires in the order in which it was set.
 */
export class HeapClock implements Clock {
  #now: number;
  #order = 0;
  #pending = 0;
  readonly #heap: Timer[] = [];

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** May be handed on by itself, as `clock.now`. */
  readonly now = (): number => this.#now;

  /** Timers that wait. */
  get pending(): number {
    return this.#pending;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.#order += 1;
    const timer: Timer = { due: this.#now + Math.max(0, delayMs), order: this.#order, callback };
    this.#pending += 1;
    this.#push(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    const timer = handle as Timer | undefined;
    if (timer?.callback === undefined) return;
    timer.callback = undefined;
    this.#pending -= 1;
  }

  /** Moves to the next timer and fires it; `false`: none is left. */
  fireNext(): boolean {
    for (let timer = this.#pop(); timer !== undefined; timer = this.#pop()) {
      const { callback } = timer;
      if (callback === undefined) continue;
      timer.callback = undefined;
      this.#pending -= 1;
      this.#now = Math.max(this.#now, timer.due);
      callback();
      return true;
    }
    return false;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isSooner(parent, timer)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const one = heap[left];
      const other = heap[left + 1];
      if (one === undefined) break;
      const isLeft = other === undefined || isSooner(one, other);
      const child = isLeft ? one : other;
      if (isSooner(last, child)) break;
      heap[at] = child;
      at = isLeft ? left : left + 1;
    }
    heap[at] = last;
    return first;
  }
}

function isSooner(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
