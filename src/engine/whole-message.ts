import { readAnswer } from '../protocols/anthropic/answer.ts';
import type { Message } from '../protocols/anthropic/message-assembler.ts';
import { playMessage } from '../protocols/anthropic/message-player.ts';

/** What is in a whole answer. */
export interface WholeMessage {
  /** Undefined: it is no message, but a count of tokens. */
  readonly message: Message | undefined;
  /** It ended because it had reached its `max_tokens`. */
  readonly stoppedAtLimit: boolean;
}

/** Parses a whole answer: not on the way of streams. */
export function messageIn(body: Buffer): WholeMessage {
  const answer = readAnswer(body);
  const message = answer.kind === 'message' ? answer.message : undefined;
  return { message, stoppedAtLimit: message?.stop_reason === 'max_tokens' };
}

/** A whole answer as a stream; what is no message stays as it is. */
export function playedBody({ message }: WholeMessage, body: Buffer): Buffer {
  return message === undefined ? body : playMessage(message);
}
