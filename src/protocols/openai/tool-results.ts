import { type Block, blocksOf, type Notes } from './blocks.ts';
import type { TextPart, ToolMessage, UserPart } from './chat-types.ts';
import type { Compat } from './compat.ts';
import { userParts } from './user-parts.ts';

/** A tool's result as its own message, and what of it only a user's message can hold. */
export interface ConvertedResult {
  readonly message: ToolMessage;
  /** Images and files, with a line that says whose they are. */
  readonly further: readonly UserPart[];
}

/** What stands where a result has no text: several servers refuse an empty one. */
const NO_OUTPUT = '(no output)';
/** Every call must be answered. */
const NO_RESULT = '(no result)';

export function missingResult(id: string): ToolMessage {
  return { role: 'tool', tool_call_id: id, content: NO_RESULT };
}

/** @param name the provider's name of the tool, @param id the provider's id of the call. */
export function toolResult(
  block: Block,
  id: string,
  name: string,
  compat: Compat,
  notes: Notes,
): ConvertedResult {
  const parts = blocksOf(block.content).flatMap((inner) => userParts(inner, compat, notes));
  const texts = parts.filter((part) => part.type === 'text');
  const further = parts.filter((part) => part.type !== 'text');
  const pointer = further.length === 0 ? [] : [`[${kindOf(further)}: see the next user message]`];
  const all = [...texts.map((part) => part.text), ...pointer];
  const content = all.join('\n');
  const failed = block.is_error === true ? 'Error: ' : '';
  const text = failed + (content.trim() === '' ? NO_OUTPUT : content);
  return {
    message: { role: 'tool', tool_call_id: id, content: marked(text, block, texts, compat) },
    further:
      further.length === 0 ? [] : [{ type: 'text', text: `From the result of ${name} (${id}):` }, ...further],
  };
}

function kindOf(parts: readonly UserPart[]): string {
  return parts.every((part) => part.type === 'image_url') ? 'image' : 'file';
}

/** The breakpoint of the provider's cache sits on a part; the last one of the result holds for it. */
function marked(text: string, block: Block, texts: readonly TextPart[], compat: Compat): string | TextPart[] {
  const mark =
    block.cache_control ?? texts.findLast((part) => part.cache_control !== undefined)?.cache_control;
  return compat.cacheControl && mark != null ? [{ type: 'text', text, cache_control: mark }] : text;
}

/** A result whose call is not there, as words of the user. */
export function strayResult(block: Block, compat: Compat, notes: Notes): readonly UserPart[] {
  const parts = blocksOf(block.content).flatMap((inner) => userParts(inner, compat, notes));
  return parts.length === 0 ? [] : [{ type: 'text', text: 'Result of a tool:' }, ...parts];
}
