import { isRecord } from '../../domain/is-record.ts';
import { assistantTurn, type OpenCall, type TurnContext } from './assistant-turn.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { ChatMessage, UserPart } from './chat-types.ts';
import { systemMessages } from './system-prompt.ts';
import { missingResult, strayResult, toolResult } from './tool-results.ts';
import { leadingSystem, reminder, runEnd } from './turn-runs.ts';
import { userContent, userParts } from './user-parts.ts';

type Turn = Readonly<Record<string, unknown>>;

/**
 * The messages in the order that every provider accepts: after an assistant's calls come their results, all of them and nothing
 * between, in the order of the calls; then what else the user's turns hold. Messages that would be empty are left out.
 */
export function convertMessages(system: unknown, messages: unknown, context: TurnContext): ChatMessage[] {
  const turns = (Array.isArray(messages) ? messages : []).filter(isRecord);
  const leading = turns.slice(0, leadingSystem(turns));
  const converted: ChatMessage[] = [...systemMessages(system, leading, context.compat)];
  let at = leading.length;
  while (at < turns.length) {
    const asked = runEnd(turns, at, true);
    const answered = runEnd(turns, asked, false);
    const { message, calls } = assistantTurn(turns.slice(at, asked).flatMap(contentOf), context);
    if (message !== undefined) converted.push(message);
    converted.push(...userRun(turns.slice(asked, answered), calls, context));
    at = answered;
  }
  return context.compat.alternate ? alternating(converted) : converted;
}

function contentOf(turn: Turn): readonly Block[] {
  return blocksOf(turn.content);
}

/** Everything up to the next turn of the assistant. */
function userRun(turns: readonly Turn[], calls: readonly OpenCall[], context: TurnContext): ChatMessage[] {
  const { compat } = context;
  const answers = new Map<OpenCall, ChatMessage>();
  const rest = turns.flatMap((turn): ChatMessage[] => {
    if (turn.role === 'system') return [...lateSystem(turn, context)];
    const parts = userTurn(contentOf(turn), calls, answers, context);
    return parts.length === 0 ? [] : [{ role: 'user', content: userContent(parts) }];
  });
  const results = calls.map((call) => answers.get(call) ?? missingResult(call.id));
  const bridged: ChatMessage[] =
    compat.assistantAfterTool && results.length > 0 && rest[0]?.role === 'user'
      ? [{ role: 'assistant', content: 'Done.' }]
      : [];
  return [...results, ...bridged, ...rest];
}

/** The parts of one user's turn; its results go to the calls that they answer. */
function userTurn(
  blocks: readonly Block[],
  calls: readonly OpenCall[],
  answers: Map<OpenCall, ChatMessage>,
  { compat, notes }: TurnContext,
): readonly UserPart[] {
  const parts: UserPart[] = [];
  const further: UserPart[] = [];
  for (const block of blocks) {
    if (block.type !== 'tool_result') {
      parts.push(...userParts(block, compat, notes));
      continue;
    }
    const call = calls.find((each) => each.clientId === block.tool_use_id && !answers.has(each));
    if (call === undefined) {
      parts.push(...strayResult(block, compat, notes));
      continue;
    }
    const result = toolResult(block, call.id, call.name, compat, notes);
    answers.set(call, result.message);
    further.push(...result.further);
  }
  return [...parts, ...further];
}

function lateSystem(turn: Turn, { compat }: TurnContext): readonly ChatMessage[] {
  const messages = systemMessages(undefined, [turn], compat);
  if (compat.lateSystem === 'system') return messages;
  return messages.map(({ content }) => {
    const text = typeof content === 'string' ? content : content.map((part) => part.text).join('\n\n');
    return { role: 'user', content: reminder(text) };
  });
}

/** Messages of one role that follow each other as one. A turn with calls is always followed by their results. */
function alternating(messages: readonly ChatMessage[]): ChatMessage[] {
  const result: ChatMessage[] = [];
  for (const message of messages) {
    const last = result.at(-1);
    const both = last === undefined ? undefined : joined(last, message);
    if (both === undefined) result.push(message);
    else result[result.length - 1] = both;
  }
  return result;
}

function joined(last: ChatMessage, next: ChatMessage): ChatMessage | undefined {
  if (last.role === 'user' && next.role === 'user') {
    return { role: 'user', content: userContent([...partsOf(last.content), ...partsOf(next.content)]) };
  }
  if (last.role !== 'assistant' || next.role !== 'assistant' || last.tool_calls !== undefined)
    return undefined;
  const texts = [last.content, next.content].filter((text) => text !== null && text !== '');
  return { ...last, ...next, content: texts.length === 0 ? next.content : texts.join('\n\n') };
}

function partsOf(content: string | readonly UserPart[]): readonly UserPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
