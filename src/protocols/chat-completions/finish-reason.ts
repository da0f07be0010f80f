import type { OpenAI } from 'openai';
import type { ChatAsked } from './request.ts';

export type FinishReason = OpenAI.ChatCompletion.Choice['finish_reason'];

/**
 * Why an answer ended, in OpenAI's word. A call counts for more than the provider's word: clients run calls only after `tool_calls`; but
 * one that was cut must not run.
 */
export function finishReasonOf(
  stopReason: unknown,
  hasCalls: boolean,
  { legacy }: Pick<ChatAsked, 'legacy'>,
): FinishReason {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'refusal':
      return 'content_filter';
    default:
      if (!hasCalls) return 'stop';
      return legacy ? 'function_call' : 'tool_calls';
  }
}
