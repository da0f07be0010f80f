import type { Anthropic } from '@anthropic-ai/sdk';
import type { AnswerFacts } from '../../../src/protocols/chat-completions/answer-facts.ts';
import { createChunkStream } from '../../../src/protocols/chat-completions/chunk-stream.ts';
import { type ChatAsked, readChatRequest } from '../../../src/protocols/chat-completions/request.ts';
import { encodeEvent } from '../../../src/sse/encoder.ts';

/** A request with these fields beside a model and a message, as the Messages API gets it. */
export function converted(fields: object): Anthropic.MessageCreateParams & Record<string, unknown> {
  const read = readRequest(fields);
  if (read.kind === 'refused') throw new Error(read.refusal.message);
  return JSON.parse(read.body);
}

export function readRequest(fields: object) {
  const request = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hi' }], ...fields };
  return readChatRequest(Buffer.from(JSON.stringify(request)));
}

/** What a request with these messages has as messages. */
export function messagesOf(...messages: readonly object[]): unknown {
  return converted({ messages }).messages;
}

/** Why a request with these fields is refused. */
export function refusalOf(fields: object): string {
  const read = readRequest(fields);
  return read.kind === 'refused' ? `${read.refusal.param}: ${read.refusal.message}` : 'it is not';
}

export function factsOf(asked: Partial<ChatAsked> = {}): AnswerFacts {
  const all = { stream: true, includeUsage: false, legacy: false, custom: new Set<string>(), ...asked };
  return { asked: all, created: 1_700_000_000, requestId: 'req_1' };
}

/** Events of the Messages API as bytes. */
export function messagesStream(...events: readonly { readonly type: string }[]): Buffer {
  return Buffer.concat(events.map((event) => encodeEvent(event.type, event)));
}

export const STARTED = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'm',
    type: 'message',
    role: 'assistant',
    content: [],
    usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1 },
  },
};

export function begins(index: number, content_block: object) {
  return { type: 'content_block_start', index, content_block };
}

export function grows(index: number, delta: object) {
  return { type: 'content_block_delta', index, delta };
}

export function stops(index: number) {
  return { type: 'content_block_stop', index };
}

export function ends(stop_reason: string | null, output_tokens = 9) {
  return [
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens } },
    { type: 'message_stop' },
  ];
}

/** All that a client gets for a stream in these pieces. */
export function streamedText(pieces: readonly Buffer[], facts = factsOf()): string {
  const stream = createChunkStream(facts);
  const out = pieces.map((piece) => stream.push(piece));
  return Buffer.concat([...out, stream.finish()]).toString();
}

/** The data of a Chat Completions stream; comments and the end mark stand as they are. */
export function dataOf(text: string): readonly unknown[] {
  const blocks = text.split('\n\n').filter((block) => block !== '');
  return blocks.map((block) => {
    const data = block.startsWith('data: ') ? block.slice('data: '.length) : block;
    return data.startsWith('{') ? JSON.parse(data) : data;
  });
}

/** The deltas alone, then what finished it. */
export function deltasOf(text: string): readonly unknown[] {
  return dataOf(text).flatMap((each) => {
    const { choices = [] } = each as { choices?: { delta: object; finish_reason: string | null }[] };
    return choices.map(({ delta, finish_reason }) => (finish_reason === null ? delta : finish_reason));
  });
}
