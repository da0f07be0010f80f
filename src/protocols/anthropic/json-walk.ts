import { beginsAt } from '../../domain/begins-at.ts';

/**
 * Walks JSON bytes without decoding them: from string to string by `indexOf`, checking the structure between them.
 *
 * Structure (brackets, commas, colons, numbers, literals) is checked as strictly as `JSON.parse` does. What stands
 * inside a string is not looked at, so a raw control character or an unknown escape within a string passes here:
 * looking at each byte of a prompt would cost more than everything else the walk does.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What the grammar allows next inside an array or object. */
const AFTER_VALUE = 0;
const VALUE = 1;
const VALUE_OR_END = 2;
const KEY = 3;
const KEY_OR_END = 4;

/** Offset of the first byte at or after `from` that is no JSON white space; the length if there is none. */
export function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Offset just after the string whose opening quote is at `open`; -1 if it never closes. */
export function stringEnd(bytes: Buffer, open: number): number {
  let at = open + 1;
  for (;;) {
    at = bytes.indexOf(QUOTE, at);
    if (at === -1) return -1;
    if (!isEscaped(bytes, at, open)) return at + 1;
    at++;
  }
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(bytes: Buffer, at: number, open: number): boolean {
  let first = at;
  while (first - 1 > open && bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** Notes whether a string begins with certain characters: on the way that is free, where a search of its own costs as much again. */
export interface Lookout {
  /** ASCII, none of it escaped in JSON; at least one. */
  readonly beginning: Buffer;
  seen: boolean;
}

/**
 * Offset just after the JSON value that begins at `start`; -1 if there is none. No recursion, whatever the depth.
 * @param lookout is told of the strings inside of objects and arrays.
 */
export function valueEnd(bytes: Buffer, start: number, lookout?: Lookout): number {
  const byte = bytes[start];
  if (byte === QUOTE) return stringEnd(bytes, start);
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return nestedEnd(bytes, start, lookout);
  return scalarEnd(bytes, start);
}

function nestedEnd(bytes: Buffer, start: number, lookout: Lookout | undefined): number {
  const watched = lookout?.beginning[0];
  let opened = new Uint8Array(64);
  let depth = 0;
  let at = start;
  let expected = VALUE;
  for (;;) {
    at = skipSpace(bytes, at);
    const byte = bytes[at];
    if (byte === undefined) return -1;
    if (expected === AFTER_VALUE) {
      const container = opened[depth - 1];
      at++;
      if (byte === COMMA) {
        expected = container === OPEN_OBJECT ? KEY : VALUE;
      } else if (container !== undefined && byte === closingOf(container)) {
        if (--depth === 0) return at;
      } else {
        return -1;
      }
    } else if (byte === QUOTE) {
      if (bytes[at + 1] === watched) look(bytes, at + 1, lookout);
      at = stringEnd(bytes, at);
      if (at === -1) return -1;
      if (expected >= KEY) {
        at = skipSpace(bytes, at);
        if (bytes[at] !== COLON) return -1;
        at++;
        expected = VALUE;
      } else {
        expected = AFTER_VALUE;
      }
    } else if (
      (byte === CLOSE_ARRAY && expected === VALUE_OR_END) ||
      (byte === CLOSE_OBJECT && expected === KEY_OR_END)
    ) {
      at++;
      if (--depth === 0) return at;
      expected = AFTER_VALUE;
    } else if (expected >= KEY) {
      return -1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth === opened.length) opened = doubled(opened);
      opened[depth++] = byte;
      at++;
      expected = byte === OPEN_OBJECT ? KEY_OR_END : VALUE_OR_END;
    } else {
      at = scalarEnd(bytes, at);
      if (at === -1) return -1;
      expected = AFTER_VALUE;
    }
  }
}

function look(bytes: Buffer, at: number, lookout: Lookout | undefined): void {
  if (lookout === undefined || lookout.seen) return;
  lookout.seen = beginsAt(bytes, at, lookout.beginning);
}

/** In ASCII each closing bracket stands two after its opening one. */
function closingOf(open: number): number {
  return open + 2;
}

function doubled(stack: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(stack.length * 2);
  larger.set(stack);
  return larger;
}

/** Offset just after the number, `true`, `false` or `null` at `start`; -1 if there is none. */
function scalarEnd(bytes: Buffer, start: number): number {
  switch (bytes[start]) {
    case 0x74:
      return literalEnd(bytes, start, 'true');
    case 0x66:
      return literalEnd(bytes, start, 'false');
    case 0x6e:
      return literalEnd(bytes, start, 'null');
    default:
      return numberEnd(bytes, start);
  }
}

function literalEnd(bytes: Buffer, start: number, word: string): number {
  for (let i = 0; i < word.length; i++) {
    if (bytes[start + i] !== word.charCodeAt(i)) return -1;
  }
  return start + word.length;
}

/** `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?` */
function numberEnd(bytes: Buffer, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start;
  at = bytes[at] === 0x30 ? at + 1 : digitsEnd(bytes, at);
  if (bytes[at] === 0x2e) at = digitsEnd(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1];
    at = digitsEnd(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

/** Offset just after one or more digits; -1 without any. */
function digitsEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
  }
  return at === start ? -1 : at;
}
