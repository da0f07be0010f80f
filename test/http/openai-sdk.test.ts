import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { send } from '../support/client.ts';
import { type Bench, credentialsOf, entry, keyOf, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const MODEL = 'claude-sonnet-4-5';
const HELLO = [{ role: 'user', content: 'Say hello.' }] as const;
const WEATHER: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

/** OpenAI's own client before the balancer. */
function clientOf({ url }: Pick<Bench, 'url'>, options: { apiKey?: string; base?: string } = {}): OpenAI {
  const { apiKey = 'unused', base = '/v1' } = options;
  return new OpenAI({ baseURL: url + base, apiKey, maxRetries: 0, timeout: 10_000 });
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

function bodyOf(request: ReceivedRequest | undefined): Record<string, unknown> {
  return request?.json() as Record<string, unknown>;
}

describe('chat.completions.create of the openai package', () => {
  it('gets a completion of an Anthropic provider', async () => {
    const provider = await start({
      behaviour: { kind: 'message', text: 'Hello 😀', usage: { input: 5, output: 7, cacheRead: 3 } },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const completion = await clientOf(bench).chat.completions.create({ model: MODEL, messages: [...HELLO] });
    expect(completion).toMatchObject({
      id: `chatcmpl-${provider.name}_1`,
      object: 'chat.completion',
      created: Math.floor(bench.clock.now() / 1000),
      model: MODEL,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello 😀' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 8,
        completion_tokens: 7,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 3 },
      },
    });
    expect(bodyOf(provider.requests[0])).toEqual({
      model: MODEL,
      max_tokens: 32_000,
      messages: [{ role: 'user', content: 'Say hello.' }],
    });
    expect(completion._request_id).toBe((await bench.ended(1)).request.id);
  });

  it('is served with the provider’s credential; what is for OpenAI alone stays here', async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider)] });
    const client = new OpenAI({
      baseURL: `${bench.url}/v1`,
      apiKey: 'sk-of-the-client',
      organization: 'org-1',
      project: 'proj-1',
      defaultHeaders: { 'api-key': 'azure-key' },
    });
    await client.chat.completions.create({ model: MODEL, messages: [...HELLO] });
    const [request] = provider.requests;
    expect([request?.method, request?.path]).toEqual(['POST', '/v1/messages']);
    expect(credentialsOf(request as ReceivedRequest)).toEqual([keyOf(provider.name), undefined]);
    expect(request?.header('anthropic-version')).toBe('2023-06-01');
    expect(request?.header('content-type')).toBe('application/json');
    for (const name of ['openai-organization', 'openai-project', 'api-key', 'x-stainless-lang'])
      expect(request?.header(name)).toBeUndefined();
  });

  it('passes the client’s own key where a provider says passthrough', async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider, { auth_value: 'passthrough' })] });
    await clientOf(bench, { apiKey: 'sk-mine' }).chat.completions.create({
      model: MODEL,
      messages: [...HELLO],
    });
    expect(credentialsOf(provider.requests[0] as ReceivedRequest)).toEqual([undefined, 'Bearer sk-mine']);
  });

  it('is served at /chat/completions as well, and fails over', async () => {
    const broken = await start({
      name: 'broken',
      behaviour: apiError(529, 'overloaded_error', 'Overloaded'),
    });
    const good = await start({ name: 'good', behaviour: { kind: 'message', text: 'hi' } });
    const bench = await balance({ providers: [entry(broken), entry(good)] });
    const { data, response } = await clientOf(bench, { base: '' })
      .chat.completions.create({ model: MODEL, messages: [...HELLO] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('hi');
    expect(response.headers.get('x-balancer-provider')).toBe('good');
    expect(response.headers.get('x-balancer-attempts')).toBe('2');
  });
});

