/** What an answer's bytes are, by the first that is no white space. `other`: neither an event stream nor JSON nor HTML. */
export type BodyForm = 'unknown' | 'events' | 'json' | 'html' | 'other';

/** How lines of an event stream begin: event, data, id, retry, or a comment. */
const EVENT_STREAM_BEGINS = 'edir:';

/** The form of a body that begins with these bytes; `unknown` while there is nothing but white space. */
export function formOf(bytes: Buffer): BodyForm {
  for (const byte of bytes) {
    // White space, and the three bytes of a byte order mark.
    if (byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
    const character = String.fromCharCode(byte);
    if (character === '{' || character === '[') return 'json';
    if (character === '<') return 'html';
    return EVENT_STREAM_BEGINS.includes(character) ? 'events' : 'other';
  }
  return 'unknown';
}
