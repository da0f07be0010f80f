/**
 * One event as bytes. `data` is written as JSON; a string is taken as the finished data (its line breaks become
 * several `data:` lines).
 */
export function encodeEvent(type: string, data: object | string): Buffer {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const lines = text.includes('\n') ? text.split('\n').join('\ndata: ') : text;
  return Buffer.from(`event: ${type}\ndata: ${lines}\n\n`);
}

/** An Anthropic error event. Nothing may follow it. */
export function encodeErrorEvent(error: {
  readonly type: string;
  readonly message: string;
  readonly requestId?: string;
}): Buffer {
  return encodeEvent('error', {
    type: 'error',
    error: { type: error.type, message: error.message },
    ...(error.requestId === undefined ? {} : { request_id: error.requestId }),
  });
}

/** Keeps a client patient; allowed at any event boundary. Never to be written to. */
export const PING_EVENT: Buffer = encodeEvent('ping', { type: 'ping' });

/** The last event of a message. Never to be written to. */
export const MESSAGE_STOP_EVENT: Buffer = encodeEvent('message_stop', { type: 'message_stop' });