describe('a stream for the openai package', () => {
  it('is read whole, with its usage where that was asked for', async () => {
    const provider = await start({
      behaviour: {
        kind: 'message',
        blocks: [
          { type: 'thinking', thinking: 'Let me see.' },
          { type: 'text', text: 'Hello there' },
        ],
        usage: { input: 20, output: 9 },
      },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const chunks = await collect(
      await clientOf(bench).chat.completions.create({
        model: MODEL,
        messages: [...HELLO],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    const said = (key: 'content' | 'reasoning_content') =>
      chunks.map(({ choices }) => (choices[0]?.delta as Record<string, unknown>)?.[key] ?? '').join('');
    expect(said('content')).toBe('Hello there');
    expect(said('reasoning_content')).toBe('Let me see.');
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 20, completion_tokens: 9, total_tokens: 29 },
    });
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    expect(bodyOf(provider.requests[0]).stream).toBe(true);
  });

  it('is put together by the package as the whole answer would be', async () => {
    const provider = await start({
      behaviour: {
        kind: 'message',
        blocks: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'toolu_2', name: 'weather', input: {} },
        ],
      },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const request = { model: MODEL, messages: [...HELLO], tools: [WEATHER] };
    const whole = await clientOf(bench).chat.completions.create(request);
    const streamed = await clientOf(bench).chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'weather', arguments: '{}' } },
    ]);
    expect(whole.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'weather', arguments: '{}' } },
    ]);
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]?.message.content).toBe('I look.');
      expect(choices[0]?.finish_reason).toBe('tool_calls');
    }
  });

  it.each(['fin', 'reset'] as const)(
    'that breaks off after the commit (%s) is an error, not a short answer',
    async (ends) => {
      const provider = await start({
        behaviour: { kind: 'cut', after: 'delta', ends, of: { text: 'Hello there' } },
      });
      const bench = await balance({ providers: [entry(provider)] });
      const stream = await clientOf(bench).chat.completions.create({
        model: MODEL,
        messages: [...HELLO],
        stream: true,
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { choices } of stream) seen.push(choices[0]?.delta.content ?? '');
      })();
      await expect(reading).rejects.toThrow(OpenAI.APIError);
      expect(seen.join('')).not.toBe('');
    },
  );

  it('ends at the provider when its client leaves', async () => {
    const provider = await start({
      behaviour: { kind: 'message', text: 'Hello there', hold: 'before_last' },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const stream = await clientOf(bench).chat.completions.create({
      model: MODEL,
      messages: [...HELLO],
      stream: true,
    });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await expect(provider.requests[0]?.ended).resolves.toBe('client_left');
  });
});

