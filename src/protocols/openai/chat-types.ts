import type { OpenAI } from 'openai';

/** Chat Completions as we write it: the shapes of OpenAI's own package and what other providers add to them. */

/** Where a provider reads Anthropic's breakpoints of its cache. */
export interface CacheMark {
  cache_control?: unknown;
}

export type TextPart = OpenAI.ChatCompletionContentPartText & CacheMark;
export type UserPart =
  | TextPart
  | OpenAI.ChatCompletionContentPartImage
  | OpenAI.ChatCompletionContentPart.File;

export type SystemMessage = { role: 'system' | 'developer'; content: string | TextPart[] };
export type UserMessage = { role: 'user'; content: string | UserPart[] };
export type ToolMessage = { role: 'tool'; tool_call_id: string; content: string | TextPart[] };
export type ToolCall = OpenAI.ChatCompletionMessageFunctionToolCall & { extra_content?: unknown };
export interface AssistantMessage {
  role: 'assistant';
  content: string | null;
  tool_calls?: ToolCall[];
  reasoning_content?: string;
  reasoning?: string;
  reasoning_details?: unknown[];
}
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export type ChatTool = OpenAI.ChatCompletionFunctionTool & CacheMark;
export type ToolChoice = OpenAI.ChatCompletionToolChoiceOption | 'any';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** How the provider is asked to reason, in all of their words. */
export interface ReasoningFields {
  reasoning_effort?: Params['reasoning_effort'];
  reasoning?: { effort?: string; max_tokens?: number; enabled?: boolean };
  thinking?: Record<string, unknown>;
  enable_thinking?: boolean;
  thinking_budget?: number;
  chat_template_kwargs?: Record<string, unknown>;
}

export interface ChatRequest
  extends ReasoningFields,
    Pick<
      Params,
      | 'model'
      | 'max_tokens'
      | 'max_completion_tokens'
      | 'temperature'
      | 'top_p'
      | 'parallel_tool_calls'
      | 'response_format'
      | 'user'
      | 'safety_identifier'
      | 'prompt_cache_key'
      | 'stream_options'
    > {
  messages: ChatMessage[];
  tools?: ChatTool[];
  tool_choice?: ToolChoice;
  stop?: string[];
  /** OpenRouter. */
  plugins?: { id: 'web' }[];
  stream?: boolean;
  top_k?: number;
}
