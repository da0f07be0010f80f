import { describe, expect, it } from 'vitest';
import { HandStream, jsonReply, streamReply } from './fake-engine.ts';
import { NOW, within } from './fixture.ts';
import { loopback } from './setup.ts';

const { start } = loopback();

describe('POST /v1/messages', () => {
  it('hands path, query, headers and bytes to the engine as they came', async () => {
    const { fixture, url } = await start();
    const body = '{"model":"claude-opus-5-5","messages":[{"role":"user","content":"“你好”"}]}';
    const response = await fetch(`${url}/v1/messages?beta=true`, {
      method: 'POST',
      body,
      headers: { 'X-Claude-Code-Session-Id': 'abc' },
    });
    expect(response.status).toBe(200);
    const [request] = fixture.engine.requests;
    expect(request).toMatchObject({ id: 'req_1', endpoint: 'messages', path: '/v1/messages?beta=true' });
    expect(request?.receivedAt).toBe(NOW);
    expect(request?.body.toString()).toBe(body);
    expect(request?.headers).toContain('abc');
  });

  it('returns status, headers and body of a reply unmodified, and names the request', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () => jsonReply(429, { slow: 'down' }, ['retry-after', '7']);
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('content-length')).toBe('15');
    expect(response.headers.get('x-balancer-request-id')).toBe('req_1');
    expect(await response.json()).toEqual({ slow: 'down' });
  });

  it('streams chunk by chunk: what was held first, then what follows', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream(['event: one\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
    const reader = response.body?.getReader();
    const text = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await within(text(), 'the first event')).toBe('event: one\n\n');
    const sink = await stream.piped;
    sink.chunk(Buffer.from('event: two\n\n'));
    expect(await within(text(), 'the second event')).toBe('event: two\n\n');
    sink.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  it('serves count_tokens as an endpoint of its own', async () => {
    const { fixture, url } = await start();
    await fetch(`${url}/v1/messages/count_tokens?beta=true`, { method: 'POST', body: '{}' });
    expect(fixture.engine.requests[0]).toMatchObject({
      endpoint: 'count_tokens',
      path: '/v1/messages/count_tokens?beta=true',
    });
  });

  it('tolerates a base URL that ends in /v1, and says so once', async () => {
    const { fixture, url } = await start();
    for (const path of ['/v1/v1/messages?beta=true', '/v1/v1/messages/count_tokens']) {
      expect((await fetch(url + path, { method: 'POST', body: '{}' })).status).toBe(200);
    }
    expect(fixture.engine.requests.map(({ path }) => path)).toEqual([
      '/v1/messages?beta=true',
      '/v1/messages/count_tokens',
    ]);
    expect(fixture.events).toEqual([
      {
        type: 'client.hint',
        message: 'A client asks for /v1/v1/messages: its ANTHROPIC_BASE_URL should not end in /v1.',
      },
    ]);
  });
});
