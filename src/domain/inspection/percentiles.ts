/** Half of the samples, and nineteen in twenty of them, are at most so large. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** By the nearest rank; undefined without a sample. Pure. */
export function percentiles(samples: readonly number[]): Percentiles | undefined {
  if (samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
