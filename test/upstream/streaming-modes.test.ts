import { describe, expect, it } from 'vitest';
import { event, playAttempt, START, STOP } from '../support/played-attempt.ts';

const PING = event('ping', {});
const BLOCK = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const delta = (text: string): string =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
const END = event('content_block_stop', { index: 0 }) + STOP + event('message_stop', {});
const WHOLE = [START, PING, BLOCK, delta('Hel'), delta('lo.'), END];
const OVERLOADED = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });

/** Hands over the pieces one by one, and gives what has reached the client after each. */
function reached(attempt: ReturnType<typeof playAttempt>, pieces: readonly string[]): string[] {
  attempt.sink.sent?.();
  attempt.sink.head(200, ['content-type', 'text/event-stream']);
  return pieces.map((piece) => {
    attempt.sink.chunk(Buffer.from(piece));
    return attempt.told.text;
  });
}

const upTo = (count: number): string => WHOLE.slice(0, count).join('');

describe('streaming_mode', () => {
  it('auto: nothing until the first content, then everything as it comes', () => {
    const attempt = playAttempt();
    expect(reached(attempt, WHOLE)).toEqual(['', '', '', upTo(4), upTo(5), upTo(6)]);
  });

  it('direct: everything as it comes, from the first event on', () => {
    const attempt = playAttempt({ streamingMode: 'direct' });
    expect(reached(attempt, WHOLE)).toEqual([1, 2, 3, 4, 5, 6].map(upTo));
    expect(attempt.told.outcomes).toEqual([{ kind: 'success' }]);
  });

  it('direct: an error that comes first still reaches nobody, so that another provider can answer', () => {
    const attempt = playAttempt({ streamingMode: 'direct' });
    expect(reached(attempt, [OVERLOADED])).toEqual(['']);
    expect(attempt.told.outcomes).toMatchObject([{ kind: 'overloaded' }]);
    expect(attempt.told.committed).toBeUndefined();
  });

  it('direct: an error after the first event is the answer', () => {
    const attempt = playAttempt({ streamingMode: 'direct' });
    expect(reached(attempt, [START, OVERLOADED])).toEqual([START, START + OVERLOADED]);
    expect(attempt.told.outcomes).toMatchObject([{ kind: 'cut_late' }]);
  });

  it('background: nothing until the answer is whole, then all of it', () => {
    const attempt = playAttempt({ streamingMode: 'background' });
    expect(reached(attempt, WHOLE)).toEqual(['', '', '', '', '', upTo(6)]);
    expect([attempt.told.ended, attempt.buffers.used()]).toEqual([true, 0]);
    expect(attempt.told.outcomes).toEqual([{ kind: 'success' }]);
  });

  it.each([
    [
      'an error event',
      (attempt: ReturnType<typeof playAttempt>) => attempt.sink.chunk(Buffer.from(OVERLOADED)),
    ],
    ['its end', (attempt: ReturnType<typeof playAttempt>) => attempt.sink.end()],
    ['silence', (attempt: ReturnType<typeof playAttempt>) => attempt.clock.advance(121_000)],
  ])(
    'background: a break in the middle by %s reaches nobody, so that another provider can answer',
    (_what, ends) => {
      const attempt = playAttempt({ streamingMode: 'background' });
      reached(attempt, WHOLE.slice(0, 5));
      ends(attempt);
      expect(attempt.told.outcomes).toHaveLength(1);
      expect(attempt.told.outcomes[0]?.kind).not.toBe('success');
      expect([attempt.told.committed, attempt.told.text, attempt.buffers.used()]).toEqual([undefined, '', 0]);
    },
  );

  it('background: a stop_reason makes it whole, also where the rest never comes', () => {
    const attempt = playAttempt({ streamingMode: 'background' });
    reached(attempt, [...WHOLE.slice(0, 5), STOP]);
    attempt.sink.end();
    expect(attempt.told.outcomes).toEqual([{ kind: 'success' }]);
    expect(attempt.told.text).toContain('event: message_stop');
  });

  it('background: where the buffers are full, what has come goes out and the rest follows', () => {
    let free = 2_000;
    const fits = (bytes: number): boolean => bytes <= free;
    const buffers = {
      fits,
      acquire: (bytes: number) => {
        if (!fits(bytes)) return false;
        free -= bytes;
        return true;
      },
      release: (bytes: number) => {
        free += bytes;
      },
      used: () => 2_000 - free,
    };
    const attempt = playAttempt({ streamingMode: 'background', buffers });
    const long = delta('x'.repeat(3_000));
    const told = reached(attempt, [START, BLOCK, delta('a'), long, delta('b'), END]);
    expect(told[2]).toBe('');
    expect(told[3]).toBe(START + BLOCK + delta('a') + long);
    expect(told[5]).toBe(START + BLOCK + delta('a') + long + delta('b') + END);
    expect(free).toBe(2_000);
  });
});

describe('must_stream', () => {
  const collect = () => playAttempt({ stream: false, asksStream: true });

  it('collects the stream into one message for a client that asked for none', () => {
    const attempt = collect();
    reached(attempt, WHOLE);
    expect(JSON.parse(attempt.told.text)).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'Hello.' }],
      stop_reason: 'end_turn',
    });
    expect(attempt.told.committed).toMatchObject({ rewritten: true });
    expect(attempt.told.outcomes).toEqual([{ kind: 'success' }]);
  });

  it('keeps to the limits of a stream: a silent one is left long before read_timeout of a whole answer', () => {
    const attempt = collect();
    reached(attempt, WHOLE.slice(0, 4));
    attempt.clock.advance(119_000);
    expect(attempt.told.outcomes).toEqual([]);
    attempt.clock.advance(2_000);
    expect(attempt.told.outcomes).toMatchObject([{ kind: 'stalled' }]);
    expect(attempt.told.committed).toBeUndefined();
  });

  it('takes a whole message from a provider that answers with one all the same', () => {
    const attempt = collect();
    const message = {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi.' }],
      stop_reason: 'end_turn',
    };
    attempt.answer('application/json', JSON.stringify(message));
    expect(JSON.parse(attempt.told.text)).toEqual(message);
  });
});
