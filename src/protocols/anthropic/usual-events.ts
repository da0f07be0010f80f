import { beginsAt } from '../../domain/begins-at.ts';
import type { SseEvent } from '../../sse/event.ts';

/**
 * What an event tells before the first content, read from its bytes where it is spelled as Anthropic spells it, to the last brace:
 * parsing these events took a tenth of the engine's time a request (docs/performance.md). Any other spelling gives `undefined` and
 * has to be parsed.
 */

const DELTA = Buffer.from('{"type":"content_block_delta","index":');
const DELTA_TYPE = Buffer.from(',"delta":{"type":"');
const MEMBER = Buffer.from('","');
const STRING = Buffer.from('":"');
const END = Buffer.from('"}}');
const BLOCK = Buffer.from('{"type":"content_block_start","index":');
const EMPTY_TEXT = Buffer.from(',"content_block":{"type":"text","text":""}}');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** `true`: a `content_block_delta` of one string that is not empty. */
export function usualContent({ bytes, dataStart, dataEnd }: SseEvent): true | undefined {
  if (!beginsAt(bytes, dataStart, DELTA)) return undefined;
  const type = afterDigits(bytes, dataStart + DELTA.length);
  if (!beginsAt(bytes, type, DELTA_TYPE)) return undefined;
  const name = afterWord(bytes, type + DELTA_TYPE.length);
  if (!beginsAt(bytes, name, MEMBER)) return undefined;
  const string = afterWord(bytes, name + MEMBER.length);
  if (!beginsAt(bytes, string, STRING)) return undefined;
  const start = string + STRING.length;
  const end = dataEnd - END.length;
  return start < end && beginsAt(bytes, end, END) && isPlain(bytes, start, end) ? true : undefined;
}

/** `false`: a `content_block_start` of a text that is still empty. */
export function usualBlock({ bytes, dataStart, dataEnd }: SseEvent): false | undefined {
  if (!beginsAt(bytes, dataStart, BLOCK)) return undefined;
  const block = afterDigits(bytes, dataStart + BLOCK.length);
  return block + EMPTY_TEXT.length === dataEnd && beginsAt(bytes, block, EMPTY_TEXT) ? false : undefined;
}

/** Offset behind a number; -1 where none is, or one with a zero before it. */
function afterDigits(bytes: Buffer, from: number): number {
  let at = from;
  while (isWithin(bytes[at], 0x30, 0x39)) at++;
  return at === from || (bytes[from] === 0x30 && at > from + 1) ? -1 : at;
}

/** Offset behind small letters and underscores. */
function afterWord(bytes: Buffer, from: number): number {
  let at = from;
  while (isWithin(bytes[at], 0x61, 0x7a) || bytes[at] === 0x5f) at++;
  return at;
}

/** Whether a string's bytes stand for themselves. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? QUOTE;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return false;
  }
  return true;
}

function isWithin(byte: number | undefined, first: number, last: number): boolean {
  return byte !== undefined && byte >= first && byte <= last;
}
