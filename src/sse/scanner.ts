import { comment, lineEnd, readBlock, readTruncated, type SseEvent } from './event.ts';

/** Splits a stream of bytes into events, however the bytes are cut into chunks. */
export interface SseScanner {
  /** The events that became whole with this chunk, in order. Their buffers stay valid as long as the chunk does. */
  push(chunk: Buffer): readonly SseEvent[];
  /** What an event stream that ended without a blank line left behind, if it is something. Call once, at the end. */
  finish(): SseEvent | undefined;
  /** Whether bytes of our own may be written after the chunk pushed last without tearing an event. */
  readonly atBoundary: boolean;
  /** Offset in the chunk pushed last up to which it ends whole events; 0 if an event is open throughout it. */
  readonly boundary: number;
}

export interface ScannerOptions {
  /** Larger events keep only their type. Bytes; default 1 MiB. */
  readonly maxEventBytes?: number;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

const DEFAULT_MAX_EVENT_BYTES = 1024 * 1024;
const FIRST_CARRY_BYTES = 1024;
/** The part of an oversized event in which its `event:` line is looked for. */
const HEAD_BYTES = 1024;

const NO_EVENTS: readonly SseEvent[] = [];

/**
 * A scanner by the rules of the event stream format: lines end in LF, CRLF or CR; a byte order mark, comments and unknown fields
 * are skipped. Costs one `indexOf` a line where lines end in LF; an incomplete event is copied once, into a bounded carry.
 */
export function createScanner(options: ScannerOptions = {}): SseScanner {
  return new Scanner(options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES);
}

class Scanner implements SseScanner {
  boundary = 0;
  readonly #maxEventBytes: number;
  #state: 'boundary' | 'comment' | 'event' = 'boundary';
  /** A CR ended the last line: an LF that follows belongs to it. */
  #skipLf = false;
  /** Inside an event, just after the end of a line: another line end would be the blank one. */
  #lineStart = false;
  #carry: Buffer | undefined;
  #carryLength = 0;
  /** Bytes of the open event that were not kept because it is too large. */
  #dropped = 0;
  #mayHaveCr = false;
  #beginning = true;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  get atBoundary(): boolean {
    return this.#state === 'boundary';
  }

  push(chunk: Buffer): readonly SseEvent[] {
    this.boundary = 0;
    // The carry of an open event may hold a CR that this chunk has not.
    const chunkHasCr = chunk.includes(CR);
    this.#mayHaveCr = chunkHasCr || (this.#mayHaveCr && this.#carryLength > 0);
    let events: SseEvent[] | undefined;
    let at = 0;
    while (at < chunk.length) {
      let event: SseEvent | undefined;
      if (this.#state === 'boundary') {
        at = this.#begin(chunk, at);
        continue;
      }
      if (this.#state === 'comment') {
        at = this.#endComment(chunk, at, chunkHasCr);
        if (at !== -1) event = comment(at);
      } else {
        const end = this.#endEvent(chunk, at, chunkHasCr);
        if (end === -1) this.#hold(chunk, at);
        else event = this.#take(chunk, at, end);
        at = end;
      }
      if (event === undefined) break;
      this.#state = 'boundary';
      this.boundary = at;
      if (events === undefined) events = [event];
      else events.push(event);
    }
    return events ?? NO_EVENTS;
  }

  finish(): SseEvent | undefined {
    if (this.#state !== 'event') return undefined;
    const event = this.#take(NO_BYTES, 0, 0);
    this.#state = 'boundary';
    return event.kind === 'event' ? event : undefined;
  }

  /** At a boundary: skips blank lines, or opens a comment or an event. */
  #begin(chunk: Buffer, at: number): number {
    const byte = chunk[at];
    const skipLf = this.#skipLf;
    this.#skipLf = byte === CR;
    if (byte === LF || byte === CR) {
      this.boundary = at + 1;
      return at + 1;
    }
    if (skipLf) this.#skipLf = false;
    this.#state = byte === COLON ? 'comment' : 'event';
    this.#lineStart = false;
    return at;
  }

