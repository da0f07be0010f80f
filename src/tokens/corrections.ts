import type { ImageLimits } from './image-tokens.ts';

/** What a model's own count has beyond the tokens of o200k_base (docs/tokens.md tells where each number is from). */
export interface Corrections {
  /** Its tokens for one of o200k_base. */
  readonly text: number;
  /** Its tokens for one of o200k_base in JSON: definitions of tools and their inputs. */
  readonly json: number;
  /** Once a request. */
  readonly request: number;
  /** For each message beyond the first. */
  readonly message: number;
  readonly system: number;
  /** The hidden prompt that tools bring. */
  readonly tools: number;
  /** Beside that, where one of them must be used. */
  readonly forcedTool: number;
  /** For each tool with a schema. */
  readonly tool: number;
  readonly toolUse: number;
  readonly toolResult: number;
  /** The hidden prompt that a schema for the answer brings. */
  readonly outputSchema: number;
  /** Thinking of earlier turns is counted too. */
  readonly keepsThinking: boolean;
  readonly image: ImageLimits;
}

/** Models without and with high resolution. */
const STANDARD_IMAGE: ImageLimits = { edge: 1_568, tokens: 1_568 };
const LARGE_IMAGE: ImageLimits = { edge: 2_576, tokens: 4_784 };

/** Claude up to 4.4: earlier thinking is left out of the count. */
const CLAUDE_OLD: Corrections = {
  text: 1.15,
  json: 1.1,
  request: 7,
  message: 4,
  system: 2,
  tools: 346,
  forcedTool: 0,
  tool: 8,
  toolUse: 30,
  toolResult: 22,
  outputSchema: 165,
  keepsThinking: false,
  image: STANDARD_IMAGE,
};
const HAIKU_3: Corrections = { ...CLAUDE_OLD, tools: 264 };
/** Claude 4.5 and 4.6. */
const CLAUDE_4_5: Corrections = {
  ...CLAUDE_OLD,
  json: 1.2,
  tools: 510,
  forcedTool: 90,
  keepsThinking: true,
};
/** Claude from 4.7 on, with another tokenizer. */
const CLAUDE_NEW: Corrections = {
  ...CLAUDE_4_5,
  text: 1.35,
  json: 1.4,
  toolUse: 24,
  toolResult: 14,
  image: LARGE_IMAGE,
};
/** Other models: most are near o200k_base, and their tools bring no long prompt. */
const OTHERS: Corrections = {
  ...CLAUDE_OLD,
  text: 1.05,
  json: 1.05,
  tools: 20,
  toolUse: 15,
  toolResult: 10,
  outputSchema: 20,
};

/** The corrections for a model by its name. A Claude that is not known counts as the newest: rather too much than too little. */
export function correctionsFor(model: string): Corrections {
  if (!/claude/i.test(model)) return OTHERS;
  const version = versionOf(model);
  if (version >= 4.7) return CLAUDE_NEW;
  if (version >= 4.5) return CLAUDE_4_5;
  return version < 4 && /haiku/i.test(model) ? HAIKU_3 : CLAUDE_OLD;
}

/** `claude-opus-4-5-20251101` → 4.5, `claude-3-7-sonnet-latest` → 3.7, `claude-sonnet-5` → 5; a name without: the newest. */
function versionOf(model: string): number {
  const [, major, minor = '0'] = /claude-(?:[a-z]+-)*(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/i.exec(model) ?? [];
  return major === undefined ? Number.POSITIVE_INFINITY : Number(`${major}.${minor}`);
}
