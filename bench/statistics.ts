/** One figure of two, as medians over the rounds. `ratio` is the median of the rounds' own ratios. */
export interface Versus {
  readonly base: number;
  readonly own: number;
  readonly ratio: number;
  /** The quartiles of the rounds' ratios: half of all rounds lie between them. Far apart: the machine was disturbed. */
  readonly quartiles: readonly [number, number];
}

/** Compares two lists of samples, round by round: whatever disturbed a round disturbed both in it. */
export function versus(base: readonly number[], own: readonly number[]): Versus {
  const ratios = own.map((value, round) => value / (base[round] ?? Number.NaN)).sort((a, b) => a - b);
  const quarter = Math.floor(ratios.length / 4);
  return {
    base: median(base),
    own: median(own),
    ratio: median(ratios),
    quartiles: [ratios.at(quarter) ?? Number.NaN, ratios.at(-1 - quarter) ?? Number.NaN],
  };
}

/** The middle of these; of an even number the mean of both in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The least of these values that so large a part of them (0 to 1) does not exceed. NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** What was added to each round's base, as median. */
export function added(base: readonly number[], own: readonly number[]): number {
  return median(own.map((value, round) => value - (base[round] ?? Number.NaN)));
}

/**
 * Measures all of them one after the other, round by round, every other round from behind: whatever else the machine
 * does falls on all alike, and a round that was disturbed is no median. Gives each one's samples, one a round.
 */
export async function inTurn<Subject, Sample>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => Promise<Sample>,
): Promise<Sample[][]> {
  const samples: Sample[][] = subjects.map(() => []);
  const order = [...subjects.entries()];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, subject] of round % 2 === 0 ? order : order.toReversed()) {
      samples[index]?.push(await measure(subject));
    }
  }
  return samples;
}
