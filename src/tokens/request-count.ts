import { isRecord } from '../domain/is-record.ts';
import { correctionsFor } from './corrections.ts';
import { requestParts } from './request-parts.ts';
import type { CountText } from './text-counter.ts';

/**
 * The input tokens of a request as the model it names would count them, as near as can be told here.
 *
 * @param json the request body
 * @returns at least 1; undefined: the body is no JSON, or nested deeper than the stack reaches
 */
export function countRequest(json: string, countText: CountText): number | undefined {
  try {
    return count(JSON.parse(json), countText);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function count(body: unknown, countText: CountText): number {
  const model = isRecord(body) && typeof body.model === 'string' ? body.model : '';
  const corrections = correctionsFor(model);
  const { texts, json, tokens } = requestParts(body, corrections);
  const sum = (parts: readonly string[]): number => parts.reduce((total, part) => total + countText(part), 0);
  return Math.ceil(tokens + sum(texts) * corrections.text + sum(json) * corrections.json);
}
