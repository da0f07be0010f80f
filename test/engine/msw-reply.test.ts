import { describe, expect, it } from 'vitest';
import { answerWell, json } from '../support/msw-answers.ts';
import {
  CLIENT_KEY,
  entryOf,
  failure,
  keyOf,
  message,
  type PlayedProvider,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();

function good(name: string): PlayedProvider {
  return play(name, answerWell);
}

describe('what comes back', () => {
  it("a provider's headers pass, without those of the connection, cookies and foreign claims", async () => {
    const only = play('only', () =>
      message({
        headers: {
          'request-id': 'req_upstream',
          'anthropic-ratelimit-requests-remaining': '7',
          'keep-alive': 'timeout=5',
          'x-balancer-provider': 'liar',
          'x-provider-used': 'liar',
        },
      }),
    );
    const { ask } = await balance({ providers: [entryOf(only, { name: 'Füür' })] });
    const reply = await ask();
    expect(reply.header('request-id')).toBe('req_upstream');
    expect(reply.header('anthropic-ratelimit-requests-remaining')).toBe('7');
    expect(reply.header('keep-alive')).toBeUndefined();
    expect(reply.header('x-balancer-provider')).toBe('F%C3%BC%C3%BCr');
    expect(reply.header('x-provider-used')).toBe('F%C3%BC%C3%BCr');
  });

  it('x-balancer-* say who answered, after how many attempts, and to which request', async () => {
    const first = play('first', () => failure(500, 'api_error', 'oh'));
    const { ask } = await balance({ providers: [entryOf(first), entryOf(good('second'))] });
    const reply = await ask();
    const names = ['provider', 'attempts', 'request-id'];
    expect(names.map((name) => reply.header(`x-balancer-${name}`))).toEqual(['second', '2', 'req_1']);
  });

  it('a refusal of all is the first one, status and body unmodified, and says who spoke', async () => {
    const text = `{"type":"error", "error":{"type":"invalid_request_error",  "message":"max_tokens: ünsupported"}}`;
    const refusal = (): Response =>
      new Response(text, { status: 400, headers: { 'content-type': 'application/json; x=1' } });
    const first = play('first', () => failure(529, 'overloaded_error', 'Overloaded'));
    const second = play('second', refusal);
    const third = play('third', () => failure(422, 'invalid_request_error', 'another refusal'));
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second), entryOf(third)] });
    const reply = await ask();
    expect([reply.status, reply.body]).toEqual([400, text]);
    expect(reply.header('content-type')).toBe('application/json; x=1');
    expect([reply.header('x-balancer-provider'), reply.header('x-balancer-attempts')]).toEqual([
      'second',
      '3',
    ]);
  });

  it('when all fail: 503 in the envelope of Anthropic, and its message names every attempt', async () => {
    const first = play('first', () => failure(529, 'overloaded_error', 'Overloaded'));
    const second = play('second', () => failure(401, 'authentication_error', 'invalid x-api-key'));
    const third = play('third', () => Response.error());
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second), entryOf(third)] });
    const reply = await ask();
    expect([reply.status, reply.header('content-type')]).toEqual([503, 'application/json']);
    expect(reply.json()).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: expect.stringMatching(/first.*529.*second.*401.*third.*/) },
      request_id: 'req_1',
    });
    const { message: words } = (reply.json() as { error: { message: string } }).error;
    expect(words).toContain('req_1');
    expect(reply.body).not.toContain('sk-secret');
    expect(reply.header('x-balancer-attempts')).toBe('3');
  });

  it('a refused request to a single provider keeps the words that the client repairs itself by', async () => {
    const words = 'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000';
    const only = play('only', () => failure(400, 'invalid_request_error', words));
    const { ask } = await balance({ providers: [entryOf(only)] });
    expect((await ask()).json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: words },
    });
  });

  it.each([
    ['60', '60'],
    ['61', undefined],
    ['3600', undefined],
    ['Sat, 21 Nov 2099 12:00:00 GMT', undefined],
    ['soon', undefined],
    ['-5', undefined],
  ])("a provider's retry-after: %s reaches the client as %s", async (given, expected) => {
    const only = play('only', () =>
      failure(400, 'invalid_request_error', 'no such thing', { 'retry-after': given }),
    );
    const { ask } = await balance({ providers: [entryOf(only)] });
    expect((await ask()).header('retry-after')).toBe(expected);
  });

  it.each([
    [30, '30'],
    [60, '60'],
    [3600, undefined],
  ])('a limit of %d s leads to a final retry-after of %s', async (seconds, expected) => {
    const headers = { 'retry-after': String(seconds) };
    const only = play('only', () => failure(429, 'rate_limit_error', 'slow down', headers));
    const { ask } = await balance({ providers: [entryOf(only)] });
    const reply = await ask();
    expect([reply.status, reply.header('retry-after')]).toEqual([503, expected]);
    expect((await ask()).status).toBe(503);
    expect(only.received.length).toBe(1);
  });

  it('what only a person can mend is not to be retried', async () => {
    const only = play('only', () => failure(401, 'authentication_error', 'invalid x-api-key'));
    const { ask } = await balance({ providers: [entryOf(only)] });
    const reply = await ask();
    expect([reply.status, reply.header('x-should-retry'), reply.header('retry-after')]).toEqual([
      503,
      'false',
      undefined,
    ]);
  });
});

