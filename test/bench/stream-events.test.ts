import { describe, expect, it } from 'vitest';
import { CHAT, DELTA_BYTES, lossOf, MESSAGES, readStamps, stamped } from '../../bench/stream-events.ts';

const { start, delta, end } = MESSAGES;

function stampsIn(bytes: Buffer): number[] {
  const found: number[] = [];
  readStamps(bytes, (atUs) => found.push(atUs));
  return found;
}

describe('the streams of the bench', () => {
  it('carry the time of each event without becoming longer', () => {
    for (const pieces of [MESSAGES, CHAT]) {
      const event = stamped(pieces.delta, 123_456_789);
      expect(event).toHaveLength(pieces.delta.length);
      expect(stampsIn(event)).toEqual([123_456_789]);
    }
    expect(delta).toHaveLength(DELTA_BYTES);
  });

  it('tell every time of several events in one piece, and none that the end of a piece cuts', () => {
    const together = Buffer.concat([start, stamped(delta, 1), stamped(delta, 22), end(2)]);
    expect(stampsIn(together)).toEqual([1, 22]);
    const mark = together.indexOf('@', start.length + DELTA_BYTES);
    expect(stampsIn(together.subarray(0, mark + 5))).toEqual([1]);
  });

  it('leave the event that is copied as it was', () => {
    const before = delta.toString();
    stamped(delta, 99);
    expect(delta.toString()).toBe(before);
  });

  it('are whole with their last event and as many deltas as the provider says it sent', () => {
    const whole = (sent: number, received: number) =>
      lossOf(Buffer.concat([start, ...Array.from({ length: received }, () => delta), end(sent)]).toString());
    expect(whole(3, 3)).toBeUndefined();
    expect(whole(3, 2)).toBe('2 of 3 events arrived');
    expect(lossOf(Buffer.concat([start, delta]).toString())).toBe('it has no message_stop at its end');
  });

  it('are whole with a ping between their events', () => {
    const ping = Buffer.from('event: ping\ndata: {"type":"ping"}\n\n');
    expect(lossOf(Buffer.concat([start, delta, ping, delta, end(2)]).toString())).toBeUndefined();
  });
});
