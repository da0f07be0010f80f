import type { Usage } from '../../domain/failures/outcome.ts';
import { isRecord } from '../../domain/is-record.ts';

/**
 * Usage with what an event says laid over what was known: the counters of a stream are totals that overwrite, and absent or
 * null ones change nothing.
 */
export function mergeUsage(known: Usage | undefined, said: unknown): Usage | undefined {
  if (!isRecord(said)) return known;
  const merged = {
    ...known,
    ...counter('inputTokens', said.input_tokens),
    ...counter('outputTokens', said.output_tokens),
    ...counter('cacheReadTokens', said.cache_read_input_tokens),
    ...counter('cacheCreationTokens', said.cache_creation_input_tokens),
  };
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function counter(name: keyof Usage, value: unknown): Usage {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? { [name]: value } : {};
}
