import type { OpenAI } from 'openai';
import { isRecord } from '../../domain/is-record.ts';

/** Usage of the Messages API as it came. */
type Said = Readonly<Record<string, unknown>>;

/** Usage in OpenAI's sense, where the prompt includes what was read from the cache and written to it. Tokens. */
export function chatUsage(said: Said): OpenAI.CompletionUsage {
  const read = count(said.cache_read_input_tokens);
  const written = count(said.cache_creation_input_tokens);
  const prompt_tokens = count(said.input_tokens) + read + written;
  const completion_tokens = count(said.output_tokens);
  const details = isRecord(said.output_tokens_details) ? said.output_tokens_details : {};
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: count(details.thinking_tokens) },
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
