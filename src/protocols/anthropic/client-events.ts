import { encodeErrorEvent, PING_EVENT } from '../../sse/encoder.ts';

/** Events of our own in a client's stream. They go out at event boundaries only. */

/** Keeps a waiting client alive. */
export const CLIENT_PING: Buffer = PING_EVENT;

/** The end of a stream that has no proper one, for clients other than Claude Code. */
export function clientError(type: string, message: string): Buffer {
  return encodeErrorEvent({ type, message });
}
