import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamRequest } from '../../src/upstream/transport.ts';
import {
  createUndiciTransport,
  type UndiciTransport,
  type UndiciTransportOptions,
} from '../../src/upstream/undici-transport.ts';
import { type Loopback, serveHttp, serveRaw, serveTcp } from '../support/loopback.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventually, Recording } from '../support/recording.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function started(server: Promise<Loopback>): Promise<Loopback> {
  const loopback = await server;
  open.push(loopback);
  return loopback;
}

function transportOf(
  settings: UndiciTransportOptions['settings'] = {},
  clock = new ManualClock(),
): UndiciTransport {
  const made = createUndiciTransport({ settings, env: {}, clock });
  open.push({ close: () => made.destroy() });
  return made;
}

function send(made: UndiciTransport, request: Partial<UpstreamRequest> & { url: string }): Recording {
  return Recording.start(made.transport, request);
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('an answer', () => {
  it('comes with its status, its header names as written, its bytes and its end', async () => {
    const server = await started(
      serveRaw((socket) =>
        socket.write(
          'HTTP/1.1 201 Fine\r\nX-Odd-Case: a\r\nx-two: 1\r\nX-Two: 2\r\nContent-Length: 5\r\n\r\nhello',
        ),
      ),
    );
    const got = await send(transportOf(), { url: `${server.url}/v1/messages?beta=true` }).finished();
    expect(got.outcome).toBe('end');
    expect(got.status).toBe(201);
    expect(got.headers.slice(0, 6)).toEqual(['X-Odd-Case', 'a', 'x-two', '1', 'X-Two', '2']);
    expect(got.text).toBe('hello');
    expect(got.sentCount).toBe(1);
  });

  it('belongs to a request that went out as written: path, headers, one body with its length', async () => {
    let seen = '';
    const server = await started(
      serveTcp((socket) => {
        socket.on('data', (bytes) => {
          seen += bytes.toString();
          if (seen.endsWith('{"a":1}')) socket.end(OK);
        });
      }),
    );
    await send(transportOf(), {
      url: `${server.url}/prefix/v1/messages?beta=true`,
      headers: ['X-Api-Key', 'k', 'anthropic-version', '2023-06-01'],
      body: Buffer.from('{"a":1}'),
    }).finished();
    expect(seen).toMatch(/^POST \/prefix\/v1\/messages\?beta=true HTTP\/1\.1\r\n/);
    expect(seen).toContain('\r\nX-Api-Key: k\r\nanthropic-version: 2023-06-01\r\n');
    expect(seen.match(/content-length: 7\r\n/gi)).toHaveLength(1);
    expect(seen).not.toMatch(/transfer-encoding/i);
  });

  it('skips 103 and 102, and follows no redirect', async () => {
    const server = await started(
      serveRaw((socket) =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
            'HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
        ),
      ),
    );
    const got = await send(transportOf(), { url: server.url }).finished();
    expect(got.status).toBe(307);
    expect(got.header('location')).toBe('http://127.0.0.1:1/');
    expect(got.header('link')).toBeUndefined();
    expect(got.outcome).toBe('end');
  });

  it('streams: each write of the provider arrives before the next is made', async () => {
    const server = await started(
      serveHttp((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('one');
        response.on('drain', () => {});
        next = (text) => (text === '' ? response.end() : response.write(text));
      }),
    );
    let next: (text: string) => void = () => {};
    const got = send(transportOf(), { url: server.url });
    await got.until('first', () => got.text === 'one');
    next('two');
    await got.until('second', () => got.text === 'onetwo');
    next('');
    await got.finished();
    expect(got.outcome).toBe('end');
  });
});

describe('connections', () => {
  it('are used again, one request at a time', async () => {
    const server = await started(serveHttp((_request, response) => response.end('ok')));
    const made = transportOf();
    for (let turn = 0; turn < 3; turn += 1) await send(made, { url: server.url }).finished();
    expect(server.sockets).toHaveLength(1);
    await Promise.all([1, 2].map(() => send(made, { url: server.url }).finished()));
    expect(server.sockets).toHaveLength(2);
  });

  it('tell a reset on a used connection from one on a new connection', async () => {
    const server = await started(
      serveRaw((socket, count) => (count === 1 ? socket.write(OK) : socket.resetAndDestroy())),
    );
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    const reused = await send(made, { url: server.url, body: Buffer.from('x') }).finished();
    expect(reused.failure).toMatchObject({ kind: 'reset', reusedConnection: true });
    const fresh = await send(made, { url: server.url }).finished();
    expect(fresh.failure).toMatchObject({ kind: 'reset', reusedConnection: false });
    expect(server.sockets).toHaveLength(2);
  });

  it('close at once on abort, and nothing is told afterwards', async () => {
    const server = await started(serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\npart')));
    const made = transportOf();
    const got = send(made, { url: server.url });
    await got.until('a chunk', () => got.chunks.length === 1);
    got.exchange.abort();
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
    expect(got.outcome).toBeUndefined();
    await made.close();
  });
});
