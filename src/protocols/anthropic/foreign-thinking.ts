import { isRecord } from '../../domain/is-record.ts';
import { parseRecord } from '../../domain/json.ts';

/** Stands where a turn was nothing but thinking: no message may be empty, and the turns have to alternate. */
const PLACEHOLDER = { type: 'text', text: '(The thinking of this turn was left out.)' };

/** A thinking block of a request. */
export type ThinkingBlock = Readonly<Record<string, unknown>> & {
  readonly type: 'thinking' | 'redacted_thinking';
};

/**
 * The request without the thinking of earlier turns, for a provider that refused it: signatures are bound to who issued them
 * (`docs/protocols.md` §14). In an open tool loop thinking is also switched off for this request, because a turn that thinks
 * may not begin with a bare tool call; `output_config` stays. Returns the same buffer when there is nothing to remove or
 * the body is no request. Parses the body: only for this one repair.
 */
export function withoutThinking(body: Buffer): Buffer {
  return strip(body, () => true, inOpenToolLoop);
}

/**
 * The request without the thinking that the provider could not know. A turn of which some goes loses what is redacted as well:
 * it has the same author. Thinking is switched off where the turn whose tools were called last lost all of its own.
 */
export function withoutForeignThinking(body: Buffer, isForeign: (block: ThinkingBlock) => boolean): Buffer {
  const goes = (block: ThinkingBlock, turn: readonly ThinkingBlock[]): boolean =>
    isForeign(block) || (block.type === 'redacted_thinking' && turn.some(isForeign));
  return strip(body, goes, (messages) => {
    const turn = messages.findLast((message) => roleOf(message) === 'assistant');
    const thinking = blocksOf(turn).filter(isThinking);
    return (
      inOpenToolLoop(messages) && thinking.length > 0 && thinking.every((block) => goes(block, thinking))
    );
  });
}

function strip(
  body: Buffer,
  goes: (block: ThinkingBlock, turn: readonly ThinkingBlock[]) => boolean,
  mustNotThink: (messages: readonly unknown[]) => boolean,
): Buffer {
  const request = parseRecord(body);
  if (request === undefined || !Array.isArray(request.messages)) return body;
  const before: readonly unknown[] = request.messages;
  const messages = before.flatMap((message, at) => {
    const thinking = roleOf(message) === 'assistant' ? blocksOf(message).filter(isThinking) : [];
    const foreign = new Set<unknown>(thinking.filter((block) => goes(block, thinking)));
    return foreign.size === 0
      ? [message]
      : withoutBlocks(message, foreign, at === before.length - 1 && at > 0);
  });
  if (messages.every((message, at) => message === before[at]) && messages.length === before.length)
    return body;
  const stripped = { ...request, messages };
  return Buffer.from(JSON.stringify(mustNotThink(before) ? notThinking(stripped) : stripped));
}

/** The message without these. Nothing, if it is the last one and was all thinking: there is nothing to go on from. */
function withoutBlocks(message: unknown, foreign: ReadonlySet<unknown>, last: boolean): unknown[] {
  if (!isRecord(message)) return [message];
  const content = blocksOf(message).filter((block) => !foreign.has(block));
  if (content.length > 0) return [{ ...message, content }];
  return last ? [] : [{ ...message, content: [PLACEHOLDER] }];
}

/** The last assistant turn called tools, and what follows it brings their results. */
function inOpenToolLoop(messages: readonly unknown[]): boolean {
  const turn = messages.findLastIndex((message) => roleOf(message) === 'assistant');
  const calls = blocksOf(messages[turn]).some((block) => isRecord(block) && block.type === 'tool_use');
  const results = messages.slice(turn + 1).flatMap(blocksOf);
  return calls && results.some((block) => isRecord(block) && block.type === 'tool_result');
}

/** Thinking switched off, with the edits of the context that are refused without it. */
function notThinking(request: Record<string, unknown>): Record<string, unknown> {
  const { context_management: management, ...rest } = request;
  const off = 'thinking' in request ? { ...rest, thinking: { type: 'disabled' } } : rest;
  if (!isRecord(management) || !Array.isArray(management.edits)) {
    return management === undefined ? off : { ...off, context_management: management };
  }
  const edits = management.edits.filter((edit) => !isClearThinking(edit));
  const { edits: _edits, ...others } = management;
  if (edits.length === 0 && Object.keys(others).length === 0) return off;
  return { ...off, context_management: { ...others, ...(edits.length === 0 ? {} : { edits }) } };
}

function isClearThinking(edit: unknown): boolean {
  return isRecord(edit) && typeof edit.type === 'string' && edit.type.startsWith('clear_thinking');
}

function isThinking(block: unknown): block is ThinkingBlock {
  return isRecord(block) && (block.type === 'thinking' || block.type === 'redacted_thinking');
}

function roleOf(message: unknown): unknown {
  return isRecord(message) ? message.role : undefined;
}

function blocksOf(message: unknown): readonly unknown[] {
  return isRecord(message) && Array.isArray(message.content) ? message.content : [];
}
