import { describe, expect, it } from 'vitest';
import type { ReplySink } from '../../src/engine/interface.ts';
import { HandStream, jsonReply, streamReply } from './fake-engine.ts';
import { Fixture, NOW, SETTINGS, within } from './fixture.ts';
import { head } from './raw.ts';
import { loopback } from './setup.ts';

const { start, raw } = loopback();

const BODY = JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hi' }] });
const STREAM_BODY = JSON.stringify({ ...JSON.parse(BODY), stream: true });
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
};
const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const STARTED = event('message_start', { message: { id: 'msg_1', model: 'm', usage: { input_tokens: 1 } } });
const BLOCK = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const delta = (text: string) =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
const ENDED = `${event('content_block_stop', { index: 0 })}${event('message_delta', {
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 2 },
})}${event('message_stop')}`;

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers });
}

function ask(body: string): string {
  return `${head('POST /v1/chat/completions', `Content-Length: ${Buffer.byteLength(body)}`)}${body}`;
}

describe('POST /v1/chat/completions', () => {
  it('hands a Messages request to the engine: path without query, headers without OpenAI’s, the budget booked', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async (request) => {
      expect(fixture.budget.used()).toBe(request.body.length);
      request.releaseBody();
      return jsonReply(200, MESSAGE);
    };
    const response = await fetch(`${url}/v1/chat/completions?api-version=1`, {
      method: 'POST',
      body: BODY,
      headers: {
        authorization: 'Bearer sk-mine',
        'api-key': 'azure',
        'openai-organization': 'org',
        'x-stainless-lang': 'js',
        'x-stainless-timeout': '60',
        'x-provider': 'GAC',
      },
    });
    expect(response.status).toBe(200);
    const [request] = fixture.engine.requests;
    expect(request).toMatchObject({
      id: 'req_1',
      endpoint: 'messages',
      path: '/v1/messages',
      receivedAt: NOW,
      caller: 'authorization\nBearer sk-mine',
    });
    expect(JSON.parse(String(request?.body))).toMatchObject({
      model: 'claude-sonnet-4-5',
      max_tokens: 32_000,
    });
    const headers = new Headers();
    for (let at = 0; at < (request?.headers.length ?? 0); at += 2)
      headers.append(request?.headers[at] ?? '', request?.headers[at + 1] ?? '');
    expect(Object.fromEntries(headers)).toMatchObject({
      authorization: 'Bearer sk-mine',
      'content-type': 'application/json',
      'x-stainless-timeout': '60',
      'x-provider': 'GAC',
    });
    for (const name of ['api-key', 'openai-organization', 'x-stainless-lang'])
      expect(headers.has(name)).toBe(false);
    expect(fixture.budget.used()).toBe(0);
  });

  it('answers with a completion; headers of the other protocol stay here, ours go out', async () => {
    const { fixture, url } = await start();
    const own = [
      'x-balancer-provider',
      'GAC',
      'anthropic-organization-id',
      'o',
      'content-length',
      '7',
      'request-id',
      'r',
    ];
    fixture.engine.answer = async () => jsonReply(200, MESSAGE, own);
    const response = await post(url, BODY);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      id: 'chatcmpl-1',
      created: NOW / 1000,
      choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
    });
    const { headers } = response;
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(headers.get('x-balancer-provider')).toBe('GAC');
    expect(headers.get('x-request-id')).toBe('req_1');
    expect(headers.has('anthropic-organization-id')).toBe(false);
  });

  it('is found at the other spellings of its path too', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () => jsonReply(200, MESSAGE);
    for (const path of ['/chat/completions', '/chat/completions/', '/v1/v1/chat/completions']) {
      const response = await fetch(url + path, { method: 'POST', body: BODY });
      expect(await response.json(), path).toMatchObject({ object: 'chat.completion' });
    }
    expect(fixture.events).toEqual([
      {
        type: 'client.hint',
        message: 'A client asks for /v1/v1/chat/completions: its base URL should not end in /v1.',
      },
    ]);
  });

  it('hands back an error in OpenAI’s envelope, with what steers the client’s retries', async () => {
    const { fixture, url } = await start();
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } };
    fixture.engine.answer = async () => jsonReply(529, error, ['retry-after', '7', 'x-should-retry', 'true']);
    const response = await post(url, STREAM_BODY);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('x-should-retry')).toBe('true');
    expect(await response.json()).toEqual({
      error: { message: 'Busy', type: 'server_error', param: null, code: 'overloaded' },
    });
  });
});

