import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveHttp, serveRaw, serveTcp } from '../support/loopback.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventually } from '../support/recording.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf, send } = useTransports();

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

  it.each([
    ['at once', (text: string) => [text]],
    ['byte by byte', (text: string) => [...text]],
  ])('skips a 100 Continue that nobody asked for, on every request (%s)', async (_how, split) => {
    const answer = `HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nis a text`;
    const server = await started(
      serveRaw(async (socket) => {
        for (const part of split(answer)) await new Promise((sent) => socket.write(part, sent));
      }),
    );
    const transport = transportOf();
    for (const turn of [1, 2]) {
      const got = await send(transport, { url: server.url }).finished();
      expect([turn, got.status, got.outcome, got.text]).toEqual([
        turn,
        200,
        'end',
        'HTTP/1.1 100 Continue\r\n\r\nis a text',
      ]);
    }
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

  it('are not used again after "connection: close"', async () => {
    const server = await started(
      serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'),
      ),
    );
    const made = transportOf();
    for (let turn = 0; turn < 2; turn += 1) {
      const got = await send(made, { url: server.url }).finished();
      expect(got.outcome).toBe('end');
    }
    expect(server.sockets).toHaveLength(2);
  });

  it('that the provider closed while idle are replaced unseen', async () => {
    const server = await started(serveHttp((_request, response) => response.end('ok')));
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    server.sockets[0]?.end();
    await eventually('closed on both sides', () => server.sockets[0]?.closed === true);
    const got = await send(made, { url: server.url }).finished();
    expect(got.outcome).toBe('end');
    expect(server.sockets).toHaveLength(2);
  });

  it.each([
    ['a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['a close', (socket: Socket) => socket.end()],
  ])('tell %s on a used connection before any byte from one on a new connection', async (_name, drop) => {
    const server = await started(
      serveRaw((socket, count) => (count === 1 ? socket.write(OK) : drop(socket))),
    );
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    const reused = await send(made, { url: server.url, body: Buffer.from('x') }).finished();
    expect(reused.failure).toMatchObject({ kind: 'reset', reusedConnection: true });
    const first = await send(made, { url: server.url }).finished();
    expect(first.failure).toMatchObject({ kind: 'reset', reusedConnection: false });
    expect(server.sockets).toHaveLength(2);
  });

  it('do not call a reset "reused" once a byte of the answer came', async () => {
    const server = await started(
      serveRaw((socket, count) => (count === 1 ? socket.write(OK) : socket.end('HTTP/1.1 200'))),
    );
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    const got = await send(made, { url: server.url }).finished();
    expect(got.failure).toMatchObject({ kind: 'reset', reusedConnection: false });
  });

  it('are new, and closed afterwards, for a fresh request', async () => {
    const server = await started(serveHttp((_request, response) => response.end('ok')));
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    const got = await send(made, { url: server.url, fresh: true }).finished();
    expect(got.outcome).toBe('end');
    expect(server.sockets).toHaveLength(2);
    await eventually('fresh connection closed', () => server.sockets[1]?.closed === true);
    await send(made, { url: server.url }).finished();
    expect(server.sockets).toHaveLength(2);
  });

  it('wait their turn where max_connections is reached', async () => {
    const answers: ServerResponse[] = [];
    const server = await started(serveHttp((_request, response) => void answers.push(response)));
    const made = transportOf({ maxConnections: 1 });
    const first = send(made, { url: server.url });
    const second = send(made, { url: server.url });
    await eventually('first request', () => answers.length === 1);
    expect(second.sentCount).toBe(0);
    answers[0]?.end('one');
    await first.finished();
    await eventually('second request', () => answers.length === 2);
    answers[1]?.end('two');
    expect((await second.finished()).text).toBe('two');
    expect(server.sockets).toHaveLength(1);
  });

  it('that are not free in time fail the waiting request alone, with its own limit', async () => {
    const answers: ServerResponse[] = [];
    const server = await started(serveHttp((_request, response) => void answers.push(response)));
    const clock = new ManualClock();
    const made = transportOf({ maxConnections: 1 }, { clock });
    const first = send(made, { url: server.url });
    await eventually('first request', () => answers.length === 1);
    const second = send(made, { url: server.url, poolTimeoutMs: 5_000, connectTimeoutMs: 1_000 });
    clock.advance(4_999);
    expect(second.outcome).toBeUndefined();
    clock.advance(1);
    expect(second.failure).toMatchObject({ kind: 'pool_timeout', reusedConnection: false });
    expect(first.outcome).toBeUndefined();
    const third = send(made, { url: server.url, poolTimeoutMs: 5_000 });
    third.exchange.abort();
    answers[0]?.end('ok');
    expect((await first.finished()).outcome).toBe('end');
    expect(answers).toHaveLength(1);
  });

  it('of another origin make room where max_connections is reached', async () => {
    const one = await started(serveHttp((_request, response) => response.end('one')));
    const two = await started(serveHttp((_request, response) => response.end('two')));
    const made = transportOf({ maxConnections: 1 });
    expect((await send(made, { url: one.url }).finished()).text).toBe('one');
    expect((await send(made, { url: two.url }).finished()).text).toBe('two');
    await eventually('the first closed', () => one.sockets[0]?.closed === true);
  });
});

