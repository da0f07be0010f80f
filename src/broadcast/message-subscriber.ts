import type { BufferBudget } from '../domain/buffer-budget.ts';
import { createAssembler, type Message } from '../protocols/anthropic/message-assembler.ts';
import type { Subscriber } from './feed.ts';

/** A longer stream is no message. Bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What becomes of a stream that somebody wants as one message. At most one of these, once. */
export interface MessageOutcome {
  readonly whole: (message: Message) => void;
  /** It made no whole message. Nothing was sent to whoever wanted it. */
  readonly broken: () => void;
  /** There is no room to collect it, though it still comes. Nothing was sent to whoever wanted it. */
  readonly noRoom: () => void;
}

/** A subscriber that collects. */
export interface MessageSubscriber extends Subscriber<unknown> {
  /** Nobody wants it any more: what was collected is let go. */
  drop(): void;
}

/**
 * Collects a broadcast stream into one message. It is never slow: the source does not wait for it. What it collects is
 * booked in `buffers`.
 */
export function messageSubscriber(
  { whole, broken, noRoom }: MessageOutcome,
  buffers: BufferBudget,
): MessageSubscriber {
  let assembler: ReturnType<typeof createAssembler> | undefined = createAssembler();
  let bytes = 0;
  const drop = (): void => {
    assembler = undefined;
    buffers.release(bytes);
    bytes = 0;
  };
  const failed = (): void => {
    if (assembler === undefined) return;
    drop();
    broken();
  };
  return {
    chunk(chunk) {
      if (assembler === undefined) return true;
      if (bytes + chunk.length <= MAX_BYTES && buffers.acquire(chunk.length)) {
        bytes += chunk.length;
        assembler.push(chunk);
      } else {
        drop();
        noRoom();
      }
      return true;
    },
    end() {
      if (assembler === undefined) return;
      const message = assembler.finish();
      drop();
      if (message === undefined) broken();
      else whole(message);
    },
    fail: failed,
    lagged: failed,
    drop,
  };
}
