import type { Usage } from '../../domain/failures/outcome.ts';
import { isRecord } from '../../domain/is-record.ts';

/**
 * Usage with what an event says laid over what was known: the counters of a stream are totals that overwrite, and absent or
 * null ones change nothing.
 */
export function mergeUsage(known: Usage | undefined, said: unknown): Usage | undefined {
  if (!isRecord(said)) return known;
  const inputTokens = counter(said.input_tokens) ?? known?.inputTokens;
  const outputTokens = counter(said.output_tokens) ?? known?.outputTokens;
  const cacheReadTokens = counter(said.cache_read_input_tokens) ?? known?.cacheReadTokens;
  const cacheCreationTokens = counter(said.cache_creation_input_tokens) ?? known?.cacheCreationTokens;
  // One after the other, so that equal ones have the same hidden class (docs/performance.md).
  const merged: { -readonly [Key in keyof Usage]: Usage[Key] } = {};
  if (inputTokens !== undefined) merged.inputTokens = inputTokens;
  if (outputTokens !== undefined) merged.outputTokens = outputTokens;
  if (cacheReadTokens !== undefined) merged.cacheReadTokens = cacheReadTokens;
  if (cacheCreationTokens !== undefined) merged.cacheCreationTokens = cacheCreationTokens;
  for (const _ in merged) return merged;
  return undefined;
}

function counter(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
