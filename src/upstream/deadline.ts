import { type Clock, MAX_TIMER_MS } from '../domain/time.ts';

/** A timer that fires later than this says that the machine slept or the loop was blocked, and blames nobody. */
const LATE_MS = 5_000;

/** Stops a deadline; calling it again does nothing. */
export type CancelDeadline = () => void;

/**
 * Calls `expired` once after `delayMs`. A timer that fires more than 5 s late is armed once more, as the other side had
 * no chance in the meantime (docs/failures.md, "Time"). 0 or less: never.
 */
export function startDeadline(clock: Clock, delayMs: number, expired: () => void): CancelDeadline {
  if (!(delayMs > 0)) return () => {};
  const delay = Math.min(delayMs, MAX_TIMER_MS);
  let handle: unknown;
  const arm = (mayRepeat: boolean): void => {
    const due = clock.now() + delay;
    handle = clock.setTimeout(() => {
      if (mayRepeat && clock.now() - due > LATE_MS) arm(false);
      else expired();
    }, delay);
  };
  arm(true);
  return () => clock.clearTimeout(handle);
}
