import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import { BODY, credentialsOf, entry, keyOf, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { headersOf } from '../support/header-list.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const MODEL = '"model" : "claude-sonnet-5-5"';

describe('what a provider receives', () => {
  it('is the very bytes of the body, at the same path and query', async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider)] });
    await bench.messages().end;
    const [request] = provider.requests;
    expect(request?.body.toString()).toBe(BODY);
    expect([request?.method, request?.path]).toEqual(['POST', '/v1/messages?beta=true']);
    expect(request?.header('content-length')).toBe(String(Buffer.byteLength(BODY)));
  });

  it('has another model where its route says so, and no other byte changed', async () => {
    const provider = await start();
    const bench = await balance({
      providers: [entry(provider)],
      model_routes: { '*sonnet*': [{ provider: provider.name, model: 'corp-sonnet', priority: 1 }] },
    });
    await bench.messages().end;
    expect(provider.requests[0]?.body.toString()).toBe(BODY.replace(MODEL, '"model" : "corp-sonnet"'));
  });

  it('has another model where its model_mappings say so', async () => {
    const provider = await start();
    const bench = await balance({
      providers: [entry(provider, { model_mappings: { 'claude-sonnet-5-5': 'mapped' } })],
    });
    await bench.messages().end;
    expect(provider.requests[0]?.body.toString()).toBe(BODY.replace(MODEL, '"model" : "mapped"'));
  });

  it("carries the client's headers but neither its credentials nor its hop-by-hop headers", async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider, { headers: { 'x-team': 'platform' } })] });
    await bench.messages({
      headers: {
        authorization: 'Bearer of-the-client',
        'x-api-key': 'key-of-the-client',
        'anthropic-version': '2026-10-21',
        'anthropic-beta': 'a,b',
        'x-claude-code-session-id': 'session',
        'x-stainless-retry-count': '0',
        'proxy-authorization': 'Basic of-the-client',
        cookie: 'of-the-client=1',
        'x-provider': provider.name,
      },
    }).end;
    const [request] = provider.requests;
    expect(request?.header('anthropic-version')).toBe('2026-10-21');
    expect(request?.header('anthropic-beta')).toBe('a,b');
    expect(request?.header('x-claude-code-session-id')).toBe('session');
    expect(request?.header('x-stainless-retry-count')).toBe('0');
    expect(request?.header('x-team')).toBe('platform');
    expect(credentialsOf(request ?? fail())).toEqual([keyOf(provider.name), undefined]);
    expect(request?.header('host')).toBe(`127.0.0.1:${provider.port}`);
    expect(request?.rawHeaders.join('\n')).not.toContain('of-the-client');
    expect(request?.header('x-provider')).toBeUndefined();
  });

  it('carries a token as Bearer where auth_type says so', async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider, { auth_type: 'auth_token' })] });
    await bench.messages().end;
    expect(credentialsOf(provider.requests[0] ?? fail())).toEqual([
      undefined,
      `Bearer ${keyOf(provider.name)}`,
    ]);
  });
});

