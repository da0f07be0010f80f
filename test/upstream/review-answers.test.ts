import { describe, expect, it } from 'vitest';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { startAttempt } from '../../src/upstream/attempt.ts';
import type { AttemptParams, CommittedAnswer } from '../../src/upstream/attempt-types.ts';
import type { UpstreamSink } from '../../src/upstream/transport.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MESSAGE } from '../support/msw-bench.ts';
import { scriptedTransport } from '../support/scripted-transport.ts';

const PHASES = { connectMs: 30_000, readMs: 120_000, poolMs: 30_000, firstContentMs: 180_000 };

/** An attempt whose provider is played by the test, and what came of it. */
function begin(changes: Partial<AttemptParams> = {}) {
  const clock = new ManualClock();
  const { transport, sent } = scriptedTransport();
  const buffers = createBufferBudget(() => 64 * 1024 * 1024);
  const told: { committed?: CommittedAnswer; text: string; ended: boolean; outcomes: Outcome[] } = {
    text: '',
    ended: false,
    outcomes: [],
  };
  const params: AttemptParams = {
    transport,
    request: { method: 'POST', url: 'http://x/', headers: [], connectTimeoutMs: 0, poolTimeoutMs: 0 },
    endpoint: 'messages',
    stream: true,
    credential: 'own',
    timeouts: { streaming: PHASES, nonStreaming: { ...PHASES, readMs: 600_000 } },
    hurried: false,
    deadlineAt: clock.now() + 900_000,
    budgetMs: 900_000,
    clock,
    lists: { httpCodes: [], errorTypes: [], exceptionPatterns: [], responseBodyPatterns: [] },
    buffers,
    redact: (bytes) => bytes,
    ...changes,
  };
  startAttempt(params, {
    committed(answer) {
      told.committed = answer;
      told.text += answer.body?.toString() ?? '';
      return {
        chunk(bytes) {
          told.text += bytes.toString();
          return true;
        },
        end() {
          told.ended = true;
        },
      };
    },
    settled: (outcome) => told.outcomes.push(outcome),
    faulted(error) {
      throw error;
    },
  });
  const [exchange] = sent;
  if (exchange === undefined) throw new Error('nothing was sent');
  const { sink }: { sink: UpstreamSink } = exchange;
  const answer = (type: string, ...pieces: string[]): void => {
    sink.sent?.();
    sink.head(200, ['content-type', type]);
    for (const piece of pieces) sink.chunk(Buffer.from(piece));
    sink.end();
  };
  return { answer, told, sink, exchange, clock, buffers };
}

const event = (type: string, facts: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`;
const START = event('message_start', { message: { ...MESSAGE, content: [], stop_reason: null } });
const STOP = event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 0 } });

describe('an answer that begins with white space', () => {
  it.each([true, false])('is still a message (stream asked for: %s)', (stream) => {
    const { answer, told, buffers } = begin({ stream });
    answer('application/json', '\n', ' \r\n', JSON.stringify(MESSAGE));
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toContain('Hello.');
    expect(buffers.used()).toBe(0);
  });

  it('is still a stream, and its bytes are kept', () => {
    const { answer, told } = begin();
    const rest = START + STOP + event('message_stop', {});
    answer('text/event-stream', '\n', '\n', rest);
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toBe(`\n\n${rest}`);
  });

  it('is none if nothing else ever comes', () => {
    const { answer, told } = begin();
    answer('application/json', ' ', '\n');
    expect(told.outcomes).toMatchObject([{ kind: 'cut_early' }]);
  });

  it('does not fill the memory', () => {
    const { sink, told, exchange, buffers } = begin();
    sink.head(200, []);
    for (let count = 0; count < 40; count += 1) sink.chunk(Buffer.alloc(64 * 1024, ' '));
    expect(told.outcomes).toMatchObject([{ kind: 'cut_early' }]);
    expect([exchange.aborted, buffers.used()]).toEqual([true, 0]);
  });
});

describe('a stream whose last event lacks its blank line', () => {
  it('reaches the client whole, also where that event is its first content', () => {
    const { answer, told } = begin();
    answer('text/event-stream', START, STOP.trimEnd());
    expect(told.outcomes).toEqual([{ kind: 'success' }]);
    expect(told.text).toContain(START + STOP.trimEnd());
    expect(told.text).toContain('event: message_stop');
    expect(told.ended).toBe(true);
  });
});
