import { readAnswer } from '../anthropic/answer.ts';
import { playMessage } from '../anthropic/message-player.ts';
import type { AnswerFacts } from './answer-facts.ts';
import { type ChunkStream, createChunkStream } from './chunk-stream.ts';
import { completionOf } from './completion.ts';
import { chatErrorBody, chatErrorOf, chatStatusOf, convertChatError } from './errors.ts';

/** A whole answer as a client of Chat Completions gets it. */
export interface ChatReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** The two forms in which an answer of the Messages API comes; one of them is used. */
export interface ChatAnswer {
  readonly requestId: string;
  /** A whole body, good or not. `isStream`: it is a stream that is already whole. */
  whole(status: number, body: Buffer, isStream: boolean): ChatReply;
  /** For a good stream that is still coming. */
  stream(): ChunkStream;
}

export function chatAnswer(facts: AnswerFacts): ChatAnswer {
  return {
    requestId: facts.requestId,
    whole: (status, body, isStream) => replyOf(status, body, isStream, facts),
    stream: () => createChunkStream(facts),
  };
}

function replyOf(status: number, body: Buffer, isStream: boolean, facts: AnswerFacts): ChatReply {
  if (status >= 400) {
    return json(chatStatusOf(status), chatErrorBody(convertChatError(body.toString('utf8'), status)));
  }
  if (isStream) return { status, ...streamed(body, facts) };
  const answer = readAnswer(body);
  if (answer.kind === 'error') {
    return json(502, chatErrorBody(convertChatError(body.toString('utf8'), 502)));
  }
  if (answer.kind !== 'message') {
    return json(502, chatErrorBody(chatErrorOf(502, 'The provider’s answer is no message.')));
  }
  if (facts.asked.stream) return { status, ...streamed(playMessage(answer.message), facts) };
  return json(status, JSON.stringify(completionOf(answer.message, facts)));
}

function json(status: number, body: string): ChatReply {
  return { status, contentType: 'application/json', body };
}

function streamed(body: Buffer, facts: AnswerFacts): Omit<ChatReply, 'status'> {
  const stream = createChunkStream(facts);
  const bytes = Buffer.concat([stream.push(body), stream.finish()]);
  return { contentType: 'text/event-stream; charset=utf-8', body: bytes };
}
