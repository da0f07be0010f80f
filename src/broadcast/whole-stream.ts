import { createAssembler, type Message } from '../protocols/anthropic/message-assembler.ts';
import { MESSAGE_STOP_EVENT } from '../sse/encoder.ts';

/** Whether a stream's last event is its own: where `message_stop` is missing, ours, this very buffer, is added. */
export function endedByItself(chunks: readonly Buffer[]): boolean {
  return chunks.length > 0 && chunks.at(-1) !== MESSAGE_STOP_EVENT;
}

/** The message that a stream tells; undefined if it is not whole, or holds an error. */
export function messageOfStream(stream: Buffer): Message | undefined {
  const assembler = createAssembler();
  assembler.push(stream);
  return assembler.finish();
}
