import { createAssembler, type Message } from '../protocols/anthropic/message-assembler.ts';
import type { Subscriber } from './feed.ts';

/** A longer stream is no message. Bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What becomes of a stream that somebody wants as one message. */
export interface MessageOutcome {
  readonly whole: (message: Message) => void;
  /** It made no whole message. Nothing was sent to whoever wanted it. */
  readonly broken: () => void;
}

/** Collects a broadcast stream into one message. It is never slow: the source does not wait for it. */
export function messageSubscriber({ whole, broken }: MessageOutcome): Subscriber<unknown> {
  let assembler: ReturnType<typeof createAssembler> | undefined = createAssembler();
  let bytes = 0;
  return {
    chunk(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) assembler = undefined;
      assembler?.push(chunk);
      return true;
    },
    end() {
      const message = assembler?.finish();
      if (message === undefined) broken();
      else whole(message);
    },
    fail: () => broken(),
    lagged: () => broken(),
  };
}
