import type { StopReason } from './stream-events.ts';

/** What a finish reason means. */
export type Finish =
  | { readonly kind: 'stop'; readonly reason: StopReason }
  /** The provider broke off. */
  | { readonly kind: 'failed'; readonly type: 'overloaded_error' | 'api_error' };

const stop = (reason: StopReason): Finish => ({ kind: 'stop', reason });
const END = stop('end_turn');
const LENGTH = stop('max_tokens');
const REFUSAL = stop('refusal');
const FAILED: Finish = { kind: 'failed', type: 'api_error' };
const OVERLOADED: Finish = { kind: 'failed', type: 'overloaded_error' };

/** By the lower-case word. Words that are not here end the turn. */
const FINISHES: Readonly<Record<string, Finish>> = {
  length: LENGTH,
  max_tokens: LENGTH,
  model_length: LENGTH,
  content_filter: REFUSAL,
  refusal: REFUSAL,
  sensitive: REFUSAL,
  safety: REFUSAL,
  prohibited_content: REFUSAL,
  recitation: REFUSAL,
  blocklist: REFUSAL,
  spii: REFUSAL,
  malformed_function_call: FAILED,
  model_context_window_exceeded: stop('model_context_window_exceeded'),
  insufficient_system_resource: OVERLOADED,
  network_error: FAILED,
  error: FAILED,
  abort: FAILED,
  tool_use_failed: FAILED,
};

/** Whether a tool was called decides between `tool_use` and `end_turn`, not the word: many servers say `stop` after calls. */
export function readFinish(word: string): Finish {
  const name = word.toLowerCase();
  return Object.hasOwn(FINISHES, name) ? (FINISHES[name] ?? END) : END;
}
