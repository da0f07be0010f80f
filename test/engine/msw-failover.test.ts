import { describe, expect, it } from 'vitest';
import { answerWell, json } from '../support/msw-answers.ts';
import {
  entryOf,
  failure,
  MESSAGE,
  type PlayedProvider,
  STREAM_BODY,
  STREAM_TEXT,
  stream,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();

function good(name: string): PlayedProvider {
  return play(name, answerWell);
}

const MENDABLE: readonly (readonly [what: string, answer: () => Response])[] = [
  ['400 of unknown words', () => failure(400, 'invalid_request_error', 'unsupported thing')],
  ['401', () => failure(401, 'authentication_error', 'invalid x-api-key')],
  ['402', () => failure(402, 'billing_error', 'pay')],
  ['403', () => failure(403, 'permission_error', 'no')],
  ['404', () => failure(404, 'not_found_error', 'model: claude-sonnet-5-5')],
  ['408', () => failure(408, 'timeout_error', 'slow')],
  ['413', () => failure(413, 'request_too_large', 'large')],
  ['422', () => failure(422, 'invalid_request_error', 'what?')],
  ['429', () => failure(429, 'rate_limit_error', 'slow down')],
  ['429 with a time', () => failure(429, 'rate_limit_error', 'slow down', { 'retry-after': '30' })],
  ['500', () => failure(500, 'api_error', 'oh')],
  ['502 as HTML', () => new Response('<html>Bad Gateway</html>', { status: 502 })],
  ['503', () => failure(503, 'api_error', 'later')],
  ['529', () => failure(529, 'overloaded_error', 'Overloaded')],
  ['204', () => new Response(null, { status: 204 })],
  ['a redirect', () => new Response(null, { status: 307, headers: { location: 'https://x.example/' } })],
  ['an HTML page under 200', () => new Response('<!doctype html><p>Log in</p>')],
  ['an empty body under 200', () => new Response('')],
  ['an error envelope under 200', () => json({ type: 'error', error: { type: 'api_error', message: 'x' } })],
  ['an SSE error before any content', () => stream('event: error\ndata: {"type":"error","error":{}}\n\n')],
  ['a stream of pings that ends', () => stream('event: ping\ndata: {"type":"ping"}\n\n')],
  ['no connection', () => Response.error()],
];

describe('failover over HTTP', () => {
  it.each(MENDABLE)('%s: the next provider answers a stream unseen', async (_what, answer) => {
    const first = play('first', answer);
    const second = good('second');
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second)] });
    const reply = await ask({ body: STREAM_BODY });
    expect([first.received.length, second.received.length]).toEqual([1, 1]);
    expect([reply.status, reply.ending, reply.body]).toEqual([200, 'end', STREAM_TEXT]);
    expect(reply.header('content-type')).toMatch(/^text\/event-stream/);
  });

  it.each(MENDABLE)('%s: the next provider answers a whole message unseen', async (_what, answer) => {
    const first = play('first', answer);
    const second = good('second');
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second)] });
    const reply = await ask();
    expect([first.received.length, second.received.length]).toEqual([1, 1]);
    expect([reply.status, reply.ending, reply.json()]).toEqual([200, 'whole', MESSAGE]);
  });

  it('what no provider could accept goes to nobody else and back as it came', async () => {
    const words =
      'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.';
    const first = play('first', () => failure(400, 'invalid_request_error', words));
    const second = good('second');
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second)] });
    const reply = await ask();
    expect(second.received).toEqual([]);
    expect([reply.status, reply.json()]).toEqual([
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: words } },
    ]);
  });

  it('after the first content nobody else is asked: the stream breaks off', async () => {
    const cut = STREAM_TEXT.slice(0, STREAM_TEXT.indexOf('event: content_block_stop'));
    const first = play('first', () => stream(cut));
    const second = good('second');
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second)] });
    const reply = await ask({ body: STREAM_BODY });
    expect(second.received).toEqual([]);
    expect([reply.status, reply.ending, reply.body]).toEqual([200, 'cut', cut]);
  });

  it('the body leaves the buffers with the answer', async () => {
    const { ask, buffered } = await balance({ providers: [entryOf(good('only'))] });
    await ask();
    await ask({ body: STREAM_BODY });
    expect(buffered()).toBe(0);
  });
});
