/** Pairs that stand for no token are merged after all others: never. */
const NEVER = Number.POSITIVE_INFINITY;

/**
 * How many tokens the bytes of one piece become: the pair of the lowest rank is merged until no pair is a token.
 * Takes time with the square of the length; the caller limits it.
 *
 * @param piece a character a byte, at least one
 */
export function mergedLength(piece: string, ranks: ReadonlyMap<string, number>): number {
  /** Where each part begins; the last entry is the end. */
  const starts = Array.from({ length: piece.length + 1 }, (_, at) => at);
  const rankOf = (part: number): number => {
    const end = starts[part + 2];
    return end === undefined ? NEVER : (ranks.get(piece.slice(starts[part], end)) ?? NEVER);
  };
  /** Of each part: the rank that it would have together with the next one. */
  const pairs = starts.slice(0, -1).map((_, part) => rankOf(part));
  for (;;) {
    const part = lowest(pairs);
    if (part === -1) return pairs.length;
    starts.splice(part + 1, 1);
    pairs.splice(part + 1, 1);
    pairs[part] = rankOf(part);
    if (part > 0) pairs[part - 1] = rankOf(part - 1);
  }
}

/** The first of the lowest ranks; -1: there is none. */
function lowest(pairs: readonly number[]): number {
  let found = -1;
  let rank = NEVER;
  for (let part = 0; part < pairs.length; part += 1) {
    const candidate = pairs[part] ?? NEVER;
    if (candidate < rank) {
      rank = candidate;
      found = part;
    }
  }
  return found;
}