describe('models and counts', () => {
  const count = (): Response => json({ input_tokens: 42 });

  it('a count is the answer of the provider that counts', async () => {
    const first = play('first', () => failure(404, 'not_found_error', 'no such endpoint'));
    const second = play('second', count);
    const { ask } = await balance({ providers: [entryOf(first), entryOf(second)] });
    const reply = await ask({ endpoint: 'count_tokens' });
    expect([reply.status, reply.json(), reply.header('x-balancer-provider')]).toEqual([
      200,
      { input_tokens: 42 },
      'second',
    ]);
    expect(first.received[0]?.url).toBe('https://first.example/base/v1/messages/count_tokens?beta=true');
    expect(first.received[0]?.headers.get('x-api-key')).toBe(keyOf('first'));
  });

  it('twenty-five counts at once ask a provider without the endpoint, and all get an estimate', async () => {
    const only = play('only', ({ url }) =>
      url.includes('count_tokens') ? failure(404, 'not_found_error', 'no such endpoint') : message(),
    );
    const { ask } = await balance({ providers: [entryOf(only)] });
    const replies = await Promise.all(Array.from({ length: 25 }, () => ask({ endpoint: 'count_tokens' })));
    expect(replies.map(({ status }) => status)).toEqual(Array(25).fill(200));
    for (const reply of replies) {
      expect(reply.json()).toEqual({ input_tokens: expect.any(Number) });
      expect(reply.header('x-balancer-provider')).toBe('local-estimate');
    }
    const asked = only.received.length;
    await ask({ endpoint: 'count_tokens' });
    expect(only.received.length).toBe(asked);
    expect((await ask()).status).toBe(200);
  });

  it('models are those of the file at once, and those of an open provider as soon as it has told them', async () => {
    const open = play('open', ({ url }) =>
      url.includes('/v1/models') ? json({ data: [{ id: 'claude-told', display_name: 'Told' }] }) : message(),
    );
    const { engine } = await balance({
      providers: [entryOf(open, { model_mappings: { 'claude-named': 'x' } })],
    });
    const names = (): readonly string[] => engine.models(['x-api-key', CLIENT_KEY]).map(({ id }) => id);
    expect(names()).toEqual(['claude-named']);
    await expect.poll(names).toEqual(['claude-named', 'claude-told']);
    expect(open.received.map(({ method, url }) => [method, url])).toEqual([
      ['GET', 'https://open.example/base/v1/models?limit=1000'],
    ]);
    expect(open.received[0]?.headers.get('x-api-key')).toBe(keyOf('open'));
  });
});
