import { describe, expect, it } from 'vitest';
import {
  BODY,
  CLIENT_KEY,
  entryOf,
  failure,
  keyOf,
  MESSAGE,
  message,
  type PlayedProvider,
  STREAM_BODY,
  STREAM_TEXT,
  stream,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();

/** A provider that always answers well. */
function good(name: string): PlayedProvider {
  return play(name, ({ body }) => (body.includes('"stream":true') ? stream() : message()));
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

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });
}

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

describe('credentials never cross', () => {
  it('each provider gets its own key alone, in the form it is configured', async () => {
    const refuse = (): Response => failure(500, 'api_error', 'oh');
    const byKey = play('by-key', refuse);
    const byToken = play('by-token', refuse);
    const last = good('last');
    const { ask } = await balance({
      providers: [entryOf(byKey), entryOf(byToken, { auth_type: 'auth_token' }), entryOf(last)],
    });
    await ask({ headers: { authorization: 'Bearer of-the-client', cookie: 'session=of-the-client' } });
    const seen = [byKey, byToken, last].map(({ received }) => received[0]?.headers);
    expect(seen.map((headers) => [headers?.get('x-api-key'), headers?.get('authorization')])).toEqual([
      [keyOf('by-key'), null],
      [null, `Bearer ${keyOf('by-token')}`],
      [keyOf('last'), null],
    ]);
    const all = JSON.stringify(seen.map((headers) => [...(headers ?? [])]));
    expect(all).not.toContain('of-the-client');
  });

  it('passthrough gets what the client sent, and nobody else does', async () => {
    const first = play('first', () => failure(529, 'overloaded_error', 'Overloaded'));
    const open = good('open');
    const { ask } = await balance({
      providers: [entryOf(first), entryOf(open, { auth_value: 'passthrough' })],
    });
    const reply = await ask({ headers: { Authorization: 'Bearer second-of-the-client' } });
    expect(reply.status).toBe(200);
    const headers = open.received[0]?.headers;
    expect([headers?.get('x-api-key'), headers?.get('authorization')]).toEqual([
      CLIENT_KEY,
      'Bearer second-of-the-client',
    ]);
    expect(JSON.stringify([...(first.received[0]?.headers ?? [])])).not.toContain('of-the-client');
  });

  it.each(['x-api-key', 'Authorization'])(
    "the balancer's own key in %s never goes upstream",
    async (name) => {
      const own = 'own-key-of-the-balancer';
      const open = good('open');
      const closed = play('closed', () => failure(500, 'api_error', 'oh'));
      const { ask } = await balance({
        providers: [entryOf(closed), entryOf(open, { auth_value: 'passthrough' })],
        settings: { auth: { enabled: true, api_key: own } },
      });
      const other = name === 'x-api-key' ? { Authorization: `Bearer ${CLIENT_KEY}` } : {};
      await ask({ headers: { 'X-Api-Key': name === 'x-api-key' ? own : CLIENT_KEY, ...other } });
      await ask({ headers: { Authorization: `Bearer ${own}` } });
      expect(open.received.length).toBe(2);
      for (const { headers } of [...open.received, ...closed.received])
        expect(JSON.stringify([...headers])).not.toContain(own);
    },
  );

  it("a refused client credential goes back as the provider said it where there is nobody else's", async () => {
    const open = play('open', () => failure(401, 'authentication_error', 'invalid x-api-key'));
    const { ask } = await balance({ providers: [entryOf(open, { auth_value: 'passthrough' })] });
    const reply = await ask();
    expect([reply.status, reply.json()]).toEqual([
      401,
      { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
    ]);
  });

  it('a key that a provider echoes reaches nobody: not the client, not the events, not the status', async () => {
    const key = keyOf('echo');
    const echo = play('echo', () => failure(400, 'invalid_request_error', `bad request with ${key}`));
    const { ask, events, engine } = await balance({ providers: [entryOf(echo)] });
    const reply = await ask();
    expect(reply.status).toBe(400);
    expect(reply.body).toContain('bad request with ***');
    expect(JSON.stringify([events, engine.status()])).not.toContain(key.slice(0, 12));
  });
});

describe('what goes upstream', () => {
  it('path and query are kept behind the address, and the method', async () => {
    const only = good('only');
    const { ask } = await balance({ providers: [entryOf(only)] });
    await ask({ path: '/v1/messages?beta=true&x=a%2Fb' });
    expect(only.received.map(({ method, url }) => [method, url])).toEqual([
      ['POST', 'https://only.example/base/v1/messages?beta=true&x=a%2Fb'],
    ]);
  });

  it('the body is the same to the byte', async () => {
    const only = good('only');
    const { ask } = await balance({ providers: [entryOf(only)] });
    await ask();
    expect(only.received[0]?.body).toBe(BODY);
  });

  it('of the body nothing changes but the model, each provider its own', async () => {
    const first = play('first', () => failure(500, 'api_error', 'oh'));
    const second = good('second');
    const { ask } = await balance({
      providers: [entryOf(first), entryOf(second)],
      model_routes: {
        'claude-*': [
          { provider: 'first', model: 'other-1', priority: 1 },
          { provider: 'second', model: 'a "quoted" ü', priority: 2 },
        ],
      },
    });
    await ask();
    expect(first.received[0]?.body).toBe(BODY.replace('claude-sonnet-5-5', 'other-1'));
    expect(second.received[0]?.body).toBe(BODY.replace('claude-sonnet-5-5', 'a \\"quoted\\" ü'));
  });

  it("the client's own headers pass, those of its way and of the connection do not", async () => {
    const only = good('only');
    const { ask } = await balance({ providers: [entryOf(only)] });
    await ask({
      headers: {
        'anthropic-beta': 'claude-code-20250219,new-beta',
        'X-Claude-Code-Session-Id': 'session-1',
        'X-Stainless-Timeout': '600',
        'x-unknown': 'kept',
        Connection: 'keep-alive, x-named',
        'x-named': 'gone',
        'x-forwarded-for': '10.0.0.1',
        'x-provider': 'only',
        'x-balancer-anything': 'gone',
        'accept-encoding': 'gzip, br',
      },
    });
    const headers = only.received[0]?.headers;
    const value = (name: string): string | null | undefined => headers?.get(name);
    expect(value('anthropic-beta')).toBe('claude-code-20250219,new-beta');
    expect(value('anthropic-version')).toBe('2023-06-01');
    expect(value('x-claude-code-session-id')).toBe('session-1');
    expect(value('x-stainless-timeout')).toBe('600');
    expect(value('x-unknown')).toBe('kept');
    expect(value('user-agent')).toBe('claude-cli/2.1.329 (external, cli)');
    expect(value('accept-encoding')).toBe('identity');
    for (const name of ['x-named', 'x-forwarded-for', 'x-provider', 'x-balancer-anything'])
      expect(value(name)).toBeNull();
  });
});

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
