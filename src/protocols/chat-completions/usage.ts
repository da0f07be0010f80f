import type { OpenAI } from 'openai';
import { isRecord } from '../../domain/is-record.ts';
import { count } from '../openai/usage.ts';

/** Usage of the Messages API as it came. */
type Said = Readonly<Record<string, unknown>>;

/** Usage in OpenAI's sense, where the prompt includes what was read from the cache and written to it. Tokens. */
export function chatUsage(said: Said): OpenAI.CompletionUsage {
  const read = told(said.cache_read_input_tokens);
  const written = told(said.cache_creation_input_tokens);
  const prompt_tokens = told(said.input_tokens) + read + written;
  const completion_tokens = told(said.output_tokens);
  const details = isRecord(said.output_tokens_details) ? said.output_tokens_details : {};
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: told(details.thinking_tokens) },
  };
}

/** What is not told counts as none. */
function told(value: unknown): number {
  return count(value) ?? 0;
}
