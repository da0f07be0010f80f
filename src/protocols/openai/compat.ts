import type { OpenAI } from 'openai';
import type { ToolIdStyle } from './tool-ids.ts';

/** From the least to the most. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = Exclude<OpenAI.ReasoningEffort, null>;

/** How a provider is asked to reason. */
export type ReasoningStyle =
  /** Not at all. */
  | 'none'
  /** `reasoning_effort`. */
  | 'effort'
  /** `reasoning: {effort}` or `{max_tokens}` (OpenRouter). */
  | 'openrouter'
  /** `thinking: {type}`, with `reasoning_effort` if `efforts` lists some (DeepSeek, GLM, Kimi). */
  | 'thinking'
  /** `enable_thinking`, `thinking_budget` (Qwen). */
  | 'enable_thinking'
  /** `chat_template_kwargs: {enable_thinking}` (vLLM, SGLang, llama.cpp). */
  | 'template';

export type SchemaStyle = 'as_is' | 'gemini' | 'kimi' | 'llama_cpp';

/** What one provider (or one of its models) understands of Chat Completions. Data: no code asks for a provider's name. */
export interface Compat {
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Largest value it takes, tokens. */
  readonly maxTokensLimit?: number;
  readonly systemRole: 'system' | 'developer';
  /** What a system message after the first turn becomes: many chat templates take only a leading one. */
  readonly lateSystem: 'system' | 'user';
  readonly reasoning: ReasoningStyle;
  /** The efforts that it takes; others are moved to the nearest. */
  readonly efforts: readonly Effort[];
  /** What becomes of `reasoning_effort` where tools are offered. */
  readonly effortWithTools: 'keep' | 'omit' | 'none';
  /** Further members of `thinking`. */
  readonly thinkingFields: Readonly<Record<string, unknown>>;
  /** As what the reasoning of earlier turns goes back. */
  readonly reasoningBack: 'none' | 'reasoning_content' | 'reasoning' | 'reasoning_details';
  /** A turn with tool calls is refused without its reasoning: an empty one stands for what is lost. */
  readonly reasoningBackRequired: boolean;
  /** `<think>…</think>` at the beginning of the text is reasoning. `unopened`: the template has already written the opening tag. */
  readonly thinkTags: 'no' | 'yes' | 'unopened';
  /** The word for "some tool". `auto`: no forced choice is known. */
  readonly toolChoiceRequired: 'required' | 'any' | 'auto';
  readonly namedToolChoice: boolean;
  /** Without it the tools are left out where the client wants none called. */
  readonly toolChoiceNone: boolean;
  /** Forced tool choices are taken while it thinks. */
  readonly forcedChoiceWhileThinking: boolean;
  readonly parallelToolCalls: boolean;
  /** Definitions are made for tools that only the history knows. */
  readonly toolStubs: boolean;
  /** The most tools that it takes; absent: no limit is known. */
  readonly toolLimit?: number;
  /** How it is told to search the web by itself. `plugin`: OpenRouter's. */
  readonly webSearch: 'none' | 'plugin';
  readonly toolIds: ToolIdStyle;
  /** Characters. */
  readonly toolNameLength: number;
  /** Each fragment of a call repeats all its arguments so far. */
  readonly cumulativeArguments: boolean;
  readonly images: boolean;
  /** Images by address, not only as data. */
  readonly imageUrls: boolean;
  /** `file` parts for PDFs. */
  readonly files: boolean;
  readonly streamUsage: boolean;
  readonly cacheControl: boolean;
  readonly temperature: boolean;
  readonly topK: boolean;
  /** How many stop sequences it takes; 0: no `stop`. */
  readonly stopLimit: number;
  readonly userField: 'none' | 'user' | 'safety_identifier';
  readonly promptCacheKey: boolean;
  readonly responseFormat: 'json_schema' | 'json_object' | 'none';
  readonly schema: SchemaStyle;
  /** Consecutive messages of one role are merged: templates that demand alternation. */
  readonly alternate: boolean;
  /** A user message right after a tool's result is refused. */
  readonly assistantAfterTool: boolean;
  /** The content of an assistant message that is nothing but calls. */
  readonly emptyContent: null | '';
  /** Ends its streams without a finish reason or `[DONE]`. */
  readonly endsBare: boolean;
  /** Laid over the finished body. */
  readonly extraBody: Readonly<Record<string, unknown>>;
  /** Taken out of the finished body. */
  readonly dropFields: readonly string[];
}

/** What most servers take: the defaults where nothing is known. */
export const DEFAULT_COMPAT: Compat = {
  maxTokensField: 'max_tokens',
  systemRole: 'system',
  lateSystem: 'system',
  reasoning: 'none',
  efforts: ['low', 'medium', 'high'],
  effortWithTools: 'keep',
  thinkingFields: {},
  reasoningBack: 'none',
  reasoningBackRequired: false,
  thinkTags: 'no',
  toolChoiceRequired: 'required',
  namedToolChoice: true,
  toolChoiceNone: true,
  forcedChoiceWhileThinking: true,
  parallelToolCalls: true,
  toolStubs: false,
  webSearch: 'none',
  toolIds: 'short',
  toolNameLength: 64,
  cumulativeArguments: false,
  images: true,
  imageUrls: true,
  files: false,
  streamUsage: true,
  cacheControl: false,
  temperature: true,
  topK: false,
  stopLimit: 4,
  userField: 'none',
  promptCacheKey: false,
  responseFormat: 'json_schema',
  schema: 'as_is',
  alternate: false,
  assistantAfterTool: false,
  emptyContent: null,
  endsBare: false,
  extraBody: {},
  dropFields: [],
};
