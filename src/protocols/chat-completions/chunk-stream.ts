import { isRecord } from '../../domain/is-record.ts';
import { parseRecord } from '../../domain/json.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { createScanner, type SseScanner } from '../../sse/scanner.ts';
import { typeOf } from '../anthropic/event-type.ts';
import { withoutNulls } from '../anthropic/without-nulls.ts';
import type { AnswerFacts } from './answer-facts.ts';
import { BlockTeller } from './block-teller.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { chatErrorOf, convertChatError } from './errors.ts';
import { finishReasonOf } from './finish-reason.ts';
import { chatUsage } from './usage.ts';

/** Turns the bytes of a Messages stream, cut anywhere, into those of a Chat Completions stream. */
export interface ChunkStream {
  /** What became certain with these bytes: whole events, or nothing. */
  push(bytes: Buffer): Buffer;
  /** The stream is over. If it had no proper end, the client gets an error: it must not take a part for the whole. */
  finish(): Buffer;
}

/** Larger than any event that a provider sends: an event that is not kept would be content lost. Bytes. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;
const UNREADABLE = 'The provider sent an event that cannot be read.';
const BROKEN = 'The answer broke off before its end.';

export function createChunkStream(facts: AnswerFacts): ChunkStream {
  return new Stream(facts);
}

class Stream implements ChunkStream {
  readonly #facts: AnswerFacts;
  readonly #scanner: SseScanner = createScanner({ maxEventBytes: MAX_EVENT_BYTES });
  readonly #writer: ChunkWriter;
  readonly #blocks: BlockTeller;
  #begun = false;
  #over = false;
  #stopReason: unknown;
  #usage: Readonly<Record<string, unknown>> = {};

  constructor(facts: AnswerFacts) {
    const { asked, created, requestId } = facts;
    this.#facts = facts;
    this.#writer = new ChunkWriter(requestId, created, asked.includeUsage);
    this.#blocks = new BlockTeller(this.#writer, asked);
  }

  push(bytes: Buffer): Buffer {
    for (const event of this.#scanner.push(bytes)) this.#read(event);
    return this.#writer.take();
  }

  finish(): Buffer {
    const rest = this.#scanner.finish();
    // An event that lacks no more than its blank line counts; half of one does not.
    if (rest !== undefined && parseRecord(eventData(rest)) !== undefined) this.#read(rest);
    if (!this.#over && typeof this.#stopReason === 'string') this.#end();
    else this.#fail(BROKEN);
    return this.#writer.take();
  }

  #read(event: SseEvent): void {
    if (this.#over) return;
    if (event.kind === 'comment') {
      this.#writer.comment();
      return;
    }
    const text = eventData(event);
    const data = parseRecord(text);
    const type = typeOf(event);
    if (type === 'error') {
      this.#over = true;
      this.#writer.error(convertChatError(text));
    } else if (type === 'ping') this.#writer.comment();
    else if (data !== undefined) this.#applySafely(type, data);
    else if (event.truncated || !isNothing(text)) this.#fail(UNREADABLE);
  }

  #applySafely(type: string, data: Readonly<Record<string, unknown>>): void {
    try {
      this.#apply(type, data);
    } catch (error) {
      // What is nested too deeply can be read, but not written again.
      if (!(error instanceof RangeError)) throw error;
      this.#fail(UNREADABLE);
    }
  }

  #apply(type: string, data: Readonly<Record<string, unknown>>): void {
    switch (type) {
      case 'message_start':
        this.#begin(isRecord(data.message) ? data.message : {});
        break;
      case 'content_block_start':
        this.#begin({});
        if (isRecord(data.content_block)) this.#blocks.start(data.index, data.content_block);
        break;
      case 'content_block_delta':
        if (isRecord(data.delta)) this.#blocks.delta(data.index, data.delta);
        break;
      case 'content_block_stop':
        this.#blocks.stop(data.index);
        break;
      case 'message_delta':
        this.#usage = { ...this.#usage, ...withoutNulls(data.usage) };
        if (isRecord(data.delta)) this.#stopReason = data.delta.stop_reason ?? this.#stopReason;
        break;
      case 'message_stop':
        this.#end();
        break;
      default:
      // Events that we do not know are allowed, and mean nothing here.
    }
  }

  #begin(message: Readonly<Record<string, unknown>>): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#usage = { ...this.#usage, ...withoutNulls(message.usage) };
    this.#writer.name(message.id, message.model);
    this.#writer.delta({ role: 'assistant', content: '' });
  }

  #end(): void {
    const { asked } = this.#facts;
    this.#begin({});
    this.#blocks.stopAll();
    this.#writer.delta({}, finishReasonOf(this.#stopReason, this.#blocks.hasCalls, asked));
    if (asked.includeUsage) this.#writer.usage(chatUsage(this.#usage));
    this.#writer.done();
    this.#over = true;
  }

  #fail(message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#writer.error(chatErrorOf(502, message));
  }
}

/** No data, or the end mark of OpenAI's streams, which some servers send after any stream. */
function isNothing(text: string): boolean {
  const word = text.trim();
  return word === '' || word === '[DONE]';
}