describe('what is refused before the engine', () => {
  const errorOf = async (response: Response) => {
    const { error } = (await response.json()) as { error: unknown };
    return [response.status, error];
  };

  it('is told in OpenAI’s envelope: body, method, size, encoding, shutdown, place', async () => {
    const { fixture, url } = await start();
    const refused = async (body: string, init: RequestInit = {}) =>
      errorOf(await fetch(`${url}/v1/chat/completions`, { method: 'POST', body, ...init }));
    const invalid = { type: 'invalid_request_error', param: null };
    expect(await refused('[1]')).toMatchObject([400, invalid]);
    expect(await refused('{"model":')).toMatchObject([400, { ...invalid, code: 'invalid_json' }]);
    expect(await refused(JSON.stringify({ ...JSON.parse(BODY), n: 2 }))).toMatchObject([400, { param: 'n' }]);
    expect(await refused(BODY, { headers: { 'content-encoding': 'zstd' } })).toMatchObject([415, invalid]);
    expect(await refused('{'.repeat(1_000_001))).toMatchObject([413, { code: 'request_too_large' }]);
    expect(await errorOf(await fetch(`${url}/v1/chat/completions`))).toMatchObject([405, invalid]);
    expect(fixture.engine.requests).toEqual([]);
    expect(fixture.budget.used()).toBe(0);
    expect(fixture.events).toContainEqual(
      expect.objectContaining({ type: 'request.rejected', path: '/v1/chat/completions', status: 400 }),
    );
    fixture.engine.current = { ...fixture.engine.current, phase: 'draining' };
    expect(await refused(BODY)).toMatchObject([503, { type: 'server_error' }]);
  });

  it('is an unknown key, and a foreign page', async () => {
    const fixture = new Fixture();
    const ask = (headers: Record<string, string>) =>
      fixture.request('/v1/chat/completions', { method: 'POST', body: BODY, headers });
    expect(await errorOf(await ask({ origin: 'https://evil.example' }))).toMatchObject([
      403,
      { type: 'permission_error' },
    ]);
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['sk-team'], exemptPaths: [] } };
    const wrong = await ask({ authorization: 'Bearer sk-guess' });
    expect(wrong.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(wrong)).toEqual([
      401,
      { message: 'Invalid API key.', type: 'authentication_error', param: null, code: 'invalid_api_key' },
    ]);
  });

  it('has the keys about the provider where they are asked for', async () => {
    const { fixture, url } = await start();
    fixture.settings = { ...SETTINGS, exposeProviderErrors: true };
    const nobody = { provider: null, provider_message: null, provider_code: null };
    expect(await errorOf(await post(url, '[1]'))).toMatchObject([400, nobody]);
    const keys = { provider: 'GAC', provider_message: 'Busy', provider_code: 'overloaded_error' };
    const error = { type: 'error', error: { type: 'api_error', message: 'm', ...keys } };
    fixture.engine.answer = async () => jsonReply(503, error);
    expect(await errorOf(await post(url, BODY))).toMatchObject([503, keys]);
  });

  it('is a request whose converted bytes find no room', async () => {
    const { fixture, url } = await start();
    const messages = Array.from({ length: 2_000 }, () => ({ role: 'tool', content: 'x' }));
    const body = JSON.stringify({ model: 'm', messages });
    fixture.settings = { ...SETTINGS, maxBufferedBytes: Buffer.byteLength(body) + 10 };
    expect(await errorOf(await post(url, body))).toMatchObject([
      503,
      { message: expect.stringContaining('max_buffered_bytes') },
    ]);
    expect(fixture.budget.used()).toBe(0);
  });

  it('is never a balancer’s own key that goes on', async () => {
    const { fixture, url } = await start();
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['sk-team'], exemptPaths: [] } };
    fixture.engine.answer = async () => jsonReply(200, MESSAGE);
    expect((await post(url, BODY, { authorization: 'Bearer sk-team' })).status).toBe(200);
    expect(fixture.engine.requests[0]?.headers.join(' ')).not.toContain('sk-team');
  });
});