describe('between the protocols', () => {
  const asked = JSON.stringify({ model: MODEL, max_tokens: 64, messages: HELLO, stream: true });

  it('equal requests share one answer, and a kept one is given out in each form', async () => {
    const provider = await start({ behaviour: { kind: 'message', text: 'Hello', hold: 'before_content' } });
    const bench = await balance({
      providers: [entry(provider)],
      settings: { deduplication: { scope: 'all' }, cache_ttl: 600 },
    });
    const client = clientOf(bench);
    const request = { model: MODEL, max_tokens: 64, messages: [...HELLO] };
    const streamed = client.chat.completions.stream(request).finalContent();
    await (await provider.nextRequest()).held;
    const whole = client.chat.completions.create(request);
    await bench.until(
      'the second request',
      () => bench.events.filter(({ type }) => type === 'request.received').length === 2,
    );
    provider.release();
    expect(await streamed).toBe('Hello');
    expect((await whole).choices[0]?.message.content).toBe('Hello');
    const kept = await client.chat.completions.create(request).withResponse();
    expect(kept.response.headers.get('x-balancer-cache')).toBe('hit');
    expect(kept.data.choices[0]?.message.content).toBe('Hello');
    expect(await client.chat.completions.stream(request).finalContent()).toBe('Hello');
    expect(provider.requests).toHaveLength(1);
  });

  it('a stream that is still without content after 60 s gets its headers, and comments until it has', async () => {
    const provider = await start({ behaviour: { kind: 'message', text: 'Late', hold: 'before_content' } });
    const bench = await balance({ providers: [entry(provider)] });
    const answer = send(`${bench.url}/v1/chat/completions`, { body: asked });
    await (await provider.nextRequest()).held;
    bench.clock.advance(60_000);
    expect((await answer.head).status).toBe(200);
    await answer.text(': ping\n\n');
    provider.release();
    const { text, end } = await answer.end;
    expect(end).toBe('complete');
    expect(text).toContain('"delta":{"role":"assistant","content":""}');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('one that fails after its headers ends with the error', async () => {
    const silent = await start({ name: 'silent', behaviour: { kind: 'break', fault: 'silence' } });
    const words = 'prompt is too long: 300000 tokens > 200000 maximum';
    const refusing = await start({
      name: 'refusing',
      behaviour: apiError(400, 'invalid_request_error', words),
    });
    const bench = await balance({ providers: [entry(silent), entry(refusing)] });
    const answer = send(`${bench.url}/v1/chat/completions`, { body: asked });
    await silent.nextRequest();
    bench.clock.advance(180_000);
    const { text, status } = await answer.end;
    expect(status).toBe(200);
    expect(text).toContain('"code":"context_length_exceeded"');
    expect(text).not.toContain('[DONE]');
  });
});

describe('tools of the openai package', () => {
  const behaviour = (request: ReceivedRequest) => {
    const { messages } = bodyOf(request) as { messages: { content: unknown }[] };
    const isAnswered = JSON.stringify(messages.at(-1)?.content).includes('tool_result');
    return isAnswered
      ? ({ kind: 'message', text: 'It rains in both.' } as const)
      : ({
          kind: 'message',
          blocks: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Köln' } },
            { type: 'tool_use', id: 'toolu_b', name: 'weather', input: { city: 'Bonn' } },
          ],
        } as const);
  };

  it.each([false, true])(
    'are run by runTools (stream: %s): two calls, their results in one turn',
    async (stream) => {
      const provider = await start({ behaviour });
      const bench = await balance({ providers: [entry(provider)] });
      const asked: string[] = [];
      const tool = {
        type: 'function',
        function: {
          ...WEATHER.function,
          parse: JSON.parse,
          function: ({ city }: { city: string }) => {
            asked.push(city);
            return `rain in ${city}`;
          },
        },
      } as const;
      const { completions } = clientOf(bench).chat;
      const request = { model: MODEL, messages: [...HELLO], tools: [tool] };
      const runner = stream
        ? completions.runTools({ ...request, stream: true } as never)
        : completions.runTools(request as never);
      expect(await runner.finalContent()).toBe('It rains in both.');
      expect(asked).toEqual(['Köln', 'Bonn']);
      expect(bodyOf(provider.requests[1]).messages).toEqual([
        { role: 'user', content: 'Say hello.' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Köln' } },
            { type: 'tool_use', id: 'toolu_b', name: 'weather', input: { city: 'Bonn' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_a', content: 'rain in Köln' },
            { type: 'tool_result', tool_use_id: 'toolu_b', content: 'rain in Bonn' },
          ],
        },
      ]);
    },
  );

  it('think on with the signature that came with their calls', async () => {
    const provider = await start({
      behaviour: {
        kind: 'message',
        blocks: [
          { type: 'thinking', thinking: 'Weather?' },
          { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Köln' } },
        ],
      },
    });
    const bench = await balance({ providers: [entry(provider)] });
    const request = { model: MODEL, tools: [WEATHER], reasoning_effort: 'high' as const };
    const { completions } = clientOf(bench).chat;
    const first = await completions.create({ ...request, messages: [...HELLO] });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    const result = { role: 'tool', tool_call_id: 'toolu_a', content: 'rain' } as const;
    await completions.create({ ...request, messages: [...HELLO, message, result] });
    const { thinking, messages } = bodyOf(provider.requests[1]) as { thinking: unknown; messages: unknown[] };
    expect(thinking).toEqual({ type: 'enabled', budget_tokens: 24_000 });
    expect(messages[1]).toMatchObject({
      content: [{ type: 'thinking', thinking: 'Weather?' }, { type: 'tool_use' }],
    });
  });
});

describe('errors for the openai package', () => {
  it('are of its classes, with the provider’s words', async () => {
    const provider = await start({
      behaviour: apiError(400, 'invalid_request_error', 'messages.0: something is wrong'),
    });
    const bench = await balance({ providers: [entry(provider)] });
    const failed = await clientOf(bench)
      .chat.completions.create({ model: MODEL, messages: [...HELLO] })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OpenAI.BadRequestError);
    expect(failed).toMatchObject({ status: 400, type: 'invalid_request_error', param: null });
    expect(String(failed)).toContain('messages.0: something is wrong');
  });

  it('name every attempt where nobody could answer', async () => {
    const provider = await start({ name: 'alone', behaviour: { kind: 'http', status: 500, body: 'down' } });
    const bench = await balance({
      providers: [entry(provider)],
      settings: { max_attempts: 0, hold_while_cooling: 0 },
    });
    const failed = await clientOf(bench)
      .chat.completions.create({ model: MODEL, messages: [...HELLO] })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failed).toMatchObject({ status: 503, type: 'server_error' });
    expect(String(failed)).toContain('alone');
  });

  it('say what cannot be served here, before anyone is asked', async () => {
    const provider = await start();
    const bench = await balance({ providers: [entry(provider)] });
    const failed = await clientOf(bench)
      .chat.completions.create({ model: MODEL, messages: [...HELLO], n: 2 })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OpenAI.BadRequestError);
    expect(failed).toMatchObject({ param: 'n', code: 'unsupported_value' });
    expect(provider.requests).toEqual([]);
  });

  it('tell of a wrong key and of a model without a route', async () => {
    const provider = await start();
    const bench = await balance({
      providers: [entry(provider)],
      model_routes: { '*opus*': [{ provider: provider.name, model: 'passthrough', priority: 1 }] },
      settings: { auth: { enabled: true, api_key: 'sk-team' } },
    });
    const wrong = clientOf(bench, { apiKey: 'sk-guess' }).models.list();
    await expect(wrong).rejects.toThrow(OpenAI.AuthenticationError);
    const ask = (apiKey: string) =>
      clientOf(bench, { apiKey }).chat.completions.create({ model: MODEL, messages: [...HELLO] });
    await expect(ask('sk-guess')).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(ask('sk-team')).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe('models.list', () => {
  it('of the openai package has the models of the configuration', async () => {
    const provider = await start();
    const bench = await balance({
      providers: [entry(provider, { available_models: ['claude-a', 'claude-b'] })],
    });
    for (const base of ['/v1', '']) {
      const models = await collect(await clientOf(bench, { base }).models.list());
      expect(models).toEqual([
        { id: 'claude-a', object: 'model', created: 0, owned_by: 'balancer' },
        { id: 'claude-b', object: 'model', created: 0, owned_by: 'balancer' },
      ]);
    }
  });
});

describe('the openai package before a provider of type openai', () => {
  it('gets what the provider said, streamed and not: both conversions undo each other', async () => {
    const provider = await start({
      behaviour: {
        kind: 'message',
        blocks: [
          { type: 'text', text: 'Hello 😀' },
          { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
        ],
        usage: { input: 5, output: 7, cacheRead: 3 },
      },
    });
    const bench = await balance({ providers: [entry(provider, { type: 'openai' })] });
    const ask = { model: 'gpt-test', messages: [...HELLO], tools: [WEATHER] };
    const whole = await clientOf(bench).chat.completions.create(ask);
    const streamed = await clientOf(bench).chat.completions.stream(ask).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices).toMatchObject([
        {
          message: {
            content: 'Hello 😀',
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ]);
    }
    expect(whole.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 7 });
    const [request] = provider.requests;
    expect([request?.method, request?.path]).toEqual(['POST', '/v1/chat/completions']);
    expect(bodyOf(request)).toMatchObject({ model: 'gpt-test', messages: HELLO, tools: [WEATHER] });
  });
});
