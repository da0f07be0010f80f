import { beginsAt } from '../../domain/begins-at.ts';
import { isRecord } from '../../domain/is-record.ts';
import { parseJson } from '../../domain/json.ts';
import type { SseEvent } from '../../sse/event.ts';

/**
 * What an event says, read from its bytes where it is spelled as Anthropic spells it: parsing the first four events of each
 * answer took a fifth of the engine's time a request (docs/performance.md). Any other spelling gives `undefined` and has to be
 * parsed.
 */

const START = Buffer.from('{"type":"message_start","message":{');
const USAGE = Buffer.from('"usage":{');
const DELTA = Buffer.from('{"type":"content_block_delta","index":');
const BLOCK = Buffer.from('{"type":"content_block_start","index":');
const DELTA_TYPE = Buffer.from(',"delta":{"type":"');
const STRING = Buffer.from('":"');
const EMPTY_TEXT = Buffer.from('"content_block":{"type":"text","text":""}}');
const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;

/** The `usage` of a `message_start` of which it is the last member. */
export function usualUsage({ bytes, dataStart, dataEnd }: SseEvent): Record<string, unknown> | undefined {
  if (!beginsAt(bytes, dataStart, START) || bytes[dataEnd - 2] !== CLOSE_BRACE) return undefined;
  const at = bytes.indexOf(USAGE, dataStart + START.length);
  if (at === -1 || at >= dataEnd) return undefined;
  // Both the message and the event have to end here: were it anything else, this would be no JSON.
  const usage = parseJson(bytes.toString('latin1', at + USAGE.length - 1, dataEnd - 2));
  return isRecord(usage) ? usage : undefined;
}

/** `true`: a `content_block_delta` in which the first string after its type is not empty. */
export function usualContent({ bytes, dataStart, dataEnd }: SseEvent): true | undefined {
  if (!beginsAt(bytes, dataStart, DELTA)) return undefined;
  if (bytes[dataEnd - 2] !== CLOSE_BRACE || bytes[dataEnd - 3] !== QUOTE) return undefined;
  const type = bytes.indexOf(COMMA, dataStart + DELTA.length);
  if (type === -1 || !beginsAt(bytes, type, DELTA_TYPE)) return undefined;
  const string = bytes.indexOf(STRING, type + DELTA_TYPE.length);
  if (string === -1 || string >= dataEnd) return undefined;
  return bytes[string + STRING.length] === QUOTE ? undefined : true;
}

/** `false`: a `content_block_start` of a text that is still empty. */
export function usualBlock({ bytes, dataStart, dataEnd }: SseEvent): false | undefined {
  const isEmptyText =
    beginsAt(bytes, dataStart, BLOCK) &&
    dataEnd - EMPTY_TEXT.length > dataStart &&
    beginsAt(bytes, dataEnd - EMPTY_TEXT.length, EMPTY_TEXT);
  return isEmptyText ? false : undefined;
}
