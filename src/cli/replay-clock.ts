import type { Clock } from '../domain/time.ts';

/** A clock that jumps from one timer to the next: hours pass at once. */
export interface ReplayClock extends Clock {
  /** Goes on to the next timer and lets it fire; `false`: none is left. */
  step(): boolean;
}

export function createReplayClock(start: number): ReplayClock {
  const timers = new Map<number, { readonly due: number; readonly callback: () => void }>();
  let now = start;
  let next = 1;
  return {
    now: () => now,
    setTimeout(callback, delayMs) {
      const handle = next;
      next += 1;
      timers.set(handle, { due: now + Math.max(0, delayMs), callback });
      return handle;
    },
    clearTimeout(handle) {
      timers.delete(Number(handle));
    },
    step() {
      const [first] = [...timers].sort(([a, { due: x }], [b, { due: y }]) => x - y || a - b);
      if (first === undefined) return false;
      const [handle, { due, callback }] = first;
      timers.delete(handle);
      now = Math.max(now, due);
      callback();
      return true;
    },
  };
}
