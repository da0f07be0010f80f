/** How a model is asked to think. */
export type ThinkingForm =
  /** It cannot. */
  | 'none'
  /** `thinking.budget_tokens`. */
  | 'budget'
  /** `thinking: adaptive` with `output_config.effort`. */
  | 'adaptive';

/** What a request to a model may hold. */
export interface ModelTraits {
  /** What it may write where the client names no limit, tokens. */
  readonly defaultMaxTokens: number;
  readonly thinking: ThinkingForm;
  /** It takes `output_config.format`. */
  readonly outputFormat: boolean;
}

/** For names that are not of Claude: enough for an answer, little enough for the windows of small models. Tokens. */
const UNKNOWN_MAX_TOKENS = 8_192;
/** The smallest limit of all Claude models since 3.7, tokens. */
const CLAUDE_MAX_TOKENS = 32_000;

/** Both orders of a Claude model's name: `claude-sonnet-4-5-20250929`, `anthropic/claude-3.7-sonnet`. */
const FAMILY_FIRST = /claude-(?:opus|sonnet|haiku)-(\d{1,2})(?:-(\d{1,2}))?(?!\d)/;
const VERSION_FIRST = /claude-(\d{1,2})(?:-(\d{1,2}))?(?!\d)/;

/**
 * What the client's name of a model says. A route may lead it elsewhere, which nobody knows yet when the request is converted; names that say
 * nothing are taken for the newest, as Claude Code does.
 */
export function traitsOf(model: string): ModelTraits {
  const name = model.toLowerCase().replaceAll('.', '-');
  if (!name.includes('claude')) {
    return { defaultMaxTokens: UNKNOWN_MAX_TOKENS, thinking: 'adaptive', outputFormat: true };
  }
  const version = versionOf(name);
  return {
    defaultMaxTokens: maxTokensOf(version),
    thinking: version < 307 ? 'none' : version < 406 ? 'budget' : 'adaptive',
    outputFormat: version >= 401,
  };
}

function maxTokensOf(version: number): number {
  if (version < 305) return 4_096;
  return version < 307 ? 8_192 : CLAUDE_MAX_TOKENS;
}

/** 405 for 4.5. */
function versionOf(name: string): number {
  const found = FAMILY_FIRST.exec(name) ?? VERSION_FIRST.exec(name);
  return found === null ? Number.POSITIVE_INFINITY : Number(found[1]) * 100 + Number(found[2] ?? 0);
}
