import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Outcome } from '../../src/domain/failures/outcome.ts';
import type { Clock } from '../../src/domain/time.ts';
import { startAttempt } from '../../src/upstream/attempt.ts';
import type { AttemptParams, CommittedAnswer } from '../../src/upstream/attempt-types.ts';
import type { Transport, UpstreamSink } from '../../src/upstream/transport.ts';
import { ManualClock } from './manual-clock.ts';
import { MESSAGE } from './msw-bench.ts';
import { scriptedTransport } from './scripted-transport.ts';

const PHASES = { connectMs: 30_000, readMs: 120_000, poolMs: 30_000, firstContentMs: 180_000 };

export interface AttemptStaging {
  /** What stands between the played provider and the attempt. */
  readonly wrap?: (transport: Transport, clock: Clock) => Transport;
  /** Default: a fault fails the test. */
  readonly faulted?: (error: unknown) => void;
}

/** An attempt whose provider is played by the test, and what came of it. */
export function playAttempt(
  changes: Partial<AttemptParams> = {},
  { wrap = (transport) => transport, faulted }: AttemptStaging = {},
) {
  const clock = new ManualClock();
  const { transport, sent } = scriptedTransport();
  const buffers = createBufferBudget(() => 64 * 1024 * 1024);
  const told: { committed?: CommittedAnswer; text: string; ended: boolean; outcomes: Outcome[] } = {
    text: '',
    ended: false,
    outcomes: [],
  };
  const params: AttemptParams = {
    endpoint: 'messages',
    stream: true,
    asksStream: changes.stream ?? true,
    streamingMode: 'auto',
    credential: 'own',
    timeouts: { streaming: PHASES, nonStreaming: { ...PHASES, readMs: 600_000 }, countMs: 10_000 },
    hurried: false,
    deadlineAt: clock.now() + 900_000,
    budgetMs: 900_000,
    clock,
    lists: { httpCodes: [], errorTypes: [], exceptionPatterns: [], responseBodyPatterns: [] },
    buffers,
    redact: (bytes) => bytes,
    ...changes,
  };
  const request = {
    method: 'POST',
    url: 'http://x/',
    headers: [],
    connectTimeoutMs: 0,
    poolTimeoutMs: 0,
  } as const;
  startAttempt({ transport: wrap(transport, clock), request }, params, {
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
    reached: undefined,
    faulted(error) {
      if (faulted === undefined) throw error;
      faulted(error);
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

/** One event of a stream. */
export const event = (type: string, facts: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`;
export const START = event('message_start', { message: { ...MESSAGE, content: [], stop_reason: null } });
export const STOP = event('message_delta', {
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 0 },
});
