import { isRecord } from '../../domain/is-record.ts';
import { parseRecord } from '../../domain/json.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { createScanner, type SseScanner } from '../../sse/scanner.ts';
import { type Block, BlockBuilder } from './block-builder.ts';
import { typeOf } from './event-type.ts';
import { withoutNulls } from './without-nulls.ts';

/** A whole message as JSON: `type`, `role`, `content`, `stop_reason`, `usage`, and whatever else the provider said. */
export type Message = Record<string, unknown>;

/** Makes one message of a stream, chunk by chunk. */
export interface MessageAssembler {
  push(chunk: Buffer): void;
  /** Call once, at the end. `undefined`: the stream did not make a whole message; its `StreamReader` knows more. */
  finish(): Message | undefined;
}

/** The caller bounds the whole answer; an event that is not kept would be content lost. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** For a good stream that answers a request which asked for none: every block type, known or not. */
export function createAssembler(): MessageAssembler {
  return new Assembler();
}

class Assembler implements MessageAssembler {
  readonly #scanner: SseScanner = createScanner({ maxEventBytes: MAX_EVENT_BYTES });
  #message: Message | undefined;
  #usage: Record<string, unknown> | undefined;
  #stopped = false;
  /** By index, in the order in which they were opened. */
  readonly #blocks = new Map<unknown, BlockBuilder>();
  #broken = false;

  push(chunk: Buffer): void {
    for (const event of this.#scanner.push(chunk)) this.#read(event);
  }

  finish(): Message | undefined {
    const rest = this.#scanner.finish();
    if (rest !== undefined && typeof this.#message?.stop_reason !== 'string') this.#read(rest);
    const message = this.#message;
    if (this.#broken || message === undefined || typeof message.stop_reason !== 'string') return undefined;
    const content: Block[] = [];
    for (const builder of this.#blocks.values()) {
      const block = builder.finish();
      if (block === undefined) return undefined;
      content.push(block);
    }
    return { ...message, content, ...(this.#usage === undefined ? {} : { usage: this.#usage }) };
  }

  #read(event: SseEvent): void {
    if (this.#stopped || this.#broken || event.kind === 'comment') return;
    const type = typeOf(event);
    if (type === 'message_stop') {
      this.#stopped = true;
      return;
    }
    if (!HANDLED.has(type)) return;
    const data = event.truncated ? undefined : parseRecord(eventData(event));
    if (type === 'error' || data === undefined) this.#broken = true;
    else this.#apply(type, data);
  }

  #apply(type: string, data: Record<string, unknown>): void {
    const { index, content_block: block, delta } = data;
    if (type === 'message_start') {
      this.#start(data.message);
    } else if (this.#message === undefined) {
      this.#broken = true;
    } else if (type === 'message_delta') {
      this.#delta(this.#message, data);
    } else if (type === 'content_block_start' && isRecord(block)) {
      // An index that begins anew replaces what it had begun, and moves to the end.
      this.#blocks.delete(index);
      this.#blocks.set(index, new BlockBuilder(block));
    } else if (type === 'content_block_delta' && isRecord(delta)) {
      this.#blocks.get(index)?.add(delta);
    }
  }

  #start(message: unknown): void {
    if (!isRecord(message)) {
      this.#broken = true;
      return;
    }
    const { usage, ...rest } = message;
    this.#message = rest;
    this.#usage = isRecord(usage) ? usage : undefined;
    this.#blocks.clear();
  }

  #delta(message: Message, data: Record<string, unknown>): void {
    const { type: _type, delta, usage, ...rest } = data;
    this.#message = { ...message, ...rest, ...withoutNulls(delta) };
    if (isRecord(usage)) this.#usage = { ...this.#usage, ...withoutNulls(usage) };
  }
}

const HANDLED: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'message_delta',
  'error',
]);
