/** What the configuration says of a provider of type `openai`; what is absent is as its host is known for. */
export interface CompatSettings {
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** The largest value that it takes, tokens. */
  readonly maxTokensLimit?: number;
  /** The model's window, tokens: for refusals and empty answers that name none. */
  readonly contextWindow?: number;
  readonly reasoning?: 'none' | 'effort' | 'reasoning_content' | 'openrouter' | 'think_tags';
  /** `auto`: no tool is ever demanded. */
  readonly toolChoiceRequired?: 'required' | 'any' | 'auto';
  readonly parallelToolCalls?: boolean;
  readonly images?: boolean;
  readonly streamUsage?: boolean;
  readonly cacheControl?: boolean;
  /** Laid over the body that goes out. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
  /** Taken out of the body that goes out. */
  readonly dropFields?: readonly string[];
}
