import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { HandStream, streamReply } from './fake-engine.ts';
import { SETTINGS, within } from './fixture.ts';
import { head } from './raw.ts';
import { loopback } from './setup.ts';

const { start, raw } = loopback();
const POST = 'POST /v1/messages';

describe('a request body', () => {
  it('arrives whole in pieces, with or without a declared length', async () => {
    const { fixture, url } = await start();
    const body = JSON.stringify({ text: 'x'.repeat(300_000) });
    const client = raw(url);
    client.write(head(POST, `Content-Length: ${body.length}`));
    for (let at = 0; at < body.length; at += 70_000) client.write(body.slice(at, at + 70_000));
    await client.until('{"ok":true}');
    client.clear();
    client.write(head(POST, 'Transfer-Encoding: chunked'));
    client.write('1\r\n{\r\n1\r\n}\r\n0\r\n\r\n');
    await client.until('{"ok":true}');
    expect(fixture.engine.requests.map((request) => request.body.toString())).toEqual([body, '{}']);
    expect(fixture.budget.used()).toBe(0);
  });

  it('is decoded if it came compressed, and the header goes with the encoding', async () => {
    const { fixture, url } = await start();
    const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1_000) }));
    const encodings = [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
      ['br', brotliCompressSync(body)],
      ['identity', body],
    ] as const;
    for (const [name, bytes] of encodings) {
      const headers = { 'content-encoding': name };
      const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: bytes, headers });
      expect(response.status, name).toBe(200);
    }
    expect(fixture.engine.requests.every((request) => request.body.equals(body))).toBe(true);
    const [first] = fixture.engine.requests;
    expect(first?.headers.map((name) => name.toLowerCase())).not.toContain('content-encoding');
  });

  it('of an unknown encoding is a 415, of a false one a 400', async () => {
    const { fixture, url } = await start();
    const post = async (encoding: string) => {
      const headers = { 'content-encoding': encoding };
      return fetch(`${url}/v1/messages`, { method: 'POST', body: '{}', headers });
    };
    const unknown = await post('zstd');
    expect(unknown.status).toBe(415);
    expect(await unknown.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect((await post('gzip')).status).toBe(400);
    expect((await post('gzip, br')).status).toBe(415);
    expect(fixture.budget.used()).toBe(0);
  });

  it('that unpacks to more than the limit is a 413', async () => {
    const { fixture, url } = await start();
    const body = gzipSync(Buffer.alloc(SETTINGS.maxBodySize + 1, 0x20));
    const headers = { 'content-encoding': 'gzip' };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body, headers });
    expect(response.status).toBe(413);
    expect(fixture.budget.used()).toBe(0);
  });

  it('that is no JSON object is a 400 in the envelope', async () => {
    const { fixture, url } = await start();
    for (const body of ['', 'hello', '[]', ' \n"x"']) {
      const response = await fetch(`${url}/v1/messages`, { method: 'POST', body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        type: 'error',
        error: { type: 'invalid_request_error', message: 'The request body is not a JSON object.' },
        request_id: expect.stringMatching(/^req_/),
      });
    }
    expect(fixture.engine.requests).toEqual([]);
    expect(fixture.budget.used()).toBe(0);
  });
});

