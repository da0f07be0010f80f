import { describe, expect, it } from 'vitest';
import { encodeErrorEvent, encodeEvent, MESSAGE_STOP_EVENT, PING_EVENT } from '../../src/sse/encoder.ts';
import { eventData } from '../../src/sse/event.ts';
import { createScanner } from '../../src/sse/scanner.ts';

describe('encoding events', () => {
  it.each([
    ['ping', PING_EVENT, 'event: ping\ndata: {"type":"ping"}\n\n'],
    ['message_stop', MESSAGE_STOP_EVENT, 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    ['finished data', encodeEvent('x', '{"a":1}'), 'event: x\ndata: {"a":1}\n\n'],
    ['data with line breaks', encodeEvent('x', 'a\nb'), 'event: x\ndata: a\ndata: b\n\n'],
    [
      'an error',
      encodeErrorEvent({ type: 'api_error', message: 'no\nluck', requestId: 'r1' }),
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no\\nluck"},"request_id":"r1"}\n\n',
    ],
    [
      'an error without a request id',
      encodeErrorEvent({ type: 'api_error', message: 'm' }),
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"m"}}\n\n',
    ],
  ])('writes %s', (_, bytes, text) => {
    expect(bytes.toString()).toBe(text);
  });

  it('writes what the scanner reads back', () => {
    const [event] = createScanner().push(encodeEvent('é', 'one\ntwo\n'));
    expect(event?.type).toBe('é');
    expect(event && eventData(event)).toBe('one\ntwo\n');
  });
});
