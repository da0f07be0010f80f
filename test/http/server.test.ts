import { describe, expect, it } from 'vitest';
import { bindingWarning, startServer } from '../../src/http/server.ts';
import { engineStatus, HandStream, jsonReply, streamReply } from './fake-engine.ts';
import { Fixture, within } from './fixture.ts';
import { head } from './raw.ts';
import { loopback } from './setup.ts';

const { start, raw } = loopback();
const REQUEST = `${head('POST /v1/messages', 'Content-Length: 2')}{}`;

/** The JSON body of a raw answer. */
function envelopeOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
}

describe('start', () => {
  it('on a port in use is a value that names the port and what to do', async () => {
    const { server, fixture } = await start();
    const { app } = fixture;
    const result = await startServer({ app, host: '127.0.0.1', port: server.port, observe: () => {} });
    expect(result).toEqual({
      kind: 'failed',
      code: 'EADDRINUSE',
      message:
        `Port ${server.port} on 127.0.0.1 is in use: another balancer may be running. ` +
        'Stop it, or choose another port with --port or settings.port.',
    });
  });

  it('on an address that is not this machine’s is told too', async () => {
    const { app } = new Fixture();
    const result = await startServer({ app, host: '192.0.2.1', port: 0, observe: () => {} });
    expect(result).toMatchObject({ kind: 'failed', code: 'EADDRNOTAVAIL' });
  });

  it('on every interface gives an address that a client can use', async () => {
    const { app } = new Fixture();
    const result = await startServer({ app, host: '0.0.0.0', port: 0, observe: () => {} });
    if (result.kind === 'failed') throw new Error(result.message);
    expect(result.server.url).toBe(`http://127.0.0.1:${result.server.port}`);
    expect((await fetch(`${result.server.url}/livez`)).status).toBe(200);
    result.server.destroy();
  });

  it('without authentication warns for every address but loopback', () => {
    expect(bindingWarning('127.0.0.1', false)).toBeUndefined();
    expect(bindingWarning('localhost', false)).toBeUndefined();
    expect(bindingWarning('::1', false)).toBeUndefined();
    expect(bindingWarning('0.0.0.0', true)).toBeUndefined();
    for (const host of ['0.0.0.0', '::', '192.168.1.5']) {
      expect(bindingWarning(host, false)).toContain('without authentication');
    }
  });
});

describe('draining', () => {
  it('refuses new requests with retry-after, lets go of their connection, and ends running ones', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream(['begun\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const running = raw(url);
    running.write(REQUEST);
    await running.until('begun');
    fixture.engine.current = engineStatus({ phase: 'draining' });
    const late = raw(url);
    late.write(REQUEST);
    const refusal = await late.all();
    expect(refusal).toMatch(/^HTTP\/1\.1 503 /);
    expect(refusal.toLowerCase()).toContain('retry-after: 5\r\n');
    expect(refusal.toLowerCase()).toContain('connection: close\r\n');
    stream.sink?.end();
    await running.until('\r\n0\r\n\r\n');
  });
});

describe('close', () => {
  it('waits for running answers, also on kept-alive connections, and then is done', async () => {
    const { fixture, url, server } = await start();
    const stream = new HandStream(['begun\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const idle = raw(url);
    idle.write(head('GET /livez'));
    await idle.until('alive');
    const running = raw(url);
    running.write(REQUEST);
    await running.until('begun');
    const closed = server.close();
    await idle.all();
    stream.sink?.end();
    await running.until('\r\n0\r\n\r\n');
    await within(closed, 'the close');
    expect((await running.all()).endsWith('\r\n0\r\n\r\n')).toBe(true);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('by force tears running answers down', async () => {
    const { fixture, url, server } = await start();
    const stream = new HandStream(['begun\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const running = raw(url);
    running.write(REQUEST);
    await running.until('begun');
    server.destroy();
    expect(await running.all()).not.toContain('\r\n0\r\n\r\n');
  });
});

describe('a connection', () => {
  it('stays usable after errors', async () => {
    const { fixture, url } = await start();
    const client = raw(url);
    const ask = async (text: string, answer: string) => {
      client.clear();
      client.write(text);
      return client.until(answer);
    };
    fixture.engine.answer = async () => jsonReply(529, { type: 'error' });
    await ask(REQUEST, '{"type":"error"}');
    await ask(head('GET /nothing'), 'not_found_error');
    await ask(head('PUT /v1/messages', 'Content-Length: 2').concat('{}'), 'invalid_request_error');
    await ask(`${head('POST /v1/messages', 'Content-Length: 2')}[]`, 'not a JSON object');
    fixture.engine.answer = async () => jsonReply(200, { ok: true });
    await ask(REQUEST, '{"ok":true}');
  });

  it('carries every local endpoint as well as messages', async () => {
    const { fixture, url } = await start();
    for (const path of ['/', '/api/hello', '/livez', '/readyz', '/providers', '/v1/models?limit=1000']) {
      const response = await fetch(url + path, { headers: { 'x-provider': 'GAC' } });
      expect(response.status, path).toBe(200);
      expect(await response.json(), path).toBeTypeOf('object');
    }
    expect(fixture.engine.modelHeaders).toContain('x-provider');
    const probe = raw(url);
    probe.write(head('HEAD /api/hello'));
    const answer = await probe.until('\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it('with a head beyond 64 KB is refused with 431', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write(head(`GET /v1/models?${'x'.repeat(70_000)}`));
    const answer = await client.all();
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(client.ending).toBe('end');
    expect(envelopeOf(answer)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('with a long query within the limit is served, the query reaches the engine', async () => {
    const { fixture, url } = await start();
    const query = `?beta=true&x=${'y'.repeat(50_000)}`;
    await fetch(`${url}/v1/messages${query}`, { method: 'POST', body: '{}' });
    expect(fixture.engine.requests[0]?.path).toBe(`/v1/messages${query}`);
  });

  it('with a Host that makes no address is a 400 in the envelope', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write('GET /v1/models HTTP/1.1\r\nHost: a b\r\n\r\n');
    const answer = await client.until('invalid_request_error');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('without a Host is served in HTTP/1.0 and closed', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write('GET /livez HTTP/1.0\r\n\r\n');
    expect(await client.all()).toContain('"alive"');
  });

  it('whose handler throws something that is no error is answered, and told', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = () => {
      throw 'a text';
    };
    const client = raw(url);
    client.write(REQUEST);
    expect(await client.until('api_error')).toMatch(/^HTTP\/1\.1 500 /);
    expect(fixture.events).toMatchObject([{ type: 'fault', error: 'a text' }]);
  });

  it('that speaks no HTTP is refused and harms nobody', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write('\u0016\u0003\u0001 hello\r\n\r\n');
    const answer = await client.all();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(envelopeOf(answer)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('that speaks no HTTP behind a request gets no second answer into the first', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream(['event: ping\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.write(REQUEST);
    await client.until('ping');
    client.write('\u0016\u0003\u0001 hello\r\n\r\n');
    expect((await client.all()).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('is kept alive long after clients would have closed it', async () => {
    const { url } = await start();
    const client = raw(url);
    client.write(head('GET /livez'));
    expect(await client.until('alive')).toContain('Keep-Alive: timeout=120');
  });
});
