import { type Block, blocksOf, textOf } from './blocks.ts';
import type { SystemMessage, TextPart } from './chat-types.ts';
import type { Compat } from './compat.ts';

/** Claude Code's own bookkeeping, meant for Anthropic; its value changes and would spoil other providers' caches of the prefix. */
const BILLING = 'x-anthropic-billing-header:';

/** The system prompt and the system turns that follow it at once as one message; none without text. */
export function systemMessages(
  system: unknown,
  turns: readonly Readonly<Record<string, unknown>>[],
  compat: Pick<Compat, 'systemRole' | 'cacheControl'>,
): readonly SystemMessage[] {
  const blocks = [...blocksOf(system), ...turns.flatMap((turn) => blocksOf(turn.content))];
  const parts = blocks.filter(isText).map((block) => part(block, compat.cacheControl));
  if (parts.length === 0) return [];
  const marks = parts.some((each) => each.cache_control !== undefined);
  const content = marks ? parts : parts.map((each) => each.text).join('\n\n');
  return [{ role: compat.systemRole, content }];
}

function isText(block: Block): boolean {
  const text = textOf(block.text);
  return text !== '' && !text.startsWith(BILLING);
}

function part(block: Block, marks: boolean): TextPart {
  const mark = marks && block.cache_control != null ? { cache_control: block.cache_control } : {};
  return { type: 'text', text: textOf(block.text), ...mark };
}
