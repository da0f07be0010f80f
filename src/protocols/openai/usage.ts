import { isRecord } from '../../domain/is-record.ts';
import type { MessageUsage } from './stream-events.ts';

/** Our own counts, tokens: what stands in where the provider says nothing. */
export interface UsageEstimate {
  readonly input: number;
  readonly output: number;
}

/** A chunk's or body's usage; Moonshot puts it into the choice, Groq under a name of its own. `undefined`: it has none. */
export function findUsage(
  chunk: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
  const groq = isRecord(chunk.x_groq) ? chunk.x_groq.usage : undefined;
  return [chunk.usage, isRecord(choice) ? choice.usage : undefined, groq].find(isRecord);
}

/**
 * Usage in Anthropic's sense, where the input's parts exclude each other: OpenAI's `prompt_tokens` includes what was cached. Reasoning is
 * part of the output; providers that leave it out betray themselves by their total.
 */
export function convertUsage(usage: unknown, estimate: UsageEstimate): MessageUsage {
  const said = isRecord(usage) ? usage : {};
  const details = isRecord(said.prompt_tokens_details) ? said.prompt_tokens_details : {};
  const prompt = count(said.prompt_tokens) ?? estimate.input;
  const cached = first(details.cached_tokens, said.prompt_cache_hit_tokens, said.cached_tokens);
  const read = Math.min(cached, prompt);
  const written = Math.min(
    first(details.cache_write_tokens, said.cache_creation_input_tokens),
    prompt - read,
  );
  const thinking = reasoningTokens(said);
  return {
    input_tokens: prompt - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: outputTokens(said, prompt, thinking) ?? estimate.output,
    ...(thinking > 0 ? { output_tokens_details: { thinking_tokens: thinking } } : {}),
  };
}

function reasoningTokens(said: Readonly<Record<string, unknown>>): number {
  const details = isRecord(said.completion_tokens_details) ? said.completion_tokens_details : {};
  return first(details.reasoning_tokens, said.reasoning_tokens);
}

function outputTokens(
  said: Readonly<Record<string, unknown>>,
  prompt: number,
  thinking: number,
): number | undefined {
  const completion = count(said.completion_tokens);
  const total = count(said.total_tokens);
  if (completion === undefined) return undefined;
  const beyond = total === undefined ? 0 : total - prompt - completion;
  // Gemini and xAI count their reasoning in the total only.
  return thinking > 0 && beyond > 0 && beyond <= thinking + 1 ? completion + beyond : completion;
}

/** The first that says something; zeros of one name must not hide the count under another. */
function first(...values: readonly unknown[]): number {
  const counts = values.map(count);
  return counts.find((value) => value !== undefined && value > 0) ?? 0;
}

/** A counter, tokens; `undefined` where it says nothing. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}
