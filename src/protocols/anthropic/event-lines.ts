import { encodeEvent } from '../../sse/encoder.ts';
import { eventData, type SseEvent } from '../../sse/event.ts';
import { createScanner } from '../../sse/scanner.ts';
import { namedType, writesNoType } from './event-type.ts';

/** Inserts the `event:` lines that a stream lacks. */
export interface EventLines {
  /** The whole events of what came so far, each with its `event:` line; empty while an event is open. */
  push(chunk: Buffer): Buffer;
  /** The last event, if it lacked its blank line. */
  finish(): Buffer;
}

/** Larger than any event that a provider sends: here an event that is not kept would be lost. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

/**
 * Re-frames a stream of bare `data:` lines: Claude Code and the SDK pass over events without an `event:` line. Events that name no type
 * (`[DONE]`) and comments are left out.
 */
export function addEventLines(): EventLines {
  const scanner = createScanner({ maxEventBytes: MAX_EVENT_BYTES });
  return {
    push: (chunk) => {
      const framed = scanner.push(chunk).map(frame);
      return framed.length === 1 && framed[0] !== undefined ? framed[0] : Buffer.concat(framed);
    },
    finish: () => {
      const rest = scanner.finish();
      return rest === undefined ? Buffer.alloc(0) : frame(rest);
    },
  };
}

function frame(event: SseEvent): Buffer {
  if (event.kind === 'comment' || event.truncated) return Buffer.alloc(0);
  if (!writesNoType(event.type)) return encodeEvent(event.type, eventData(event));
  const type = namedType(event);
  return type.kind === 'named' ? encodeEvent(type.name, eventData(event)) : Buffer.alloc(0);
}
