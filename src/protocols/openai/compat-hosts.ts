import { type Compat, DEFAULT_COMPAT } from './compat.ts';

/** What is known of some providers or models. Later rows lay over earlier ones. */
interface KnownHost {
  /** Matched against `host:port` in lower case. */
  readonly host: RegExp;
  /** Matched against the provider's name of the model; absent: all. */
  readonly model?: RegExp;
  readonly compat: Partial<Compat>;
}

const OPENAI = /^api\.openai\.com|\.openai\.azure\.com/;
const LOCAL_TEMPLATE: Partial<Compat> = { reasoning: 'template', lateSystem: 'user', alternate: true };

/** Defaults (docs/protocols.md, "Providers"): what the configuration says goes before them. */
const KNOWN_HOSTS: readonly KnownHost[] = [
  {
    host: OPENAI,
    compat: { files: true, userField: 'safety_identifier', promptCacheKey: true, toolLimit: 128 },
  },
  {
    host: OPENAI,
    model: /^(?:o\d|gpt-(?:[5-9]|\d\d))/,
    compat: {
      maxTokensField: 'max_completion_tokens',
      systemRole: 'developer',
      reasoning: 'effort',
      temperature: false,
    },
  },
  { host: OPENAI, model: /^o\d/, compat: { parallelToolCalls: false, stopLimit: 0 } },
  { host: OPENAI, model: /^gpt-5(?!\.)/, compat: { efforts: ['minimal', 'low', 'medium', 'high'] } },
  { host: OPENAI, model: /^gpt-5\.1/, compat: { efforts: ['none', 'low', 'medium', 'high'] } },
  {
    host: OPENAI,
    model: /^gpt-(?:5\.(?:[2-9]|\d\d)|[6-9]|\d\d)/,
    compat: { efforts: ['none', 'low', 'medium', 'high', 'xhigh'], effortWithTools: 'omit' },
  },
  { host: OPENAI, model: /^gpt-(?:5\.(?:[5-9]|\d\d)|[6-9]|\d\d)/, compat: { effortWithTools: 'none' } },
  {
    host: /(?:^|\.)openrouter\.ai/,
    compat: {
      reasoning: 'openrouter',
      efforts: ['minimal', 'low', 'medium', 'high', 'xhigh'],
      reasoningBack: 'reasoning_details',
      cacheControl: true,
      topK: true,
      files: true,
      toolStubs: true,
      webSearch: 'plugin',
    },
  },
  {
    host: /(?:^|\.)deepseek\.com/,
    compat: {
      reasoning: 'thinking',
      efforts: ['low', 'high', 'max'],
      reasoningBack: 'reasoning_content',
      reasoningBackRequired: true,
      forcedChoiceWhileThinking: false,
      images: false,
      responseFormat: 'json_object',
    },
  },
  {
    host: /(?:^|\.)groq\.com/,
    compat: { maxTokensField: 'max_completion_tokens' },
  },
  {
    host: /(?:^|\.)groq\.com/,
    model: /gpt-oss/,
    compat: { reasoning: 'effort' },
  },
  {
    host: /^generativelanguage\.googleapis\.com/,
    compat: {
      reasoning: 'effort',
      efforts: ['none', 'minimal', 'low', 'medium', 'high'],
      schema: 'gemini',
      imageUrls: false,
      parallelToolCalls: false,
    },
  },
  {
    host: /(?:^|\.)mistral\.ai/,
    compat: {
      toolIds: 'nine',
      assistantAfterTool: true,
      alternate: true,
      lateSystem: 'user',
      emptyContent: '',
    },
  },
  {
    host: /(?:^|\.)(?:moonshot\.(?:ai|cn)|kimi\.com)/,
    compat: {
      reasoning: 'thinking',
      efforts: [],
      reasoningBack: 'reasoning_content',
      reasoningBackRequired: true,
      forcedChoiceWhileThinking: false,
      temperature: false,
      toolIds: 'kimi',
      schema: 'kimi',
      responseFormat: 'json_object',
    },
  },
  {
    host: /(?:^|\.)(?:z\.ai|bigmodel\.cn)/,
    compat: {
      reasoning: 'thinking',
      efforts: [],
      thinkingFields: { clear_thinking: false },
      reasoningBack: 'reasoning_content',
      toolChoiceRequired: 'auto',
      namedToolChoice: false,
      toolChoiceNone: false,
      parallelToolCalls: false,
      streamUsage: false,
      responseFormat: 'json_object',
      // Otherwise the arguments of a call come in one piece after minutes of silence.
      extraBody: { tool_stream: true },
    },
  },
  {
    host: /(?:^|\.)aliyuncs\.com/,
    compat: { reasoning: 'enable_thinking', forcedChoiceWhileThinking: false },
  },
  { host: /^api\.x\.ai/, model: /grok-(?:[4-9]|code)/, compat: { stopLimit: 0 } },
  {
    host: /:11434$/,
    compat: { reasoning: 'effort', reasoningBack: 'reasoning', imageUrls: false, lateSystem: 'user' },
  },
  { host: /:8080$/, compat: { ...LOCAL_TEMPLATE, schema: 'llama_cpp', imageUrls: false } },
  {
    host: /:1234$/,
    compat: {
      schema: 'llama_cpp',
      lateSystem: 'user',
      alternate: true,
      namedToolChoice: false,
      imageUrls: false,
    },
  },
  { host: /:8000$/, compat: LOCAL_TEMPLATE },
];

/** What a provider at this host takes for this model, before the configuration. @param host `name` or `name:port`. */
export function compatFor(host: string, model: string): Compat {
  const rows = KNOWN_HOSTS.filter(
    (row) => row.host.test(host.toLowerCase()) && (row.model?.test(model) ?? true),
  );
  return Object.assign({}, DEFAULT_COMPAT, ...rows.map((row) => row.compat));
}
