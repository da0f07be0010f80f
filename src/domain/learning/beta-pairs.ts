/**
 * Header and body travel together: what a value of `anthropic-beta` allows in the body is refused without it, and the
 * other way round. Sources: what Claude Code 2.1 sends (measured) and which of it it drops together when a 400 makes it
 * simplify its request; Anthropic's documentation of the betas; for `prompt-caching-scope`, `tool-examples` and
 * `tool-search-tool` the reports of users whose gateways refused them (docs/learning.md).
 */
export interface BetaPair {
  /** The value without its date: `effort` is `effort-2025-11-24` and its successors. */
  readonly beta: string;
  /** Paths of `field-path.ts`. */
  readonly fields: readonly string[];
}

export const BETA_PAIRS: readonly BetaPair[] = [
  { beta: 'context-management', fields: ['context_management'] },
  // A strategy of context management.
  { beta: 'compact', fields: ['context_management'] },
  { beta: 'effort', fields: ['output_config.effort', 'messages.*.output_config.effort'] },
  { beta: 'task-budgets', fields: ['output_config.task_budget'] },
  // Its field is never removed (`field-path.ts`): the header alone goes, many accept the field without it.
  { beta: 'structured-outputs', fields: ['output_config.format'] },
  // Claude Code drops these two together when the header is refused.
  { beta: 'per-turn-control', fields: ['messages.*.output_config'] },
  { beta: 'thinking-display-updates', fields: ['thinking.display'] },
  {
    beta: 'advanced-tool-use',
    fields: ['tools.*.defer_loading', 'tools.*.input_examples', 'tools.*.allowed_callers'],
  },
  { beta: 'tool-search-tool', fields: ['tools.*.defer_loading'] },
  { beta: 'tool-examples', fields: ['tools.*.input_examples'] },
  { beta: 'fine-grained-tool-streaming', fields: ['tools.*.eager_input_streaming'] },
  { beta: 'extended-cache-ttl', fields: ['**.cache_control.ttl'] },
  { beta: 'prompt-caching-scope', fields: ['**.cache_control.scope'] },
  { beta: 'fast-mode', fields: ['speed'] },
];

/** Betas about thinking, and the fields that are refused without `thinking`: they go with it. */
export const GO_WITH_THINKING: { readonly betas: readonly string[]; readonly fields: readonly string[] } = {
  betas: ['interleaved-thinking', 'redact-thinking', 'thinking-token-count', 'thinking-display-updates'],
  // Its strategy `clear_thinking` needs thinking.
  fields: ['context_management'],
};

/**
 * Accepted by nearly every provider of Claude; Amazon Bedrock documents them. Where a refusal names no beta, the others are
 * left out first.
 */
export const COMMON_BETAS: readonly string[] = [
  'interleaved-thinking',
  'context-1m',
  'output-128k',
  'token-efficient-tools',
  'computer-use',
];

/** Never left out unless the refusal names it: the credential depends on it. */
export const CREDENTIAL_BETAS: readonly string[] = ['oauth'];

/** Never left out at all: the client relies on the judgement that it asks for (`safeguards` in the body). */
export const SAFETY_BETAS: readonly string[] = ['dangerous-tool-use', 'afk-mode'];

/** `effort-2025-11-24` is one of `effort`. */
export function isBetaOf(value: string, beta: string): boolean {
  return (
    value === beta ||
    (value.startsWith(`${beta}-`) && /^\d{4}-?\d{2}-?\d{2}$/.test(value.slice(beta.length + 1)))
  );
}

export function isOneOf(value: string, betas: readonly string[]): boolean {
  return betas.some((beta) => isBetaOf(value, beta));
}
