import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { HELD } from '../support/behaviours.ts';
import { fetchAnswer, messagesBody } from '../support/client.ts';
import { entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import type { Loopback } from '../support/loopback.ts';
import { useProviders } from '../support/providers.ts';
import { serveHttpProxy } from '../support/proxies.ts';
import { duplicate } from '../support/session.ts';

const balance = useBench();
const start = useProviders();

const chat = (provider: { readonly name: string; readonly url: string }, changes = {}) =>
  entry(provider, { type: 'openai', ...changes });

describe('equal requests at a provider of type openai', () => {
  it('share one upstream request, and a hundred clients get the same bytes', async () => {
    const provider = await start({ name: 'chat', behaviour: { ...HELD, pieces: 50 } as Behaviour });
    const bench = await balance({ providers: [chat(provider)] });
    const answers = Array.from({ length: 100 }, () => bench.messages(duplicate()));
    await bench.until(
      '99 duplicates',
      () => bench.events.filter(({ type }) => type === 'request.joined').length === 99,
    );
    provider.release();
    const ended = await Promise.all(answers.map(({ end }) => end));
    expect(provider.requests).toHaveLength(1);
    expect(new Set(ended.map(({ text }) => text)).size).toBe(1);
    expect(ended[0]?.events.at(-1)?.name).toBe('message_stop');
    await bench.ended(100);
    expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
  });

  it('get the form that each of them asked for', async () => {
    const provider = await start({ name: 'chat', behaviour: { ...HELD, text: 'Two forms.' } as Behaviour });
    const bench = await balance({ providers: [chat(provider)] });
    const streamed = bench.messages(duplicate());
    await provider.nextRequest();
    const whole = bench.messages(duplicate({}, WHOLE_BODY));
    await bench.until('a duplicate', () => bench.events.some(({ type }) => type === 'request.joined'));
    provider.release();
    const [stream, message] = await Promise.all([streamed.end, whole.end]);
    expect(stream.events.at(-1)?.name).toBe('message_stop');
    expect(message.json()).toMatchObject({ content: [{ type: 'text', text: 'Two forms.' }] });
    expect(provider.requests).toHaveLength(1);
  });
});

describe('a session', () => {
  it('stays with the provider of type openai that answered it', async () => {
    const one = await start({
      name: 'one',
      behaviour: [{ kind: 'http', status: 500, body: 'down' }, { kind: 'message' }],
    });
    const two = await start({ name: 'two' });
    const bench = await balance({
      providers: [entry(one), chat(two)],
      settings: { sticky_provider_duration: 300, unhealthy_threshold: 100 },
    });
    const headers = { 'x-claude-code-session-id': 's1' };
    expect((await bench.messages({ headers }).end).header('x-provider-used')).toBe('two');
    expect((await bench.messages({ headers }).end).header('x-provider-used')).toBe('two');
    expect(one.requests).toHaveLength(1);
  });
});

describe('the way to a provider of type openai', () => {
  it('goes through its proxy', async () => {
    const provider = await start({ name: 'chat' });
    const proxy = await serveHttpProxy({ port: provider.port } as Loopback);
    const bench = await balance({
      providers: [chat({ name: 'chat', url: 'http://llm.example/v1' }, { proxy: proxy.url })],
    });
    expect((await bench.messages().end).status).toBe(200);
    expect(proxy.asked[0]).toMatch(
      /^(?:CONNECT llm\.example:80|POST http:\/\/llm\.example\/v1\/chat\/completions) /,
    );
    expect(provider.requests[0]?.header('host')).toBe('llm.example');
    await proxy.close();
  });

  it.each([
    ['', '/v1/chat/completions'],
    ['/v1', '/v1/chat/completions'],
    ['/api/paas/v4/', '/api/paas/v4/chat/completions'],
    ['/v1/chat/completions', '/v1/chat/completions'],
    [
      '/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
      '/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
    ],
  ])('leads from a base_url with %j to %s', async (base, path) => {
    const provider = await start({ name: 'chat' });
    const bench = await balance({ providers: [chat({ name: 'chat', url: provider.url + base })] });
    expect((await bench.messages().end).status).toBe(200);
    expect(provider.requests.map((request) => request.path)).toEqual([path]);
  });
});

describe('the client’s credential', () => {
  const passing = async () => {
    const provider = await start({ name: 'chat' });
    const bench = await balance({ providers: [chat(provider, { auth_value: 'passthrough' })] });
    return { provider, bench };
  };

  it.each([
    ['x-api-key', { 'x-api-key': 'sk-mine' }],
    ['authorization', { authorization: 'Bearer sk-mine', 'x-api-key': '' }],
  ])('passes as Bearer where it is to: %s', async (_, headers) => {
    const { provider, bench } = await passing();
    await bench.messages({ headers: headers as unknown as Record<string, string> }).end;
    expect(provider.requests[0]?.header('authorization')).toBe('Bearer sk-mine');
    expect(provider.requests[0]?.header('x-api-key')).toBeUndefined();
  });

  it('that is missing is the client’s to mend', async () => {
    const { provider, bench } = await passing();
    const answer = await bench.messages({ headers: { 'x-api-key': '' } }).end;
    expect([answer.status, answer.json()]).toMatchObject([401, { error: { type: 'authentication_error' } }]);
    expect(provider.requests).toHaveLength(0);
  });
});

describe('the models of a provider of type openai', () => {
  const LIST: Behaviour = {
    kind: 'http',
    status: 200,
    body: {
      object: 'list',
      data: [{ id: 'deepseek-chat', object: 'model', created: 1_735_689_600, owned_by: 'x' }],
    },
  };

  it('are listed where it takes every model, with their dates', async () => {
    const provider = await start({ name: 'chat', sideBehaviour: LIST });
    const bench = await balance({ providers: [chat(provider)] });
    await fetchAnswer(`${bench.url}/v1/models`);
    await bench.until('the list', () => bench.balancer.engine.models([]).length > 0);
    expect(provider.requests[0]?.path).toBe('/v1/models');
    expect(provider.requests[0]?.header('authorization')).toMatch(/^Bearer /);
    expect((await fetchAnswer(`${bench.url}/v1/models`)).json()).toMatchObject({
      data: [{ id: 'deepseek-chat', created_at: '2025-01-01T00:00:00.000Z' }],
    });
  });

  it('are those that its entry names, without a question', async () => {
    const provider = await start({ name: 'chat', sideBehaviour: LIST });
    const bench = await balance({
      providers: [
        chat(provider, {
          available_models: ['claude-sonnet-5-5'],
          model_mappings: { 'claude-sonnet-5-5': 'deepseek-chat' },
        }),
      ],
    });
    expect((await fetchAnswer(`${bench.url}/v1/models`)).json()).toMatchObject({
      data: [{ id: 'claude-sonnet-5-5' }],
    });
    await bench.messages({ body: messagesBody({ model: 'claude-opus-5-5' }) }).end;
    expect(provider.requests).toHaveLength(0);
    await bench.messages().end;
    expect(provider.requests[0]?.json()).toMatchObject({ model: 'deepseek-chat' });
  });

  it('follow the route: its own name, or the client’s with passthrough', async () => {
    const provider = await start({ name: 'chat' });
    const bench = await balance({
      providers: [chat(provider)],
      model_routes: {
        '*sonnet*': [{ provider: 'chat', model: 'deepseek-chat' }],
        '*': [{ provider: 'chat', model: 'passthrough' }],
      },
    });
    await bench.messages().end;
    await bench.messages({ body: messagesBody({ model: 'qwen3-coder' }) }).end;
    expect(provider.requests.map((request) => (request.json() as { model: string }).model)).toEqual([
      'deepseek-chat',
      'qwen3-coder',
    ]);
  });
});
