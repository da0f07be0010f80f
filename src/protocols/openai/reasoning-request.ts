import { isRecord } from '../../domain/is-record.ts';
import type { ReasoningFields } from './chat-types.ts';
import { type Compat, EFFORTS, type Effort } from './compat.ts';

/** What a request wants of the model's thinking. */
export interface Wish {
  /** `undefined`: it says nothing. */
  readonly enabled?: boolean;
  readonly effort?: Effort;
  /** Tokens. */
  readonly budget?: number;
}

/** Reads `thinking` and `output_config.effort`; that of the latest message that has one goes first. */
export function readWish(request: Readonly<Record<string, unknown>>): Wish {
  const thinking = isRecord(request.thinking) ? request.thinking : {};
  const messages: readonly unknown[] = Array.isArray(request.messages) ? request.messages : [];
  const latest = messages.findLast((message) => effortOf(message) !== undefined);
  const effort = effortOf(latest) ?? effortOf(request);
  const budget = thinking.budget_tokens;
  return {
    ...(typeof thinking.type === 'string' ? { enabled: thinking.type !== 'disabled' } : {}),
    ...(effort === undefined ? {} : { effort }),
    ...(typeof budget === 'number' && thinking.type !== 'disabled' ? { budget } : {}),
  };
}

function effortOf(holder: unknown): Effort | undefined {
  const config = isRecord(holder) && isRecord(holder.output_config) ? holder.output_config : {};
  return EFFORTS.find((effort) => effort === config.effort);
}

/** Budgets below these stand for the effort, tokens; all larger ones for `high`. */
const LOW_BUDGET = 4_000;
const MEDIUM_BUDGET = 16_000;

/** @param hasTools tools are offered; @param mustNotThink thinking is switched off, whatever was wished. */
export function reasoningFields(
  wish: Wish,
  compat: Compat,
  hasTools: boolean,
  mustNotThink: boolean,
): ReasoningFields {
  const enabled = mustNotThink ? false : wish.enabled;
  const { budget } = wish;
  const wished = wish.effort ?? (budget === undefined ? undefined : effortOfBudget(budget));
  const effort = enabled === false ? 'none' : wished;
  switch (compat.reasoning) {
    case 'none':
      return {};
    case 'effort':
      return effortField(effort, compat, hasTools);
    case 'openrouter':
      return openRouter(enabled, wish, effort, compat);
    case 'thinking': {
      if (enabled === undefined && effort === undefined) return {};
      const type = enabled === false ? 'disabled' : 'enabled';
      const further = enabled === false ? {} : effortField(effort, compat, false);
      return { thinking: { type, ...(enabled === false ? {} : compat.thinkingFields) }, ...further };
    }
    case 'enable_thinking':
      if (enabled === undefined) return {};
      return {
        enable_thinking: enabled,
        ...(enabled && wish.budget !== undefined ? { thinking_budget: wish.budget } : {}),
      };
    case 'template':
      return enabled === undefined ? {} : { chat_template_kwargs: { enable_thinking: enabled } };
  }
}

/** The effort that a budget of so many tokens stands for. */
export function effortOfBudget(budget: number): 'low' | 'medium' | 'high' {
  if (budget < LOW_BUDGET) return 'low';
  return budget < MEDIUM_BUDGET ? 'medium' : 'high';
}

function effortField(effort: Effort | undefined, compat: Compat, hasTools: boolean): ReasoningFields {
  if (hasTools && compat.effortWithTools === 'omit') return {};
  if (hasTools && compat.effortWithTools === 'none') return { reasoning_effort: 'none' };
  const near = effort === undefined ? undefined : nearest(effort, compat.efforts);
  return near === undefined ? {} : { reasoning_effort: near };
}

function openRouter(
  enabled: boolean | undefined,
  wish: Wish,
  effort: Effort | undefined,
  compat: Compat,
): ReasoningFields {
  if (enabled === false) return { reasoning: { enabled: false } };
  const near = wish.effort === undefined ? undefined : nearest(wish.effort, compat.efforts);
  if (near !== undefined) return { reasoning: { effort: near } };
  if (wish.budget !== undefined) return { reasoning: { max_tokens: wish.budget } };
  return enabled === true || effort !== undefined ? { reasoning: { enabled: true } } : {};
}

/** The nearest that the provider takes, the lesser of two; thinking that is wanted is never switched off by it. */
function nearest(effort: Effort, efforts: readonly Effort[]): Effort | undefined {
  const at = EFFORTS.indexOf(effort);
  const choices = efforts.filter((each) => effort === 'none' || each !== 'none');
  return choices.toSorted((one, other) => distance(one, at) - distance(other, at))[0];
}

function distance(effort: Effort, at: number): number {
  const steps = EFFORTS.indexOf(effort) - at;
  return steps > 0 ? steps + 0.5 : -steps;
}