describe('a streamed completion', () => {
  const streaming = async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.write(ask(STREAM_BODY));
    return { fixture, stream, client, sink: await within(stream.piped, 'the stream') };
  };

  it('sends its head at once, chunks as events become whole, pings as comments, and its end', async () => {
    const { client, sink } = await streaming();
    const first = await client.until('\r\n\r\n');
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream; charset=utf-8\r\n/);
    const bytes = Buffer.from(event('ping') + STARTED + BLOCK + delta('Grüß dich') + ENDED);
    expect(sink.chunk(bytes.subarray(0, 90))).toBe(true);
    await client.until(': ping\n\n');
    sink.chunk(bytes.subarray(90));
    sink.end();
    const answer = await client.until('\r\n0\r\n\r\n');
    expect(Buffer.from(answer, 'latin1').toString()).toContain('"delta":{"content":"Grüß dich"}');
    expect(answer).toContain('"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  });

  it('when cut tells the error, then breaks the connection', async () => {
    const { client, sink } = await streaming();
    sink.chunk(Buffer.from(`${STARTED}${BLOCK}${delta('Hel')}event: content_block_delta\ndata: {"ty`));
    sink.cut();
    const answer = await client.all();
    expect(answer).toContain('"delta":{"content":"Hel"}');
    expect(answer).toContain('data: {"error":{"message":"The answer broke off before its end."');
    expect(answer.endsWith('\r\n0\r\n\r\n')).toBe(false);
  });

  it('holds its source back while the client does not read, also over bytes that become no event', async () => {
    const { stream, client, sink } = await streaming();
    await client.until('\r\n\r\n');
    client.socket.pause();
    sink.chunk(Buffer.from(STARTED + BLOCK));
    const piece = Buffer.from(delta('x'.repeat(60_000)));
    await within(
      (async () => {
        while (sink.chunk(piece)) await new Promise((resolve) => setImmediate(resolve));
      })(),
      'the pause',
    );
    expect(sink.chunk(Buffer.from('event: content_block_delta\n'))).toBe(false);
    client.socket.resume();
    await within(
      (async () => {
        while (stream.resumed === 0) await new Promise((resolve) => setImmediate(resolve));
      })(),
      'the resumption',
    );
    expect(sink.chunk(Buffer.from('data: {"type":"ping"}\n\n'))).toBe(true);
    sink.chunk(Buffer.from(ENDED));
    sink.end();
    await client.until('\r\n0\r\n\r\n');
  });

  it('tells the engine when its client leaves', async () => {
    const { fixture, url } = await start();
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const stream = new HandStream();
    fixture.engine.answer = async (_request, departure) => {
      departure.addEventListener('abort', () => left?.(), { once: true });
      return streamReply(stream);
    };
    const client = raw(url);
    client.write(ask(STREAM_BODY));
    const sink: ReplySink = await within(stream.piped, 'the stream');
    client.destroy();
    await within(gone, 'the departure');
    expect(sink.chunk(Buffer.from(STARTED))).toBe(true);
  });
});

describe('GET /v1/models', () => {
  const fixture = new Fixture();
  fixture.engine.list = [
    { id: 'claude-a', displayName: 'A', createdAt: '2025-01-01T00:00:00Z' },
    { id: 'claude-b', displayName: 'B', createdAt: 'no date' },
  ];
  const listed = async (headers: Record<string, string>, path = '/v1/models?limit=1') =>
    (await fixture.request(path, { headers })).json();
  const bearer = { authorization: 'Bearer sk' };

  it('is OpenAI’s list, whole, for whoever shows nothing but Authorization', async () => {
    const list = {
      object: 'list',
      data: [
        { id: 'claude-a', object: 'model', created: 1_735_689_600, owned_by: 'balancer' },
        { id: 'claude-b', object: 'model', created: 0, owned_by: 'balancer' },
      ],
    };
    expect(await listed({ ...bearer, 'api-key': 'azure' })).toEqual(list);
    expect(fixture.engine.modelHeaders).not.toContain('azure');
    expect(await listed(bearer, '/models')).toEqual(list);
  });

  it.each([
    [{ ...bearer, 'anthropic-version': '2023-06-01' }],
    [{ 'x-api-key': 'sk' }],
    [{ ...bearer, 'user-agent': 'claude-code/2.1.329' }],
    [{ ...bearer, 'user-agent': 'claude-cli/2.1.329 (external, cli)' }],
    [{}],
  ])('is Anthropic’s page for %j', async (headers) => {
    expect(await listed(headers)).toMatchObject({
      data: [{ type: 'model', id: 'claude-a' }],
      has_more: true,
    });
  });

  it('tells errors to each in its own words', async () => {
    fixture.settings = { ...SETTINGS, auth: { enabled: true, apiKeys: ['sk-team'], exemptPaths: [] } };
    expect(await listed(bearer)).toMatchObject({ error: { code: 'invalid_api_key' } });
    expect(await listed({ 'x-api-key': 'sk' })).toMatchObject({ type: 'error' });
    fixture.settings = SETTINGS;
  });
});
