import { isRecord } from '../../domain/is-record.ts';
import { parseJson } from '../../domain/json.ts';

/**
 * Thinking blocks made of another model's reasoning have no signature of Anthropic's. Ours says so, that they are never sent to an
 * Anthropic provider, and carries what the provider of the reasoning wants back unmodified: the client keeps it for us.
 */
const MARK = 'balancer.reasoning.';

/** Larger ones are not carried: a client sends them back with every request. Characters. */
const LONGEST_DETAILS = 256 * 1024;

/** What every mark begins with. */
export const MARK_BYTES: Buffer = Buffer.from(MARK);

export function isMarkedReasoning(signature: unknown): boolean {
  return typeof signature === 'string' && signature.startsWith(MARK);
}

/**
 * The signature (or the data of a `redacted_thinking` block) for reasoning with these `reasoning_details`.
 * @param hash of the reasoning's text.
 */
export function markReasoning(hash: string, details: readonly unknown[]): string {
  const head = `${MARK}${hash}`;
  if (details.length === 0) return head;
  const carried = JSON.stringify(details);
  if (carried.length > LONGEST_DETAILS) return head;
  return `${head}.${Buffer.from(carried).toString('base64url')}`;
}

/** The `reasoning_details` that a mark carries; none for any other signature. */
export function detailsOfMark(signature: unknown): readonly Record<string, unknown>[] {
  if (typeof signature !== 'string' || !signature.startsWith(MARK)) return [];
  const carried = signature.slice(MARK.length).split('.')[1];
  if (carried === undefined) return [];
  const details = parseJson(Buffer.from(carried, 'base64url'));
  return Array.isArray(details) ? details.filter(isRecord) : [];
}