  #endComment(chunk: Buffer, at: number, mayHaveCr: boolean): number {
    const end = lineEnd(chunk, at, chunk.length, mayHaveCr);
    return end === -1 ? -1 : this.#afterLineEnd(chunk, end);
  }

  /** Offset just after the blank line that ends the open event; -1 if it is not in this chunk. */
  #endEvent(chunk: Buffer, from: number, mayHaveCr: boolean): number {
    let at = from;
    if (this.#skipLf) {
      this.#skipLf = false;
      if (chunk[at] === LF) at++;
    }
    while (at < chunk.length) {
      if (this.#lineStart) {
        const byte = chunk[at];
        if (byte === LF || byte === CR) return this.#afterLineEnd(chunk, at);
      }
      const end = lineEnd(chunk, at, chunk.length, mayHaveCr);
      this.#lineStart = end !== -1;
      if (end === -1) return -1;
      at = this.#afterLineEnd(chunk, end);
    }
    return -1;
  }

  #afterLineEnd(chunk: Buffer, end: number): number {
    if (chunk[end] !== CR) return end + 1;
    if (chunk[end + 1] === LF) return end + 2;
    this.#skipLf = end + 1 === chunk.length;
    return end + 1;
  }

  /** Keeps the beginning of an event that goes on in the next chunk. */
  #hold(chunk: Buffer, start: number): void {
    const size = chunk.length - start;
    const room = this.#maxEventBytes - this.#carryLength;
    if (this.#dropped > 0 || size > room) {
      const missing = Math.max(0, this.#headBytes() - this.#carryLength);
      this.#append(chunk, start, Math.min(chunk.length, start + missing));
      this.#dropped += size - Math.min(size, missing);
      this.#forgetBody();
    } else {
      this.#append(chunk, start, chunk.length);
    }
  }

  #headBytes(): number {
    return Math.min(HEAD_BYTES, this.#maxEventBytes);
  }

  /** An oversized event keeps its head only. */
  #forgetBody(): void {
    const head = this.#headBytes();
    if (this.#carry === undefined || this.#carryLength <= head) return;
    this.#dropped += this.#carryLength - head;
    this.#carry = Buffer.from(this.#carry.subarray(0, head));
    this.#carryLength = head;
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const length = this.#carryLength + end - start;
    if (this.#carry === undefined || this.#carry.length < length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#carryLength * 2, FIRST_CARRY_BYTES));
      this.#carry?.copy(larger, 0, 0, this.#carryLength);
      this.#carry = larger;
    }
    chunk.copy(this.#carry, this.#carryLength, start, end);
    this.#carryLength = length;
  }

  /** The event that ends at `end`. Its carry is handed over with it, never written to again. */
  #take(chunk: Buffer, start: number, end: number): SseEvent {
    const size = this.#carryLength + this.#dropped + end - start;
    const truncated = size > this.#maxEventBytes;
    let bytes = chunk;
    let first = start;
    let limit = end;
    if (this.#carry !== undefined && this.#carryLength > 0) {
      if (this.#dropped === 0) this.#append(chunk, start, end);
      bytes = this.#carry;
      first = 0;
      limit = this.#carryLength;
    }
    if (this.#beginning && bytes[first] === 0xef && bytes[first + 1] === 0xbb && bytes[first + 2] === 0xbf) {
      first += 3;
    }
    this.#beginning = false;
    const mayHaveCr = this.#mayHaveCr;
    this.#carry = undefined;
    this.#carryLength = 0;
    this.#dropped = 0;
    if (truncated) return readTruncated(bytes, first, Math.min(limit, first + this.#headBytes()), end);
    return readBlock(bytes, first, limit, mayHaveCr, end);
  }
}

const NO_BYTES = Buffer.alloc(0);
