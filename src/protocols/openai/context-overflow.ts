/** What an error says about a context that is too small. Tokens; absent = not said. */
export interface Overflow {
  /** Of the prompt. */
  readonly tokens?: number;
  readonly limit?: number;
}

/** Words like those of an overflow for something else: rates, and answers that are asked to be too long. */
const OTHER_THINGS: readonly RegExp[] = [
  /too many tokens,? please wait/i,
  /tokens per (?:min|day|hour)|\bTPM\b/i,
  /requires more credits|can only afford/i,
];

/** `max_tokens` alone is too large; the number is what the model can do. */
const OUTPUT_LIMITS: readonly RegExp[] = [
  /max_(?:completion_)?tokens is too large: ?\d+\. ?This model supports at most (?<output>\d+)/i,
  /max_(?:completion_)?tokens\W.{0,80}?(?:less than or equal to|at most|<=|maximum (?:value )?(?:is|of)|must not exceed) ?[`'"]?(?<output>\d+)/i,
  /(?:max_tokens|max_completion_tokens).{0,60}\[\s*1\s*,\s*(?<output>\d+)\s*\]/i,
];

/** The providers' wordings (docs/protocols.md). `more` is added to `tokens`; the first that fits counts. */
const WORDINGS: readonly RegExp[] = [
  // OpenRouter
  /maximum context length is (?<limit>\d+) tokens\. However, you requested about \d+ tokens \((?<tokens>\d+) of text input(?:, (?<more>\d+) of tool input)?/i,
  // OpenAI, DeepSeek, Fireworks, older vLLM
  /maximum context length is (?<limit>\d+) tokens\. However, you requested \d+ tokens \((?<tokens>\d+) in (?:the|your) (?:messages|prompt)/i,
  /maximum context length is (?<limit>\d+) tokens\. However, your (?:messages|request) (?:resulted in|has|have) (?<tokens>\d+)/i,
  // vLLM
  /maximum context length is (?<limit>\d+) tokens.{0,200}?your prompt contains at least (?<tokens>\d+) input tokens/i,
  /maximum context length is (?<limit>\d+) tokens and your request has (?<tokens>\d+) input tokens/i,
  /max_tokens must be at least 1, got -\d+/i,
  // Gateways
  /input length \((?<tokens>\d+)\) exceeds (?:the )?model'?s maximum context length \((?<limit>\d+)\)/i,
  /exceeds the model'?s maximum context length of (?<limit>\d+)/i,
  // Gemini
  /input token count \(?(?<tokens>\d+)\)? exceeds the maximum number of tokens allowed \(?(?<limit>\d+)/i,
  // xAI
  /maximum prompt length is (?<limit>\d+) but the request contains (?<tokens>\d+)/i,
  // Mistral
  /prompt contains (?<tokens>\d+) tokens.{0,60}?(?<limit>\d+) maximum context length/i,
  // Kimi
  /exceeded model token limit: (?<limit>\d+) \(requested: (?<tokens>\d+)\)/i,
  // Together
  /input \((?<tokens>\d+) tokens\) is longer than the model'?s context length \((?<limit>\d+)/i,
  // Qwen
  /range of input length should be \[\d+, ?(?<limit>\d+)\]/i,
  // LM Studio
  /n_keep:? \(?(?<tokens>\d+)\)? ?>= ?n_ctx:? \(?(?<limit>\d+)/i,
  /n_keep \((?<tokens>\d+)\) >= n_ctx \((?<limit>\d+)\)/i,
  /keep the first (?<tokens>\d+) tokens when context.{0,80}context length of only (?<limit>\d+)/i,
  // Copilot, Cerebras, Anthropic
  /prompt token count of (?<tokens>\d+) exceeds the limit of (?<limit>\d+)/i,
  /current length is (?<tokens>\d+) while limit is (?<limit>\d+)/i,
  /prompt is too long: (?<tokens>\d+) tokens > (?<limit>\d+)/i,
  // Without numbers, or with some that we cannot place
  /maximum context length is (?<limit>\d+) tokens/i,
  /exceeds? the (?:model'?s )?(?:available )?context (?:window|size|length)|context window exceeds limit|context[ _]length[ _]exceeded|exceed_context_size/i,
  /exceeds the context window of this model|prompt (?:is )?too long|input is too long for requested model/i,
  /reduce the length of the (?:messages|input|prompt)/i,
];

/** A smaller number is none of a context's: one server states its limit wrongly. Tokens. */
const SMALLEST_WINDOW = 1_000;

/**
 * Whether the error says that the prompt is too long, and with what numbers. llama.cpp puts them into fields of their own, for which
 * the whole body is looked at.
 */
export function readOverflow(text: string, body: string): Overflow | undefined {
  if (OTHER_THINGS.some((pattern) => pattern.test(text))) return undefined;
  if (readOutputLimit(text) !== undefined) return undefined;
  const found = WORDINGS.map((pattern) => pattern.exec(text)).find((match) => match !== null);
  if (found === undefined) return undefined;
  const groups = found.groups ?? {};
  const own = numberOf(groups.tokens ?? /"n_prompt_tokens"\s*:\s*(\d+)/.exec(body)?.[1]);
  const limit = numberOf(groups.limit ?? /"n_ctx"\s*:\s*(\d+)/.exec(body)?.[1]);
  const tokens = own === undefined ? undefined : own + (numberOf(groups.more) ?? 0);
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(limit === undefined || limit < SMALLEST_WINDOW ? {} : { limit }),
  };
}

/** The largest `max_tokens` that the error names as possible, tokens. */
export function readOutputLimit(text: string): number | undefined {
  if (/maximum context length/i.test(text)) return undefined;
  for (const pattern of OUTPUT_LIMITS) {
    const found = numberOf(pattern.exec(text)?.groups?.output);
    if (found !== undefined && found > 0) return found;
  }
  return undefined;
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
