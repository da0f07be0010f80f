/**
 * Where time comes from. Nothing under `machines/` or the pure folders reads a clock of its own;
 * tests hand in a simulated one and run hours of cooldowns in milliseconds.
 */
export interface Clock {
  /** Wall clock, ms since the Unix epoch. */
  now(): number;
  /** Runs `callback` once after `delayMs`. The handle is opaque. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** A number in [0, 1), seeded in tests. */
export type Random = () => number;

/** Longest delay that a Node timer keeps; anything longer would fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;