describe('an abort', () => {
  it('closes the socket at once, and nothing is told afterwards', async () => {
    const server = await started(serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\npart')));
    const made = transportOf();
    const got = send(made, { url: server.url });
    await got.until('a chunk', () => got.chunks.length === 1);
    got.exchange.abort();
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
    expect(got.outcome).toBeUndefined();
    await made.close();
    expect(got.outcome).toBeUndefined();
  });

  it('inside the head or a chunk is obeyed before the next byte', async () => {
    const server = await started(
      serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n'),
      ),
    );
    const got = send(transportOf(), { url: server.url });
    got.onChunk = () => got.exchange.abort();
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
    expect(got.text).toBe('a');
    expect(got.outcome).toBeUndefined();
  });

  it('before the request went out leaves no connection behind', async () => {
    const server = await started(serveHttp((_request, response) => response.end('ok')));
    const made = transportOf({ maxConnections: 1 });
    const got = send(made, { url: server.url });
    got.exchange.abort();
    const next = await send(made, { url: server.url }).finished();
    expect(next.outcome).toBe('end');
    expect(got.sentCount).toBe(0);
    await eventually('one left', () => server.sockets.filter((socket) => !socket.closed).length === 1);
  });
});

describe('the end of a transport', () => {
  it('by close waits for running requests and takes no new one', async () => {
    const answers: ServerResponse[] = [];
    const server = await started(serveHttp((_request, response) => void answers.push(response)));
    const made = transportOf();
    const running = send(made, { url: server.url });
    await eventually('request', () => answers.length === 1);
    const closing = made.close();
    const refused = await send(made, { url: server.url }).finished();
    expect(refused.failure.kind).toBe('aborted');
    answers[0]?.end('ok');
    await closing;
    expect(running.outcome).toBe('end');
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
  });

  it('by destroy ends running requests with "aborted"', async () => {
    const server = await started(serveHttp(() => {}));
    const made = transportOf();
    const running = send(made, { url: server.url });
    await running.until('sent', () => running.sentCount === 1);
    await made.destroy();
    expect(running.failure.kind).toBe('aborted');
    await eventually('socket closed', () => server.sockets.every((socket) => socket.closed));
  });

  it("leaves no subscriber on undici's diagnostics channels", async () => {
    const server = await started(serveHttp((_request, response) => response.end('ok')));
    const made = transportOf();
    await send(made, { url: server.url }).finished();
    expect(channel('undici:client:sendHeaders').hasSubscribers).toBe(false);
    expect(channel('undici:client:connected').hasSubscribers).toBe(false);
  });
});
