import { isRecord } from '../../domain/is-record.ts';

/** Stands where a turn was nothing but thinking: no message may be empty, and the turns have to alternate. */
const PLACEHOLDER = { type: 'text', text: '(The thinking of this turn was left out.)' };

/**
 * The request without the thinking of earlier turns, for a provider that refused it: signatures are bound to who issued them
 * (`docs/protocols.md` §14). In an open tool loop thinking is also switched off for this request, because a turn that thinks
 * may not begin with a bare tool call; `output_config` stays. Returns the same buffer when there is nothing to remove or
 * the body is no request. Parses the body: only for this one repair.
 */
export function withoutThinking(body: Buffer): Buffer {
  const request = parse(body);
  if (request === undefined || !Array.isArray(request.messages)) return body;
  const before: readonly unknown[] = request.messages;
  if (!before.some(holdsThinking)) return body;
  const messages = before.flatMap((message, at) =>
    withoutBlocks(message, at === before.length - 1 && at > 0),
  );
  const stripped = { ...request, messages };
  return Buffer.from(JSON.stringify(inOpenToolLoop(before) ? notThinking(stripped) : stripped));
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function holdsThinking(message: unknown): boolean {
  return roleOf(message) === 'assistant' && blocksOf(message).some(isThinking);
}

/** The message without its thinking. Nothing, if it is the last one and was all thinking: there is nothing to go on from. */
function withoutBlocks(message: unknown, last: boolean): unknown[] {
  if (!isRecord(message) || !holdsThinking(message)) return [message];
  const content = blocksOf(message).filter((block) => !isThinking(block));
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

function isThinking(block: unknown): boolean {
  return isRecord(block) && (block.type === 'thinking' || block.type === 'redacted_thinking');
}

function roleOf(message: unknown): unknown {
  return isRecord(message) ? message.role : undefined;
}

function blocksOf(message: unknown): readonly unknown[] {
  return isRecord(message) && Array.isArray(message.content) ? message.content : [];
}
