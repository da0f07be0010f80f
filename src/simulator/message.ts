import type { AnswerBlock, AnswerUsage, EventPart, MessageBehaviour } from './behaviour.ts';
import { signThinking } from './signatures.ts';

/** What an answer needs to know of the request and of who answers. */
export interface AnswerContext {
  readonly provider: string;
  /** Running number of the request at this provider: ids are made of it, so that a run can be repeated. */
  readonly number: number;
  readonly model: string;
}

/** A content block as JSON carries it, and the deltas by which a stream builds it from `start`. */
interface BuiltBlock {
  readonly whole: Readonly<Record<string, unknown>>;
  readonly start: Readonly<Record<string, unknown>>;
  readonly deltas: readonly Readonly<Record<string, unknown>>[];
}

const DEFAULT_PIECES = 3;
const DEFAULT_USAGE: AnswerUsage = { input: 12, output: 7 };

/** The complete Messages object for a request without `stream`. */
export function messageJson(answer: MessageBehaviour, context: AnswerContext): object {
  return {
    ...envelope(answer, context),
    content: build(answer, context).map((block) => block.whole),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: usageJson(answer.usage ?? DEFAULT_USAGE),
  };
}

/** The events of the same answer as a stream, in the order of the Messages API. */
export function messageEvents(answer: MessageBehaviour, context: AnswerContext): readonly EventPart[] {
  const usage = answer.usage ?? DEFAULT_USAGE;
  const message = {
    ...envelope(answer, context),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageJson({ ...usage, output: 1 }),
  };
  return [
    event('message_start', { message }),
    ...build(answer, context).flatMap(blockEvents),
    event('message_delta', {
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: { output_tokens: usage.output },
    }),
    event('message_stop', {}),
  ];
}

/** An event whose `event:` line and `data.type` agree. */
function event(type: string, fields: Readonly<Record<string, unknown>>): EventPart {
  return { kind: 'event', name: type, data: { type, ...fields } };
}

/** The event that only says "still here". */
export const PING: EventPart = event('ping', {});

/** The blocks of an answer; its `text` counts as one. */
export function blocksOf(answer: MessageBehaviour, provider: string): readonly AnswerBlock[] {
  return answer.blocks ?? [{ type: 'text', text: answer.text ?? `Hello, this is ${provider} speaking.` }];
}

export function stopReason(answer: MessageBehaviour): string {
  const calls = answer.blocks?.some((block) => block.type === 'tool_use') ?? false;
  return answer.stopReason ?? (calls ? 'tool_use' : 'end_turn');
}

/** `text` in `count` parts of about the same length; never splits a surrogate pair. */
export function cut(text: string, count: number): readonly string[] {
  const letters = Array.from(text);
  const size = Math.max(1, Math.ceil(letters.length / count));
  const pieces: string[] = [];
  for (let at = 0; at < letters.length; at += size) pieces.push(letters.slice(at, at + size).join(''));
  return pieces;
}

function envelope(answer: MessageBehaviour, context: AnswerContext): object {
  return {
    id: `msg_${context.provider}_${context.number}`,
    type: 'message',
    role: 'assistant',
    model: answer.model ?? context.model,
  };
}

function usageJson(usage: AnswerUsage): object {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheCreation ?? 0,
    cache_read_input_tokens: usage.cacheRead ?? 0,
    output_tokens: usage.output,
  };
}

function blockEvents(block: BuiltBlock, index: number): readonly EventPart[] {
  return [
    event('content_block_start', { index, content_block: block.start }),
    ...block.deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
}

function build(answer: MessageBehaviour, context: AnswerContext): readonly BuiltBlock[] {
  const pieces = answer.pieces ?? DEFAULT_PIECES;
  return blocksOf(answer, context.provider).map((block, index) => buildBlock(block, index, pieces, context));
}

function buildBlock(block: AnswerBlock, index: number, pieces: number, context: AnswerContext): BuiltBlock {
  switch (block.type) {
    case 'text':
      return {
        whole: { type: 'text', text: block.text },
        start: { type: 'text', text: '' },
        deltas: cut(block.text, pieces).map((text) => ({ type: 'text_delta', text })),
      };
    case 'thinking':
      return buildThinking(block.thinking, pieces, context);
    case 'tool_use':
    case 'server_tool_use': {
      const id = block.id ?? toolId(block.type, context, index);
      const head = { type: block.type, id, name: block.name };
      return {
        whole: { ...head, input: block.input },
        start: { ...head, input: {} },
        deltas: cut(JSON.stringify(block.input), pieces).map((partial_json) => ({
          type: 'input_json_delta',
          partial_json,
        })),
      };
    }
    case 'whole':
      return { whole: block.block, start: block.block, deltas: [] };
  }
}

function buildThinking(thinking: string, pieces: number, context: AnswerContext): BuiltBlock {
  const signature = signThinking(context.provider, thinking);
  return {
    whole: { type: 'thinking', thinking, signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...cut(thinking, pieces).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature },
    ],
  };
}

function toolId(type: 'tool_use' | 'server_tool_use', context: AnswerContext, index: number): string {
  const prefix = type === 'tool_use' ? 'toolu' : 'srvtoolu';
  return `${prefix}_${context.provider}_${context.number}_${index}`;
}
