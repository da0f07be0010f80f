import { describe, expect, it } from 'vitest';
import type { Behaviour, StreamPart } from '../../src/simulator/behaviour.ts';
import { htmlError, openaiError } from '../../src/simulator/errors.ts';
import { messagesBody } from '../support/client.ts';
import { BODY, entry, keyOf, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

async function alone(behaviour: Behaviour, changes = {}) {
  const provider = await start({ name: 'chat', behaviour });
  const bench = await balance({
    providers: [entry(provider, { type: 'openai', ...changes })],
    settings: { hold_while_cooling: 0, max_attempts: 0 },
  });
  return { provider, bench };
}

const json = (status: number, body: object, headers = {}): Behaviour => ({
  kind: 'http',
  status,
  body,
  headers,
});
const chunk = (delta: object, finish: string | null = null, more = {}): StreamPart => ({
  kind: 'event',
  data: { id: 'c1', choices: [{ index: 0, delta, finish_reason: finish }], ...more },
});
const DONE: StreamPart = { kind: 'event', data: '[DONE]' };

describe('an error of a provider of type openai', () => {
  const OVERFLOW =
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens. Please reduce the length of the messages.";

  it('is told in Anthropic’s words where the request is to blame', async () => {
    const { bench } = await alone(
      openaiError(400, 'invalid_request_error', "Invalid value for 'content'", 'x'),
    );
    const answer = await bench.messages().end;
    expect([answer.status, answer.json()]).toEqual([
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: "Invalid value for 'content'" } },
    ]);
    expect(answer.header('content-type')).toBe('application/json');
  });

  it('of a prompt that is too long is one on which Claude Code compacts', async () => {
    const { bench } = await alone(
      openaiError(400, 'invalid_request_error', OVERFLOW, 'context_length_exceeded'),
    );
    const { error } = (await bench.messages().end).json() as { error: { message: string } };
    expect(error.message).toMatch(/^prompt is too long: 140000 tokens > 128000 maximum/);
  });

  const KINDS: readonly [title: string, behaviour: Behaviour, kind: string][] = [
    [
      'a wrong key',
      json(401, { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } }),
      'credentials',
    ],
    [
      'a wrong key at Gemini',
      json(400, [
        {
          error: {
            code: 400,
            message: 'API key not valid. Please pass a valid API key.',
            status: 'INVALID_ARGUMENT',
          },
        },
      ]),
      'credentials',
    ],
    [
      'no credit left, under 429',
      json(429, {
        error: {
          message: 'You exceeded your current quota',
          type: 'insufficient_quota',
          code: 'insufficient_quota',
        },
      }),
      'quota',
    ],
    ['no credit left at DeepSeek', json(402, { error: { message: 'Insufficient Balance' } }), 'quota'],
    [
      'an unknown model',
      json(404, { error: { message: 'The model `x` does not exist', code: 'model_not_found' } }),
      'model_missing',
    ],
    [
      'an unknown model of Ollama',
      json(404, { error: { message: 'model "x" not found, try pulling it first' } }),
      'model_missing',
    ],
    [
      'a rate limit with its time',
      json(429, { error: { message: 'Rate limit reached' } }, { 'retry-after': '30' }),
      'rate_limited',
    ],
    [
      'a rate limit with its time in the body',
      json(429, [{ error: { code: 429, message: 'Resource exhausted', details: [{ retryDelay: '34s' }] } }]),
      'rate_limited',
    ],
    ['a rate limit without one', json(429, { error: { message: 'Slow down' } }), 'burst_limited'],
    ['no capacity', json(503, { error: { message: 'The engine is currently overloaded' } }), 'overloaded'],
    ['a server error', json(500, { error: { message: 'The server had an error' } }), 'server_error'],
    ['a gateway’s page', htmlError(502, 'Bad Gateway'), 'server_error'],
    [
      'an error under 200',
      json(200, { error: { message: 'Provider returned error', code: 502 } }),
      'server_error',
    ],
  ];

  it.each(KINDS)('counts as what it is: %s', async (_, behaviour, kind) => {
    for (const body of [BODY, WHOLE_BODY]) {
      const { bench } = await alone(behaviour);
      await bench.messages({ body }).end;
      const [attempt] = (await bench.ended(1)).trace.attempts;
      expect(attempt?.outcome?.kind).toBe(kind);
    }
  });

  it('keeps the time that only its body names', async () => {
    const { bench } = await alone(
      json(429, [{ error: { code: 429, message: 'Resource exhausted', details: [{ retryDelay: '34s' }] } }]),
    );
    await bench.messages().end;
    const { pairs } = await bench.provider('chat');
    expect(pairs[0]?.cooldown?.left_seconds).toBe(34);
  });

  it('never shows the key that it repeats', async () => {
    const { bench } = await alone(
      openaiError(400, 'invalid_request_error', `bad request with ${keyOf('chat')}`),
    );
    const answer = await bench.messages().end;
    expect([answer.status, answer.text.includes(keyOf('chat'))]).toEqual([400, false]);
  });
});

