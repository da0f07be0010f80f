import { parseJson } from '../../domain/json.ts';
import { encodeEvent } from '../../sse/encoder.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { createScanner, type SseScanner } from '../../sse/scanner.ts';
import { type BodyKind, bodyKind } from './answer-bytes.ts';
import type { AnswerOptions, TranslationFailure } from './answer-options.ts';
import { ChunkTranslator } from './chunk-translator.ts';
import type { StreamEvent } from './stream-events.ts';

/** Turns the bytes of a provider's answer, cut anywhere, into the events of the Messages API. */
export interface StreamTranslation {
  /** The events that became certain with this chunk. An `error` is the last event of all. */
  push(chunk: Buffer): readonly StreamEvent[];
  /** The body has ended. */
  finish(): readonly StreamEvent[];
  /** Ends without the usage, if all else has come: to be called when it does not come in good time after `finishing`. */
  settle(): readonly StreamEvent[];
  /** After `done` and `failed` nothing of the body is read any more: the connection may be left. */
  readonly state: 'open' | 'done' | 'failed';
  readonly failure: TranslationFailure | undefined;
  readonly finishing: boolean;
  /** What the provider attached to its calls and wants back with them, by the ids that the client has got. */
  readonly callExtras: ReadonlyMap<string, unknown>;
}

/** Larger events, and larger bodies that are no stream, are a failure. Bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

export function createTranslation(options: AnswerOptions): StreamTranslation {
  return new Translation(options);
}

/** Events as bytes, each with its `event:` line. */
export function encodeEvents(events: readonly StreamEvent[]): Buffer {
  const [first] = events;
  if (events.length === 1 && first !== undefined) return encodeEvent(first.type, first);
  return Buffer.concat(events.map((event) => encodeEvent(event.type, event)));
}

class Translation implements StreamTranslation {
  readonly #translator: ChunkTranslator;
  readonly #scanner: SseScanner = createScanner({ maxEventBytes: MOST_BYTES });
  #kind: BodyKind | undefined;
  /** The beginning, until its kind is known; then the whole body if it is no stream. */
  #body: Buffer[] = [];
  #bytes = 0;

  constructor(options: AnswerOptions) {
    this.#translator = new ChunkTranslator(options);
  }

  get state(): 'open' | 'done' | 'failed' {
    return this.#translator.state;
  }

  get failure(): TranslationFailure | undefined {
    return this.#translator.failure;
  }

  get finishing(): boolean {
    return this.#translator.finishing;
  }

  get callExtras(): ReadonlyMap<string, unknown> {
    return this.#translator.callExtras;
  }

  push(chunk: Buffer): readonly StreamEvent[] {
    if (this.state !== 'open') return [];
    if (this.#kind === 'stream') return this.#read(this.#scanner.push(chunk));
    this.#body.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) {
      return this.#translator.fail('too_large', 'the answer is larger than the balancer holds');
    }
    return this.#kind === undefined ? this.#recognise() : [];
  }

  finish(): readonly StreamEvent[] {
    if (this.state !== 'open') return [];
    if (this.#kind === 'html')
      return this.#translator.fail('malformed', 'the provider answered with an HTML page');
    if (this.#kind === 'json') return this.#readWhole();
    const rest = this.#scanner.finish();
    // Half an event is a cut, not a mistake of whoever wrote it.
    const last = rest === undefined || !isWhole(rest) ? [] : this.#read([rest]);
    return [...last, ...this.#translator.end('closed')];
  }

  settle(): readonly StreamEvent[] {
    return this.#translator.finishing ? this.#translator.end('marked') : [];
  }

  #recognise(): readonly StreamEvent[] {
    const head = this.#body.length === 1 ? this.#body[0] : Buffer.concat(this.#body);
    const found = head === undefined ? undefined : bodyKind(head);
    if (head === undefined || found === undefined) {
      this.#body = head === undefined ? [] : [sinceLastLine(head)];
      return [];
    }
    this.#kind = found.kind;
    this.#body = found.kind === 'stream' ? [] : [head.subarray(found.at)];
    return found.kind === 'stream' ? this.#read(this.#scanner.push(head.subarray(found.at))) : [];
  }

  #read(events: readonly SseEvent[]): readonly StreamEvent[] {
    const first = events[0];
    if (events.length === 1 && first !== undefined) return this.#event(first);
    return events.flatMap((event) => this.#event(event));
  }

  #event(event: SseEvent): readonly StreamEvent[] {
    if (event.kind === 'comment' || this.state !== 'open') return [];
    if (event.truncated) return this.#translator.fail('too_large', 'an event larger than the balancer holds');
    const data = unpadded(eventData(event));
    if (event.type === 'error') return this.#translator.error(data);
    if (data === '') return [];
    if (data === '[DONE]') return this.#translator.end('marked');
    const chunk = parseJson(data);
    if (chunk === undefined) return this.#translator.fail('malformed', 'an event of the answer is no JSON');
    return this.#translator.chunk(chunk);
  }

  /** A whole completion (or an error) where a stream was asked for. */
  #readWhole(): readonly StreamEvent[] {
    const text = unpadded(Buffer.concat(this.#body).toString());
    const value = parseJson(text);
    if (value === undefined) {
      const cut = !text.endsWith('}') && !text.endsWith(']');
      return this.#translator.fail(cut ? 'cut' : 'malformed', 'the answer is no JSON');
    }
    return this.#translator.whole(value);
  }
}

function isWhole(event: SseEvent): boolean {
  const data = eventData(event).trim();
  return data === '[DONE]' || event.type === 'error' || parseJson(data) !== undefined;
}

/** Without the blanks and NULs around it. */
function unpadded(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).trim();
}

/** Comments and blanks before the last line are done with. */
function sinceLastLine(head: Buffer): Buffer {
  return head.subarray(Math.max(head.lastIndexOf('\n'), head.lastIndexOf('\r')) + 1);
}
