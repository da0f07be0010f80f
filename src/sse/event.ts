/** One unit of an event stream. */
export interface SseEvent {
  /** `comment`: a comment line, or a block without any data: proof of life that no client is shown. */
  readonly kind: 'event' | 'comment';
  /** The `event:` line's value; empty without such a line. */
  readonly type: string;
  /** Holds the data: the pushed chunk, or a buffer of the event's own. */
  readonly bytes: Buffer;
  /** The data (of several `data:` lines: joined by line feeds) within `bytes`. */
  readonly dataStart: number;
  readonly dataEnd: number;
  /** It was larger than the scanner holds: only `type` is known, the data is empty. */
  readonly truncated: boolean;
  /** Offset in the chunk pushed last, just after this unit. */
  readonly end: number;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

/** The data as text. */
export function eventData(event: SseEvent): string {
  return event.bytes.toString('utf8', event.dataStart, event.dataEnd);
}

/** Offset of the line feed or carriage return that ends the line; -1 if there is none before `limit`. */
export function lineEnd(bytes: Buffer, from: number, limit: number, mayHaveCr: boolean): number {
  if (!mayHaveCr) {
    const at = bytes.indexOf(LF, from);
    return at < limit ? at : -1;
  }
  for (let at = from; at < limit; at++) {
    const byte = bytes[at];
    if (byte === LF || byte === CR) return at;
  }
  return -1;
}

/** Reads the lines of one whole block (`start` to `limit`, blank line included or not). `end` is passed on. */
export function readBlock(
  bytes: Buffer,
  start: number,
  limit: number,
  mayHaveCr: boolean,
  end: number,
): SseEvent {
  let type = '';
  let dataStart = -1;
  let dataEnd = -1;
  let further: Buffer[] | undefined;
  for (let at = start; at < limit; ) {
    const found = lineEnd(bytes, at, limit, mayHaveCr);
    const stop = found === -1 ? limit : found;
    const field = fieldOf(bytes, at, stop);
    if (field === EVENT) {
      type = bytes.toString('utf8', valueStart(bytes, at + EVENT_LENGTH, stop), stop);
    } else if (field === DATA) {
      const value = valueStart(bytes, at + DATA_LENGTH, stop);
      if (dataStart === -1) {
        dataStart = value;
        dataEnd = stop;
      } else {
        further ??= [bytes.subarray(dataStart, dataEnd)];
        further.push(LINE_FEED, bytes.subarray(value, stop));
      }
    }
    at = stop + 1;
  }
  if (dataStart === -1) return comment(end);
  if (further === undefined) return { kind: 'event', type, bytes, dataStart, dataEnd, truncated: false, end };
  const joined = Buffer.concat(further);
  return { kind: 'event', type, bytes: joined, dataStart: 0, dataEnd: joined.length, truncated: false, end };
}

/** The type alone, from the whole lines of a block's beginning. */
export function readTruncated(head: Buffer, start: number, limit: number, end: number): SseEvent {
  let whole = limit;
  while (whole > start && head[whole - 1] !== LF && head[whole - 1] !== CR) whole--;
  const { type } = readBlock(
    Buffer.concat([head.subarray(start, whole), DATA_LINE]),
    0,
    whole - start + DATA_LINE.length,
    true,
    end,
  );
  return { kind: 'event', type, bytes: NOTHING, dataStart: 0, dataEnd: 0, truncated: true, end };
}

export function comment(end: number): SseEvent {
  return { kind: 'comment', type: '', bytes: NOTHING, dataStart: 0, dataEnd: 0, truncated: false, end };
}

const NOTHING = Buffer.alloc(0);
const LINE_FEED = Buffer.from('\n');
const DATA_LINE = Buffer.from('data:\n');

const OTHER = 0;
const EVENT = 1;
const DATA = 2;
const EVENT_LENGTH = 5;
const DATA_LENGTH = 4;

/** Which field the line from `at` to `stop` sets. A line without a colon is a field with an empty value. */
function fieldOf(bytes: Buffer, at: number, stop: number): number {
  if (startsWith(bytes, at, stop, 'data')) return DATA;
  if (startsWith(bytes, at, stop, 'event')) return EVENT;
  return OTHER;
}

function startsWith(bytes: Buffer, at: number, stop: number, name: string): boolean {
  const after = at + name.length;
  if (after > stop || (after < stop && bytes[after] !== COLON)) return false;
  for (let i = 0; i < name.length; i++) {
    if (bytes[at + i] !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** Just after the colon and one space. */
function valueStart(bytes: Buffer, colon: number, stop: number): number {
  if (colon >= stop) return stop;
  return colon + 1 < stop && bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
}
