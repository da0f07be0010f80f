import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { effortOfBudget } from '../openai/reasoning-request.ts';
import type { ThinkingForm } from './model-traits.ts';

type Request = Readonly<Record<string, unknown>>;
type Effort = NonNullable<Anthropic.OutputConfig['effort']>;

/** `thinking` and the effort, as the Messages API takes them. */
export interface ThinkingFields {
  readonly thinking?: Anthropic.ThinkingConfigParam;
  readonly effort?: Effort;
}

/** What keeps a request from thinking. */
export interface ThinkingLimits {
  readonly form: ThinkingForm;
  /** Tokens. */
  readonly maxTokens: number;
  /** The choice of tools forces a call: no model thinks then. */
  readonly forced: boolean;
  /** The last turn called tools without showing what it thought: models with a budget refuse to think on. */
  readonly openLoop: boolean;
}

/** Tokens for each of OpenAI's efforts. They come back as the same effort from `reasoning-request.ts`. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
  xhigh: 31_999,
  max: 31_999,
};
const EFFORTS: Readonly<Record<string, Effort>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
};
/** Anthropic's least budget, tokens. */
const LEAST_BUDGET = 1_024;

/**
 * Reads `reasoning_effort`, OpenRouter's `reasoning` (`effort`, `max_tokens`, `enabled`), and Anthropic's own `thinking`, which some
 * clients add and which goes on as it is where it can. Says nothing where the client does.
 */
export function thinkingFields(request: Request, limits: ThinkingLimits): ThinkingFields {
  const { form, forced, openLoop } = limits;
  const { thinking } = request;
  if (isThinkingConfig(thinking))
    return thinking.type === 'enabled' && (forced || openLoop) ? {} : { thinking };
  const reasoning = isRecord(request.reasoning) ? request.reasoning : {};
  const word = wordOf(request.reasoning_effort) ?? wordOf(reasoning.effort);
  const budget = typeof reasoning.max_tokens === 'number' ? reasoning.max_tokens : undefined;
  const off = word === 'none' || reasoning.enabled === false;
  const wanted = word !== undefined || budget !== undefined || reasoning.enabled === true;
  if (form === 'none' || !wanted) return {};
  if (form === 'budget') {
    if (off || forced || openLoop) return {};
    return withBudget(
      budget ?? BUDGETS[word ?? 'medium'] ?? BUDGETS.medium ?? LEAST_BUDGET,
      limits.maxTokens,
    );
  }
  if (off) return { thinking: { type: 'disabled' } };
  const effort = EFFORTS[word ?? ''] ?? (budget === undefined ? undefined : effortOfBudget(budget));
  return {
    ...(forced ? {} : { thinking: { type: 'adaptive' } }),
    ...(effort === undefined ? {} : { effort }),
  };
}

function isThinkingConfig(value: unknown): value is Anthropic.ThinkingConfigParam {
  return isRecord(value) && typeof value.type === 'string';
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && (value === 'none' || Object.hasOwn(EFFORTS, value)) ? value : undefined;
}

/** A quarter of all tokens is left for the answer. */
function withBudget(wanted: number, maxTokens: number): ThinkingFields {
  const budget = Math.min(Math.max(wanted, LEAST_BUDGET), Math.floor(maxTokens * 0.75));
  return budget < LEAST_BUDGET ? {} : { thinking: { type: 'enabled', budget_tokens: budget } };
}