describe('what a client receives', () => {
  it("is the provider's status and headers without what belongs to the connection or to its site", async () => {
    const provider = await start({
      behaviour: {
        kind: 'message',
        headers: {
          'set-cookie': 'a=b',
          'x-of-the-provider': 'kept',
          'anthropic-ratelimit-requests-remaining': '9',
          'retry-after': '3600',
          'x-balancer-provider': 'a lie',
        },
      },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const answer = await bench.messages().end;
    expect(answer.header('x-of-the-provider')).toBe('kept');
    expect(answer.header('anthropic-ratelimit-requests-remaining')).toBe('9');
    expect(answer.header('set-cookie')).toBeUndefined();
    expect(answer.header('retry-after')).toBeUndefined();
    expect(answer.header('x-balancer-provider')).toBe(provider.name);
    expect(answer.header('x-provider-used')).toBe(provider.name);
    expect(answer.header('x-balancer-attempts')).toBe('1');
    expect(answer.header('x-balancer-request-id')).toMatch(/^req_/);
    expect(headersOf(answer.rawHeaders, 'content-type')).toEqual(['text/event-stream; charset=utf-8']);
  });

  it.each(['gzip', 'deflate', 'br'] as const)(
    'is readable though the provider answers with %s',
    async (encoding) => {
      const provider = await start({
        behaviour: { kind: 'message', text: 'Plain to read.', encoding, pieces: 1 },
      });
      const bench = await balance({ providers: [entry(provider)] });
      for (const body of [BODY, WHOLE_BODY]) {
        const answer = await bench.messages({
          body,
          headers: { 'accept-encoding': 'gzip, deflate, br' },
          decode: true,
        }).end;
        expect(answer.text).toContain('Plain to read.');
        expect(answer.end).toBe('complete');
      }
    },
  );

  it('is a stream although the provider gave a message, and a message although it gave a stream', async () => {
    const provider = await start({
      behaviour: { kind: 'message', text: 'Converted.', format: 'json', pieces: 1 },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const stream = await bench.messages().end;
    expect(stream.header('content-type')).toContain('text/event-stream');
    expect(stream.events.map(({ name }) => name)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(stream.text).toContain('Converted.');
    provider.setBehaviour({ kind: 'message', text: 'Converted.', format: 'stream' });
    const whole = await bench.messages({ body: WHOLE_BODY }).end;
    expect(whole.header('content-type')).toContain('application/json');
    expect(whole.json()).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Converted.' }],
      stop_reason: 'end_turn',
    });
    expect((await bench.provider(provider.name)).failures).toBe('0/2');
  });

  it('never comes from where a redirect points', async () => {
    const elsewhere = await start({ name: 'elsewhere' });
    const location = `${elsewhere.url}/v1/messages`;
    const first = await start({
      name: 'first',
      behaviour: { kind: 'http', status: 307, headers: { location } },
    });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect(elsewhere.connections).toBe(0);
  });

  it('has no configured secret in it, though a provider echoes it in an error that passes', async () => {
    const provider = await start({
      behaviour: (request) =>
        apiError(400, 'invalid_request_error', `You sent ${request.header('x-api-key')}, and a wrong top_k`),
    });
    const bench = await balance({ providers: [entry(provider)] });
    const answer = await bench.messages().end;
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain(keyOf(provider.name));
    expect(answer.text).toContain('***');
    expect(JSON.stringify(bench.events)).not.toContain(keyOf(provider.name));
    expect(JSON.stringify(await bench.view())).not.toContain(keyOf(provider.name));
  });

  it('has no secret in the final error of echoing providers, nor has /providers', async () => {
    const provider = await start({ behaviour: { kind: 'echo', status: 401 } });
    const bench = await balance({ providers: [entry(provider)], settings: { hold_while_cooling: 0 } });
    const answer = await bench.messages().end;
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain(keyOf(provider.name));
    expect(JSON.stringify(bench.events)).not.toContain(keyOf(provider.name));
    expect(JSON.stringify(await bench.view())).not.toContain(keyOf(provider.name));
  });
});

describe('a pin', () => {
  it.each(['header', 'body'])('in the %s sends the request to that provider only', async (where) => {
    const first = await start({ name: 'first' });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const pinned = BODY.replace('{ ', '{ "provider":"second", ');
    const answer = await bench.messages(
      where === 'header' ? { headers: { 'x-provider': 'second' } } : { body: pinned },
    ).end;
    expect(answer.header('x-provider-used')).toBe('second');
    expect(first.requests).toHaveLength(0);
    expect(JSON.parse(second.requests[0]?.body.toString() ?? '')).toEqual(JSON.parse(BODY));
  });

  it('never fails over', async () => {
    const first = await start({ name: 'first', behaviour: { kind: 'http', status: 500 } });
    const second = await start({ name: 'second' });
    const bench = await balance({
      providers: [entry(first), entry(second)],
      settings: { hold_while_cooling: 0 },
    });
    const answer = await bench.messages({ headers: { 'x-provider': 'first' } }).end;
    expect(answer.status).toBe(503);
    expect(second.requests).toHaveLength(0);
  });

  it("is no object of that name, which is OpenRouter's and passes", async () => {
    const first = await start({ name: 'first' });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const body = BODY.replace('{ ', '{ "provider":{"order":["second"]}, ');
    expect((await bench.messages({ body }).end).header('x-provider-used')).toBe('first');
    expect(first.requests[0]?.body.toString()).toBe(body);
  });

  it('to nobody is 404 with the names that exist', async () => {
    const first = await start({ name: 'first' });
    const bench = await balance({ providers: [entry(first)] });
    const answer = await bench.messages({ headers: { 'x-provider': 'nobody' } }).end;
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('first');
  });

  it('to a cooling provider is held until it returns, as for any lone candidate', async () => {
    const first = await start({
      name: 'first',
      behaviour: [
        {
          kind: 'http',
          status: 429,
          headers: { 'retry-after': '12' },
          body: { type: 'error', error: { type: 'rate_limit_error', message: 'wait' } },
        },
        { kind: 'message' },
      ],
    });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    await bench.messages().end;
    const answer = bench.messages({ headers: { 'x-provider': 'first' } });
    await bench.until('the wait', () => bench.balancer.engine.status().inFlight === 1);
    bench.clock.advance(11_999);
    expect(first.requests).toHaveLength(1);
    bench.clock.advance(1);
    expect((await answer.end).header('x-provider-used')).toBe('first');
    expect(second.requests).toHaveLength(1);
  });
});

describe('routes', () => {
  it('keep a request to the providers of its model, each with its own model name', async () => {
    const first = await start({ name: 'first', behaviour: { kind: 'http', status: 500 } });
    const second = await start({ name: 'second' });
    const third = await start({ name: 'third' });
    const bench = await balance({
      providers: [entry(third), entry(second), entry(first)],
      model_routes: {
        '*sonnet*': [
          { provider: 'first', model: 'one', priority: 1 },
          { provider: 'second', model: 'passthrough', priority: 2 },
        ],
      },
    });
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    expect(first.requests[0]?.body.toString()).toContain('"one"');
    expect(second.requests[0]?.body.toString()).toBe(BODY);
    expect(third.requests).toHaveLength(0);
    expect((await bench.messages({ body: BODY.replace('sonnet', 'opus') }).end).status).toBe(404);
  });

  it('hand over to the next matching pattern when all candidates of one cool', async () => {
    const first = await start({ name: 'first', behaviour: { kind: 'http', status: 402 } });
    const second = await start({ name: 'second' });
    const bench = await balance({
      providers: [entry(second), entry(first)],
      model_routes: {
        'claude-sonnet-5-5': [{ provider: 'first', model: 'one', priority: 1 }],
        '*sonnet*': [{ provider: 'second', model: 'two', priority: 1 }],
      },
    });
    for (const asked of [1, 1]) {
      expect((await bench.messages().end).header('x-provider-used')).toBe('second');
      expect(first.requests).toHaveLength(asked);
    }
    expect(second.requests.map(({ body }) => body.toString().includes('"two"'))).toEqual([true, true]);
  });

  it('leave out a provider whose available_models do not name the model', async () => {
    const first = await start({ name: 'first' });
    const second = await start({ name: 'second' });
    const bench = await balance({
      providers: [entry(first, { available_models: ['claude-opus-5-5'] }), entry(second)],
    });
    expect((await bench.messages().end).header('x-provider-used')).toBe('second');
    const opus = await bench.messages({ body: BODY.replace('sonnet', 'opus') }).end;
    expect(opus.header('x-provider-used')).toBe('first');
  });
});

function fail(): never {
  throw new Error('nothing was received');
}
