import { beginsAt } from '../../domain/begins-at.ts';
import { isRecord } from '../../domain/is-record.ts';
import { parseJson } from '../../domain/json.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { readErrorPayload } from './error-payload.ts';

const KNOWN_EVENTS: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
  'error',
]);

/** Whether Anthropic's stream defines this event. Others are allowed and mean nothing to us. */
export function isKnownEvent(type: string): boolean {
  return KNOWN_EVENTS.has(type);
}

/** Without an `event:` line the format calls an event `message`; some servers write that out. */
export function writesNoType(type: string): boolean {
  return type === '' || type === 'message';
}

/** The type of an event without an `event:` line, as its data names it. */
export type NamedType =
  | { readonly kind: 'named'; readonly name: string }
  /** JSON that names no type. */
  | { readonly kind: 'nameless' }
  /** Nothing, or `[DONE]`, the end mark of OpenAI's streams: no event of a message. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' };

const TYPE_FIRST = Buffer.from('{"type":"');
const QUOTE = 0x22;

/** The type of any event, be it that its data alone names it; empty where nothing does. */
export function typeOf(event: SseEvent): string {
  if (!writesNoType(event.type)) return event.type;
  const named = namedType(event);
  return named.kind === 'named' ? named.name : '';
}

/** Reads `data.type`; the way without a parse where it is the first member, as everyone writes it. */
export function namedType(event: SseEvent): NamedType {
  const { bytes, dataStart, dataEnd } = event;
  const nameStart = dataStart + TYPE_FIRST.length;
  if (nameStart < dataEnd && beginsAt(bytes, dataStart, TYPE_FIRST)) {
    const nameEnd = bytes.indexOf(QUOTE, nameStart);
    if (nameEnd !== -1 && nameEnd < dataEnd)
      return { kind: 'named', name: bytes.toString('utf8', nameStart, nameEnd) };
  }
  const text = eventData(event).trim();
  if (text === '' || text === '[DONE]') return { kind: 'none' };
  const data = parseJson(text);
  if (data === undefined) return { kind: 'unreadable' };
  if (isRecord(data) && typeof data.type === 'string' && isKnownEvent(data.type)) {
    return { kind: 'named', name: data.type };
  }
  if (readErrorPayload(data) !== undefined) return { kind: 'named', name: 'error' };
  return isRecord(data) && typeof data.type === 'string'
    ? { kind: 'named', name: data.type }
    : { kind: 'nameless' };
}
