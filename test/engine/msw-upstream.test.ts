import { describe, expect, it } from 'vitest';
import { answerWell } from '../support/msw-answers.ts';
import {
  BODY,
  CLIENT_KEY,
  entryOf,
  failure,
  keyOf,
  type PlayedProvider,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();

function good(name: string): PlayedProvider {
  return play(name, answerWell);
}

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