describe('a stream of a provider of type openai', () => {
  const CASES: readonly [title: string, parts: readonly StreamPart[], kind: string][] = [
    [
      'an error before any content',
      [{ kind: 'event', data: { error: { message: 'boom', code: 500 } } }],
      'server_error',
    ],
    ['nothing at all', [chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'), DONE], 'server_error'],
    ['a beginning', [chunk({ role: 'assistant', content: '' })], 'server_error'],
    ['no JSON', [{ kind: 'event', data: '{"choices":[' }, DONE], 'server_error'],
  ];

  it.each(CASES)('that brings no content is followed by the next provider: %s', async (_, parts, kind) => {
    const one = await start({ name: 'one', behaviour: { kind: 'stream', parts } });
    const two = await start({ name: 'two', behaviour: { kind: 'message', text: 'Here.' } });
    const bench = await balance({ providers: [entry(one, { type: 'openai' }), entry(two)] });
    const answer = await bench.messages().end;
    expect([answer.status, answer.header('x-provider-used')]).toEqual([200, 'two']);
    expect((await bench.ended(1)).trace.attempts.map(({ outcome }) => outcome?.kind)).toEqual([
      kind,
      'success',
    ]);
  });

  it('that breaks off after its first content says so and closes no tool', async () => {
    const begin = chunk({
      tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'Bash', arguments: '{"comm' } }],
    });
    for (const end of [
      [],
      [DONE],
      [{ kind: 'event', data: { error: { message: 'upstream died', code: 502 } } } as const],
    ]) {
      const { bench } = await alone({
        kind: 'stream',
        parts: [chunk({ content: 'I begin' }), begin, ...end],
      });
      const answer = await bench.messages().end;
      const names = answer.events.map(({ name }) => name);
      expect(names.at(-1)).toBe('error');
      expect(names.filter((name) => name === 'content_block_stop')).toHaveLength(1);
      expect(names).not.toContain('message_stop');
      const [attempt] = (await bench.ended(1)).trace.attempts;
      expect(attempt?.outcome?.kind).toBe('cut_late');
    }
  });

  it('ends with its usage, though its socket stays open', async () => {
    const { bench } = await alone({
      kind: 'stream',
      parts: [
        chunk({ content: 'Hello' }),
        chunk({}, 'stop'),
        chunk({}, null, { choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } }),
        DONE,
      ],
      ends: 'open',
    });
    const answer = await bench.messages().end;
    expect(answer.end).toBe('complete');
    expect(answer.text).toContain('"input_tokens":9');
    expect((await bench.ended(1)).result).toBe('served');
  });

  it('is not waited for without its usage', async () => {
    const { provider, bench } = await alone({
      kind: 'stream',
      parts: [chunk({ content: 'Hello' }), chunk({}, 'stop')],
      ends: 'stall',
    });
    const exchange = bench.messages();
    await exchange.text('Hello');
    bench.clock.advance(1_400);
    expect(provider.openConnections).toBe(1);
    bench.clock.advance(200);
    const answer = await exchange.end;
    expect([answer.end, answer.events.at(-1)?.name]).toEqual(['complete', 'message_stop']);
    // The connection is given the usual second, then it is closed.
    bench.clock.advance(1_000);
    await bench.until('the end of the connection', () => provider.openConnections === 0);
  });

  it('is closed when its client leaves', async () => {
    const { provider, bench } = await alone({ kind: 'message', hold: 'before_last' });
    const exchange = bench.messages();
    await exchange.text('content_block_delta');
    exchange.abort();
    await bench.until('the end of the connection', () => provider.openConnections === 0);
    expect((await bench.ended(1)).result).toBe('cancelled');
  });

  it('answers who asked for none as one message, and the other way', async () => {
    const { bench } = await alone({ kind: 'message', text: 'As I like.', format: 'stream' });
    expect((await bench.messages({ body: WHOLE_BODY }).end).json()).toMatchObject({
      content: [{ type: 'text', text: 'As I like.' }],
    });
    const other = await alone({ kind: 'message', text: 'As I like.', format: 'json' });
    const streamed = await other.bench.messages().end;
    expect(streamed.events.at(-1)?.name).toBe('message_stop');
    expect(streamed.text).toContain('As I like.');
  });

  it('is read whatever its line ends and the size of its pieces are', async () => {
    const words = 'Grüße, 世界 👋';
    for (const shape of [{ lineEnd: '\r\n' }, { bytesPerWrite: 7 }, { encoding: 'gzip' }] as const) {
      const { bench } = await alone({ kind: 'message', text: words, ...shape });
      const answer = await bench.messages().end;
      const text = answer.events
        .map(({ data }) => JSON.parse(data) as { delta?: { text?: string } })
        .map(({ delta }) => delta?.text ?? '')
        .join('');
      expect(text).toBe(words);
    }
  });

  it('that is cut within its bytes fails over before the first content', async () => {
    const one = await start({
      name: 'one',
      behaviour: { kind: 'cut', after: 'message_start', ends: 'reset' },
    });
    const two = await start({ name: 'two' });
    const bench = await balance({ providers: [entry(one, { type: 'openai' }), entry(two)] });
    expect((await bench.messages().end).header('x-provider-used')).toBe('two');
  });
});

describe('a body that is no JSON inside', () => {
  it('is refused by the balancer where only a provider of type openai is there', async () => {
    const { provider, bench } = await alone({ kind: 'message' });
    const body = `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a\\q"}]}`;
    const answer = await bench.messages({ body }).end;
    expect([answer.status, answer.json()]).toMatchObject([400, { error: { type: 'invalid_request_error' } }]);
    expect(provider.requests).toHaveLength(0);
  });

  it('and anything strange that is JSON is not', async () => {
    const { bench } = await alone({ kind: 'message' });
    const body = messagesBody({ system: 5, tools: 'no', metadata: [], thinking: null });
    expect((await bench.messages({ body }).end).status).toBe(200);
  });
});
