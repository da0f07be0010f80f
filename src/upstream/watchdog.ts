import { type Clock, MAX_TIMER_MS } from '../domain/time.ts';

/** What an attempt waits for at one time. Both limits in ms; absent: none. */
export interface Limits {
  /** From now on, whatever comes. */
  readonly totalMs?: number;
  /** Between two signs of life (`touch`). */
  readonly gapMs?: number;
}

export type Expiry = 'total' | 'gap' | 'deadline';

/**
 * The clock of one attempt. It runs only while we read: a client that is paused blames nobody. A timer that fires
 * far too late (the machine slept, the loop was blocked) blames nobody either and is armed once more.
 *
 * A sign of life costs one assignment: the single timer looks when it fires, it is not re-armed for each byte.
 */
export interface Watchdog {
  /** New limits, reckoned from now. */
  expect(limits: Limits): void;
  /** A sign of life. */
  touch(): void;
  pause(): void;
  resume(): void;
  /** No request-wide deadline any more: the first content came. */
  liftDeadline(): void;
  stop(): void;
}

/** A timer this late was held up by the machine, not by the provider. */
const LATE_MS = 5_000;

/**
 * @param deadlineAt wall clock ms at which the whole request must have its first content
 * @param expired called at most once
 */
export function createWatchdog(
  clock: Clock,
  deadlineAt: number,
  expired: (expiry: Expiry) => void,
): Watchdog {
  let limits: Limits = {};
  let totalAt = Number.POSITIVE_INFINITY;
  let deadline = deadlineAt;
  let touchedAt = clock.now();
  let timer: unknown;
  let timerAt = Number.POSITIVE_INFINITY;
  let pausedAt: number | undefined;
  let stopped = false;

  const dueAt = (): number => {
    const gapAt = limits.gapMs === undefined ? Number.POSITIVE_INFINITY : touchedAt + limits.gapMs;
    return Math.min(totalAt, gapAt, deadline);
  };
  const arm = (): void => {
    if (stopped || pausedAt !== undefined) return;
    const at = dueAt();
    if (timer !== undefined && timerAt <= at) return;
    clock.clearTimeout(timer);
    timer = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const now = clock.now();
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, at - now));
    timerAt = now + delayMs;
    timer = clock.setTimeout(look, delayMs);
  };
  const look = (): void => {
    timer = undefined;
    if (stopped || pausedAt !== undefined) return;
    const now = clock.now();
    const lateMs = now - timerAt;
    // Far too early by the wall clock: it was set back, and what was reckoned by it would wait as much longer.
    if (Math.abs(lateMs) > LATE_MS) shift(lateMs);
    if (now >= dueAt()) {
      const expiry = now >= totalAt ? 'total' : now >= deadline ? 'deadline' : 'gap';
      stopped = true;
      expired(expiry);
      return;
    }
    arm();
  };
  /** Time that nobody could read in is nobody's. */
  const shift = (ms: number): void => {
    totalAt += ms;
    deadline += ms;
    touchedAt = clock.now();
    if (limits.totalMs !== undefined) totalAt = Math.max(totalAt, clock.now() + limits.totalMs);
  };

  return {
    expect(next) {
      limits = next;
      touchedAt = clock.now();
      totalAt = next.totalMs === undefined ? Number.POSITIVE_INFINITY : touchedAt + next.totalMs;
      arm();
    },
    touch() {
      touchedAt = clock.now();
    },
    pause() {
      if (pausedAt !== undefined || stopped) return;
      pausedAt = clock.now();
      clock.clearTimeout(timer);
      timer = undefined;
    },
    resume() {
      if (pausedAt === undefined || stopped) return;
      const pausedMs = clock.now() - pausedAt;
      pausedAt = undefined;
      totalAt += pausedMs;
      touchedAt = clock.now();
      arm();
    },
    liftDeadline() {
      deadline = Number.POSITIVE_INFINITY;
    },
    stop() {
      stopped = true;
      clock.clearTimeout(timer);
      timer = undefined;
    },
  };
}
