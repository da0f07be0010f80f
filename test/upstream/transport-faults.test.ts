import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { TransportFailure } from '../../src/upstream/transport.ts';
import { closedPort, serveHttp, serveRaw, serveTcp, serveTls } from '../support/loopback.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf, send } = useTransports();

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;

type Fault = [
  name: string,
  answer: (socket: Socket) => void,
  kind: TransportFailure['kind'],
  headCame: boolean,
  message: RegExp,
];

const FAULTS: Fault[] = [
  ['FIN before the headers', (socket) => socket.end(), 'reset', false, /closed by the other side/],
  ['a reset before the headers', (socket) => socket.resetAndDestroy(), 'reset', false, /reset/],
  ['FIN inside the headers', (socket) => socket.end(HEAD), 'reset', false, /closed by the other side/],
  [
    'a reset inside the headers',
    (socket) => socket.write(HEAD, () => socket.resetAndDestroy()),
    'reset',
    false,
    /reset|closed/,
  ],
  ['FIN inside a chunked body', (socket) => socket.end(`${CHUNKED}5\r\nhello\r\n`), 'reset', true, /closed/],
  [
    'FIN inside a chunked body of a closing connection',
    (socket) => socket.end(`${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel`),
    'reset',
    true,
    /before the answer was complete/,
  ],
  [
    'FIN before the announced length',
    (socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nhello`),
    'reset',
    true,
    /closed/,
  ],
  [
    'FIN before the announced length of a closing connection',
    (socket) => socket.end(`${HEAD}connection: close\r\ncontent-length: 10\r\n\r\nhello`),
    'reset',
    true,
    /before the announced length/,
  ],
  [
    'bad chunk framing',
    (socket) => socket.write(`${CHUNKED}5\r\nhello\r\nzz\r\n`),
    'protocol',
    true,
    /not HTTP\/1\.1/,
  ],
  [
    'garbage instead of HTTP',
    (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
    'protocol',
    false,
    /not HTTP\/1\.1/,
  ],
  [
    'headers of 70 KB',
    (socket) => socket.write(`${HEAD}x-big: ${'a'.repeat(70_000)}\r\n\r\n`),
    'protocol',
    false,
    /64 KB/,
  ],
  [
    'headers without end',
    (socket) => {
      socket.write(HEAD);
      const more = () => {
        while (!socket.destroyed && socket.write(`x-more: ${'a'.repeat(1000)}\r\n`));
      };
      socket.on('drain', more);
      more();
    },
    'protocol',
    false,
    /64 KB/,
  ],
  [
    'two content lengths',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc'),
    'protocol',
    false,
    /not HTTP\/1\.1/,
  ],
  [
    '101 Switching Protocols',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    'protocol',
    false,
    /switched protocols/,
  ],
];

describe('a broken answer', () => {
  it.each(FAULTS)(
    '%s fails the exchange, once, by its kind',
    async (_name, answer, kind, headCame, message) => {
      const server = await started(serveRaw((socket) => answer(socket)));
      const got = await send(transportOf(), { url: server.url, body: Buffer.from('{}') }).finished();
      expect(got.failure.kind).toBe(kind);
      expect(got.failure.reusedConnection).toBe(false);
      expect(got.failure.message).toMatch(message);
      expect(got.status !== undefined).toBe(headCame);
      await new Promise((resolve) => setImmediate(resolve));
      expect(got.afterEnd).toBe(0);
    },
  );

  it('with headers of 60 KB is none', async () => {
    const big = 'a'.repeat(60_000);
    const server = await started(
      serveRaw((socket) => socket.write(`HTTP/1.1 200 OK\r\nx-big: ${big}\r\ncontent-length: 0\r\n\r\n`)),
    );
    const got = await send(transportOf(), { url: server.url }).finished();
    expect(got.header('x-big')).toBe(big);
  });

  it('that is only delimited by FIN ends properly', async () => {
    const server = await started(serveRaw((socket) => socket.end(`${HEAD}\r\ndata: x\n\n`)));
    const got = await send(transportOf(), { url: server.url }).finished();
    expect(got.outcome).toBe('end');
    expect(got.text).toBe('data: x\n\n');
  });
});

describe('no connection', () => {
  it('because it is refused names host and port', async () => {
    const port = await closedPort();
    const got = await send(transportOf(), { url: `http://127.0.0.1:${port}/` }).finished();
    expect(got.failure).toEqual({
      kind: 'connect',
      code: 'ECONNREFUSED',
      message: `127.0.0.1:${port}: connection refused`,
      reusedConnection: false,
    });
    expect(got.sentCount).toBe(0);
  });

  it('because both addresses of a name refuse carries their code', async () => {
    const port = await closedPort();
    const got = await send(transportOf(), { url: `http://localhost:${port}/` }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'ECONNREFUSED' });
  });

  it('because the name does not exist says DNS', async () => {
    const got = await send(transportOf(), { url: 'http://no-such-host.invalid/' }).finished();
    expect(got.failure.kind).toBe('connect');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(got.failure.code);
    expect(got.failure.message).toContain('DNS');
  });

  it('because TLS meets a plain port says so', async () => {
    const server = await started(serveHttp((_request, response) => response.end()));
    const got = await send(transportOf(), { url: server.url.replace('http:', 'https:') }).finished();
    expect(got.failure.kind).toBe('connect');
    expect(got.failure.message).toContain('does not speak TLS');
  });

  it('because of a self-signed certificate says so, and how to mend it', async () => {
    const server = await started(serveTls((socket) => socket.end()));
    const got = await send(transportOf(), { url: server.url }).finished();
    expect(got.failure).toMatchObject({ kind: 'connect', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(got.failure.message).toContain('ca_file');
  });

  it('within the request’s own time fails as connect_timeout and closes the socket under construction', async () => {
    const server = await started(serveTcp((socket) => void socket.resume()));
    const clock = new ManualClock();
    const made = transportOf({}, { clock });
    const slow = send(made, { url: server.url.replace('http:', 'https:'), connectTimeoutMs: 30_000 });
    const quick = send(made, { url: server.url.replace('http:', 'https:'), connectTimeoutMs: 1_000 });
    await quick.until('timers', () => true);
    while (clock.pending < 2 || server.sockets.length < 2) await new Promise((go) => setImmediate(go));
    clock.advance(1_000);
    expect(quick.failure).toMatchObject({ kind: 'connect_timeout', reusedConnection: false });
    expect(quick.failure.message).toContain('within 1 s');
    expect(slow.outcome).toBeUndefined();
    clock.advance(29_000);
    expect(slow.failure.kind).toBe('connect_timeout');
    while (server.sockets.some((socket) => !socket.closed)) await new Promise((go) => setImmediate(go));
  });

  it('is not blamed on a timer that fires long after its time', async () => {
    const server = await started(serveTcp((socket) => void socket.resume()));
    const clock = new ManualClock();
    const got = send(transportOf({}, { clock }), {
      url: server.url.replace('http:', 'https:'),
      connectTimeoutMs: 1_000,
    });
    while (clock.pending < 1) await new Promise((go) => setImmediate(go));
    clock.oversleep(60_000);
    expect(got.outcome).toBeUndefined();
    clock.advance(1_000);
    expect(got.failure.kind).toBe('connect_timeout');
  });

  it('is not waited for once the request is sent', async () => {
    const server = await started(serveHttp(() => {}));
    const clock = new ManualClock();
    const got = send(transportOf({}, { clock }), { url: server.url, connectTimeoutMs: 1_000 });
    await got.until('sent', () => got.sentCount === 1);
    expect(clock.pending).toBe(0);
  });
});

describe('a request that can’t be sent', () => {
  it.each([
    ['a header value with a line break', { headers: ['x-a', 'b\r\nc'] }, /invalid x-a header/],
    ['a header name with a space', { headers: ['x a', 'b'] }, /invalid header key/],
    ['an odd list of headers', { headers: ['x-a'] }, /even/],
  ])('for %s fails, after the call has returned', async (_name, request, message) => {
    const server = await started(serveHttp((_incoming, response) => response.end()));
    const got = send(transportOf(), { url: server.url, ...request });
    expect(got.outcome).toBeUndefined();
    await got.finished();
    expect(got.failure.kind).toBe('protocol');
    expect(got.failure.message).toMatch(message);
  });

  it('for an address that is none fails', async () => {
    const got = await send(transportOf(), { url: 'provider.example/v1' }).finished();
    expect(got.failure).toMatchObject({ kind: 'protocol', code: 'INVALID_URL' });
  });
});
