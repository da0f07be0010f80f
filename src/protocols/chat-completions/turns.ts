import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { ClientToolIds } from '../openai/tool-ids.ts';
import { leadingSystem, reminder, runEnd } from '../openai/turn-runs.ts';
import { assistantTurn, functionKey, type OpenCall } from './assistant-turn.ts';
import { type ContentBlock, contentBlocks } from './content-parts.ts';
import type { Refusals } from './refusals.ts';

/** A conversation as the Messages API takes it. */
export interface Turns {
  readonly system: Anthropic.TextBlockParam[];
  readonly messages: Anthropic.MessageParam[];
  /** It ends with results of a turn that does not show what it thought. */
  readonly openLoop: boolean;
}

/** A message with its place in the request. */
interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'result';
  readonly message: Readonly<Record<string, unknown>>;
  readonly place: string;
}

const ROLES: Readonly<Record<string, Turn['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'result',
  function: 'result',
};

/**
 * System messages at the beginning become `system`, later ones words in the user's turn. Everything between two turns of the assistant is one
 * turn of the user, with the results of all calls first: a missing one is made, one without a call becomes words.
 */
export function convertTurns(value: unknown, refusals: Refusals): Turns {
  const turns = asking(readTurns(value, refusals));
  const begin = leadingSystem(turns);
  const system = turns.slice(0, begin).flatMap((turn) => systemTexts(turn, refusals));
  const messages: Anthropic.MessageParam[] = [];
  const ids = new ClientToolIds([], 'chat');
  let openLoop = false;
  for (let at = begin; at < turns.length; ) {
    const asked = runEnd(turns, at, true);
    const answered = runEnd(turns, asked, false);
    const said = assistantTurn(
      turns.slice(at, asked).map(({ message }) => message),
      ids,
    );
    const heard = userTurn(turns.slice(asked, answered), said.calls, refusals);
    push(messages, 'assistant', said.blocks);
    push(messages, 'user', heard);
    const shown = said.blocks.some(({ type }) => type === 'thinking' || type === 'redacted_thinking');
    openLoop = said.calls.length > 0 && !shown;
    at = answered;
  }
  if (messages[0]?.role === 'assistant')
    messages.unshift({ role: 'user', content: '(The assistant begins.)' });
  return { system, messages: withoutLastBlank(messages), openLoop };
}

/** A request of system messages alone asks for an answer to the last of them. */
function asking(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  if (last === undefined || turns.some(({ role }) => role !== 'system')) return turns;
  return [...turns.slice(0, -1), { ...last, role: 'user' }];
}

function readTurns(value: unknown, refusals: Refusals): Turn[] {
  if (!Array.isArray(value) || value.length === 0) {
    refusals.add('messages', 'messages must be a list with at least one message.', 'invalid_type');
    return [];
  }
  return value.flatMap((message: unknown, at): Turn[] => {
    const place = `messages[${at}]`;
    const name = isRecord(message) && typeof message.role === 'string' ? message.role : '';
    const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
    if (role !== undefined && isRecord(message)) return [{ role, message, place }];
    refusals.add(
      `${place}.role`,
      'A role must be system, developer, user, assistant or tool.',
      'invalid_value',
    );
    return [];
  });
}

function systemTexts({ message, place }: Turn, refusals: Refusals): Anthropic.TextBlockParam[] {
  return contentBlocks(message.content, `${place}.content`, refusals).filter(
    (block) => block.type === 'text',
  );
}

/** Everything up to the next turn of the assistant: the results, in the order of their calls, then the rest in its own. */
function userTurn(
  turns: readonly Turn[],
  calls: readonly OpenCall[],
  refusals: Refusals,
): Anthropic.ContentBlockParam[] {
  const answers = new Map<OpenCall, ContentBlock[]>();
  const rest: ContentBlock[] = [];
  for (const turn of turns) {
    const { message, place } = turn;
    const blocks = contentBlocks(message.content, `${place}.content`, refusals);
    if (turn.role === 'system') rest.push(...lateSystem(blocks));
    else if (turn.role === 'user') rest.push(...blocks);
    else {
      const key = message.role === 'function' ? functionKey(message.name) : message.tool_call_id;
      const call = calls.find((each) => each.key === key && !answers.has(each));
      if (call === undefined)
        rest.push({ type: 'text', text: '(The result of a call that is not shown:)' }, ...blocks);
      else answers.set(call, blocks);
    }
  }
  return [...calls.map((call) => resultOf(call, answers.get(call))), ...rest];
}

function resultOf({ id }: OpenCall, blocks: ContentBlock[] | undefined): Anthropic.ToolResultBlockParam {
  const result = { type: 'tool_result', tool_use_id: id } as const;
  if (blocks === undefined) return { ...result, content: '(no result)' };
  return blocks.length === 0 ? result : { ...result, content: plain(blocks) };
}

/** A system message in the middle: older models take none there, so the user's turn says it. */
function lateSystem(blocks: readonly ContentBlock[]): Anthropic.TextBlockParam[] {
  const text = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n\n');
  return text === '' ? [] : [{ type: 'text', text: reminder(text) }];
}

function push(
  messages: Anthropic.MessageParam[],
  role: 'user' | 'assistant',
  blocks: readonly Anthropic.ContentBlockParam[],
): void {
  if (blocks.length > 0) messages.push({ role, content: plain(blocks) });
}

/** One text is a string, as most clients write it. */
function plain<T extends Anthropic.ContentBlockParam>(blocks: readonly T[]): string | T[] {
  const [first] = blocks;
  return blocks.length === 1 && first?.type === 'text' && first.cache_control === undefined
    ? first.text
    : [...blocks];
}

/** Anthropic refuses a last turn of the assistant that ends with blanks. */
function withoutLastBlank(messages: readonly Anthropic.MessageParam[]): Anthropic.MessageParam[] {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return [...messages];
  const { content } = last;
  if (typeof content === 'string') return [...messages.slice(0, -1), { ...last, content: content.trimEnd() }];
  const block = content.at(-1);
  if (block?.type !== 'text') return [...messages];
  const trimmed = [...content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...messages.slice(0, -1), { ...last, content: trimmed }];
}
