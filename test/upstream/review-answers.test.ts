import { describe, expect, it } from 'vitest';
import { MESSAGE } from '../support/msw-bench.ts';
import { event, playAttempt, START, STOP } from '../support/played-attempt.ts';

describe('an answer that begins with white space', () => {
  it.each([true, false])('is still a message (stream asked for: %s)', (stream) => {
    const { answer, told, buffers } = playAttempt({ stream });
    answer('application/json', '\n', ' \r\n', JSON.stringify(MESSAGE));
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toContain('Hello.');
    expect(buffers.used()).toBe(0);
  });

  it('is still a stream, and its bytes are kept', () => {
    const { answer, told } = playAttempt();
    const rest = START + STOP + event('message_stop', {});
    answer('text/event-stream', '\n', '\n', rest);
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toBe(`\n\n${rest}`);
  });

  it('is none if nothing else ever comes', () => {
    const { answer, told } = playAttempt();
    answer('application/json', ' ', '\n');
    expect(told.outcomes).toMatchObject([{ kind: 'cut_early' }]);
  });

  it('does not fill the memory', () => {
    const { sink, told, exchange, buffers } = playAttempt();
    sink.head(200, []);
    for (let count = 0; count < 40; count += 1) sink.chunk(Buffer.alloc(64 * 1024, ' '));
    expect(told.outcomes).toMatchObject([{ kind: 'cut_early' }]);
    expect([exchange.aborted, buffers.used()]).toEqual([true, 0]);
  });
});

describe('a stream whose last event lacks its blank line', () => {
  it('reaches the client whole, also where that event is its first content', () => {
    const { answer, told } = playAttempt();
    answer('text/event-stream', START, STOP.trimEnd());
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toContain(START + STOP.trimEnd());
    expect(told.text).toContain('event: message_stop');
    expect(told.ended).toBe(true);
  });
});
