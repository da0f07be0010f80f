import type { ByteRange, Member } from './top-level.ts';

/** What may differ between two requests that want the same answer. */
const STEERING: ReadonlySet<string> = new Set(['stream', 'provider']);
const STEERING_AND_LENGTH: ReadonlySet<string> = new Set([...STEERING, 'max_tokens']);

/**
 * The members of a body, key and value, that decide what is answered: all but `stream`, `provider` and, unless
 * `maxTokensCounts`, `max_tokens`. Space and commas between members belong to none.
 */
export function comparableParts(
  members: ReadonlyMap<string, Member>,
  maxTokensCounts: boolean,
): readonly ByteRange[] {
  const left = maxTokensCounts ? STEERING : STEERING_AND_LENGTH;
  const parts: ByteRange[] = [];
  for (const [key, { keyStart, valueEnd }] of members) {
    if (!left.has(key)) parts.push({ start: keyStart, end: valueEnd });
  }
  return parts;
}