describe('a body above the limit', () => {
  it('is refused by its declared length while the client is still writing, and the refusal arrives', async () => {
    const { fixture, url } = await start();
    const client = raw(url);
    const size = 20_000_000;
    client.write(head(POST, `Content-Length: ${size}`));
    client.write(Buffer.alloc(size, 0x20));
    const answer = await client.all();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({
      type: 'error',
      error: { type: 'request_too_large', message: expect.stringContaining('settings.max_body_size') },
    });
    expect(client.ending).toBe('end');
    expect(fixture.events).toMatchObject([{ type: 'request.rejected', status: 413, path: '/v1/messages' }]);
  });

  it('without a declared length is refused as soon as the limit is passed', async () => {
    const { fixture, url } = await start();
    const client = raw(url);
    client.write(head(POST, 'Transfer-Encoding: chunked'));
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')]);
    for (let count = 0; count < 40; count += 1) client.write(piece);
    await client.until('request_too_large');
    client.write('0\r\n\r\n');
    await client.all();
    expect(client.ending).toBe('end');
    expect(fixture.budget.used()).toBe(0);
  });

  it('is read on only within bounds', async () => {
    const { url } = await start({ lingerBytes: 100_000 });
    const client = raw(url);
    client.write(head(POST, 'Content-Length: 900000000'));
    const piece = Buffer.alloc(100_000, 0x20);
    const pump = (): void => {
      while (!client.socket.destroyed && client.write(piece));
    };
    client.socket.on('drain', pump);
    pump();
    await client.all();
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('is not waited for when the client falls silent', async () => {
    const { url } = await start({ lingerIdleMs: 20 });
    const client = raw(url);
    client.write(head(POST, 'Content-Length: 900000000'));
    expect(await client.all()).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('the budget of all bodies', () => {
  it('is booked while a request runs and given back when its connection is done', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const running = fetch(`${url}/v1/messages`, { method: 'POST', body: '{"a":1}' });
    const sink = await within(stream.piped, 'the stream');
    expect(fixture.budget.used()).toBe(7);
    sink.end();
    await (await running).text();
    await fetch(`${url}/livez`);
    expect(fixture.budget.used()).toBe(0);
  });

  it('is given back as soon as the engine has no more use for the body, and only once', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async (request) => {
      request.releaseBody();
      return streamReply(stream);
    };
    fixture.budget.acquire(100);
    const running = fetch(`${url}/v1/messages`, { method: 'POST', body: '{"a":1}' });
    const sink = await within(stream.piped, 'the stream');
    expect(fixture.budget.used()).toBe(100);
    sink.end();
    await (await running).text();
    await fetch(`${url}/livez`);
    expect(fixture.budget.used()).toBe(100);
  });

  it('is not taken by clients that declare much and send little', async () => {
    const { fixture, url } = await start();
    const declared = Math.min(SETTINGS.maxBodySize, SETTINGS.maxBufferedBytes);
    const idle = Array.from({ length: Math.ceil(SETTINGS.maxBufferedBytes / declared) + 1 }, () => {
      const client = raw(url);
      client.write(`${head(POST, `Content-Length: ${declared}`)}{`);
      return client;
    });
    const waiting = async () => {
      while (fixture.budget.used() < idle.length) await fetch(`${url}/livez`);
    };
    await within(waiting(), 'their first bytes');
    expect(fixture.budget.used()).toBe(idle.length);
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(200);
  });

  it('holds what a larger body has sent of itself, and nothing when its client breaks off', async () => {
    const { fixture, url } = await start();
    fixture.settings = { ...SETTINGS, maxBodySize: 8_000_000, maxBufferedBytes: 16_000_000 };
    const body = `{"text":"${'x'.repeat(5_000_000)}"}`;
    const client = raw(url);
    client.write(head(POST, `Content-Length: ${body.length}`));
    client.write(body.slice(0, 3_000_000));
    const used = async (until: number) => {
      while (fixture.budget.used() !== until) await fetch(`${url}/livez`);
    };
    await within(used(3_000_000), 'what it sent');
    client.write(body.slice(3_000_000));
    await client.until('{"ok":true}');
    expect(fixture.engine.requests[0]?.body.equals(Buffer.from(body))).toBe(true);
    client.write(head(POST, `Content-Length: ${body.length}`));
    client.write(body.slice(0, 2_000_000));
    await within(used(2_000_000), 'what it sent');
    client.destroy();
    await within(used(0), 'the release');
  });

  it('when spent answers 503 with retry-after, and the connection stays usable', async () => {
    const { fixture, url } = await start();
    fixture.budget.acquire(SETTINGS.maxBufferedBytes - 1);
    const client = raw(url);
    client.write(`${head(POST, 'Content-Length: 2')}{}`);
    const answer = await client.until('max_buffered_bytes');
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer.toLowerCase()).toContain('retry-after: 2\r\n');
    fixture.budget.release(SETTINGS.maxBufferedBytes);
    client.clear();
    client.write(`${head(POST, 'Content-Length: 2')}{}`);
    await client.until('{"ok":true}');
  });

  it('that has no room for a declared length says so before its first byte', async () => {
    const { fixture, url } = await start();
    fixture.budget.acquire(SETTINGS.maxBufferedBytes - 9);
    const client = raw(url);
    client.write(head(POST, 'Content-Length: 10'));
    expect(await client.until('max_buffered_bytes')).toMatch(/^HTTP\/1\.1 503 /);
    expect(fixture.budget.used()).toBe(SETTINGS.maxBufferedBytes - 9);
  });
});

describe('a slow upload', () => {
  it('that stops for too long is a 408', async () => {
    const { fixture, url } = await start({ bodyIdleMs: 30, lingerIdleMs: 30 });
    const client = raw(url);
    client.write(`${head(POST, 'Content-Length: 100')}{`);
    const answer = await client.all();
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('timeout_error');
    expect(fixture.budget.used()).toBe(0);
  });

  it('that the client breaks off reaches nobody and leaves nothing booked', async () => {
    const { fixture, url } = await start();
    const client = raw(url);
    client.write(`${head(POST, 'Content-Length: 100')}{`);
    await within(
      (async () => {
        while (fixture.budget.used() === 0) await fetch(`${url}/livez`);
        client.destroy();
        while (fixture.budget.used() > 0) await fetch(`${url}/livez`);
      })(),
      'the release',
    );
    expect(fixture.engine.requests).toEqual([]);
    expect(fixture.events).toEqual([]);
  });
});

describe('Expect: 100-continue', () => {
  it('is answered with 100 before the body is read', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write(head(POST, 'Content-Length: 2', 'Expect: 100-continue'));
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('{}');
    await client.until('{"ok":true}');
  });

  it('is answered with the refusal alone if the body is refused', async () => {
    const { url } = await start({ lingerIdleMs: 20 });
    const client = raw(url);
    client.write(head(POST, 'Content-Length: 900000000', 'Expect: 100-continue'));
    expect(await client.all()).toMatch(/^HTTP\/1\.1 413 /);
  });
});
