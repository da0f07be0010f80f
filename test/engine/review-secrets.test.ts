import { describe, expect, it } from 'vitest';
import {
  entryOf,
  failure,
  keyOf,
  message,
  STREAM_BODY,
  STREAM_TEXT,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();
const KEY = keyOf('echo');

/** A stream in chunks of its own. */
function pieces(...texts: readonly string[]): Response {
  const chunks = texts.map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

describe("a provider that echoes the balancer's key", () => {
  it.each([
    ['an answer', () => message({ headers: { 'x-debug': `key=${KEY}` } })],
    ['a refusal', () => failure(400, 'invalid_request_error', 'no', { 'x-debug': `key=${KEY}` })],
  ])('in a header of %s: it is struck out', async (_what, answer) => {
    const { ask } = await balance({ providers: [entryOf(play('echo', answer))] });
    const reply = await ask();
    expect(reply.header('x-debug')).toBe('key=***');
    expect(reply.header('content-type')).toBe('application/json');
  });

  it('in an error after the first content: it is struck out, and the event stays whole', async () => {
    const begun = STREAM_TEXT.slice(0, STREAM_TEXT.indexOf('event: content_block_stop'));
    const error = { type: 'error', error: { type: 'api_error', message: `failed with ${KEY}` } };
    const text = `event: error\ndata: ${JSON.stringify(error)}\n\n`;
    const { ask } = await balance({ providers: [entryOf(play('echo', () => pieces(begun, text)))] });
    const reply = await ask({ body: STREAM_BODY });
    expect(reply.body).toBe(begun + text.replace(KEY, '***'));
  });
});
