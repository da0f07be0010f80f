import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { ReasoningDetails } from '../openai/reasoning-details.ts';

/**
 * Thinking in OpenRouter's form, which carries the signature: clients that know it send it back, and only thinking that comes back with its
 * signature may go to an Anthropic provider again. `reasoning_content` alone has none.
 */
const FORMAT = 'anthropic-claude-v1';

export type ReasoningDetail =
  | {
      readonly type: 'reasoning.text';
      readonly text: string;
      /** Comes with the last fragment of a stream. */
      readonly signature?: string;
      readonly format: string;
      readonly index: number;
    }
  | {
      readonly type: 'reasoning.encrypted';
      readonly data: string;
      readonly format: string;
      readonly index: number;
    };

type SignedBlock = Anthropic.ThinkingBlockParam | Anthropic.RedactedThinkingBlockParam;

/** One signed block as a detail; `undefined`: it is none, or has no signature. */
export function detailOf(
  block: Readonly<Record<string, unknown>>,
  index: number,
): ReasoningDetail | undefined {
  const { type, thinking, signature, data } = block;
  if (type === 'redacted_thinking' && typeof data === 'string') {
    return { type: 'reasoning.encrypted', data, format: FORMAT, index };
  }
  if (type !== 'thinking' || typeof signature !== 'string' || signature === '') return undefined;
  return fragmentOf(index, typeof thinking === 'string' ? thinking : '', signature);
}

/** A piece of a block's text, or its signature: those of one number belong together. */
export function fragmentOf(index: number, text: string, signature?: string): ReasoningDetail {
  const signed = signature === undefined ? {} : { signature };
  return { type: 'reasoning.text', text, ...signed, format: FORMAT, index };
}

/** The blocks of details that came back; those of other formats, and those without a signature, are left out. */
export function thinkingBlocks(details: unknown): SignedBlock[] {
  // Some clients send the fragments of a stream as they came.
  const whole = new ReasoningDetails();
  whole.add((Array.isArray(details) ? details : []).filter(isRecord));
  const ours = whole.take().filter(({ format }) => format === FORMAT);
  return ours.flatMap((detail): SignedBlock[] => {
    const { type, text, signature, data } = detail;
    if (type === 'reasoning.encrypted' && typeof data === 'string') {
      return [{ type: 'redacted_thinking', data }];
    }
    if (type !== 'reasoning.text' || typeof signature !== 'string' || signature === '') return [];
    return [{ type: 'thinking', thinking: typeof text === 'string' ? text : '', signature }];
  });
}
