import type { Random } from '../../src/domain/time.ts';

/** A seeded source of chance (mulberry32): the same seed gives the same numbers on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A seed of its own for each part of a run: what one part draws moves nothing elsewhere, so that a schedule can shrink. */
export function seedOf(seed: number, ...parts: readonly (number | string)[]): number {
  let hash = 2_166_136_261 ^ seed;
  for (const part of parts.join('/')) hash = Math.imul(hash ^ (part.codePointAt(0) ?? 0), 16_777_619);
  return hash >>> 0;
}

/** One of them, by chance. */
export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}
