import type { Clock } from '../../src/domain/time.ts';

/** A clock whose timers fire at the next turn of the event loop and move its time by their delay: waits cost nothing. */
export function createInstantClock(startMs = 0): Clock & { readonly elapsedMs: number } {
  let elapsedMs = 0;
  return {
    get elapsedMs() {
      return elapsedMs;
    },
    now: () => startMs + elapsedMs,
    setTimeout: (callback, delayMs) =>
      setImmediate(() => {
        elapsedMs += delayMs;
        callback();
      }),
    clearTimeout: (handle) => clearImmediate(handle as NodeJS.Immediate),
  };
}
