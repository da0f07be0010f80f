import type { ServerResponse } from 'node:http';
import {
  brotliCompressSync,
  createBrotliCompress,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decoding } from '../../src/upstream/decode.ts';
import type { UpstreamSink } from '../../src/upstream/transport.ts';
import { serveHttp } from '../support/loopback.ts';
import { eventually, Recording } from '../support/recording.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf } = useTransports();

const BODY = '{"type":"message","content":[{"type":"text","text":"Grüße, 云雾"}]}';

async function answered(respond: (response: ServerResponse) => void): Promise<Recording> {
  const server = await started(serveHttp((_request, response) => respond(response)));
  return Recording.start(decoding(transportOf().transport), { url: server.url });
}

function whole(encoding: string, body: Buffer): Promise<Recording> {
  return answered((response) =>
    response.writeHead(200, { 'content-encoding': encoding, 'content-length': body.length }).end(body),
  ).then((got) => got.finished());
}

describe('an encoded answer', () => {
  it.each([
    ['gzip', gzipSync(BODY)],
    ['GZIP', gzipSync(BODY)],
    ['x-gzip', gzipSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['deflate', deflateRawSync(BODY)],
    ['br', brotliCompressSync(BODY)],
    ['identity', Buffer.from(BODY)],
    ['gzip, br', brotliCompressSync(gzipSync(BODY))],
    ['deflate, identity, gzip', gzipSync(deflateSync(BODY))],
    ['gzip', Buffer.concat([gzipSync(BODY.slice(0, 9)), gzipSync(BODY.slice(9))])],
  ])('in %s is decoded', async (encoding, body) => {
    const got = await whole(encoding, body);
    expect(got.outcome).toBe('end');
    expect(got.text).toBe(BODY);
  });

  it('loses its encoding and its length from the head, and nothing else', async () => {
    const got = await whole('gzip', gzipSync(BODY));
    expect(got.header('content-encoding')).toBeUndefined();
    expect(got.header('content-length')).toBeUndefined();
    expect(got.header('date')).toBeDefined();
  });

  it('that is empty is empty', async () => {
    const got = await whole('gzip', Buffer.alloc(0));
    expect(got.outcome).toBe('end');
    expect(got.bytes).toBe(0);
  });

  it.each([
    ['gzip', () => createGzip()],
    ['br', () => createBrotliCompress()],
  ])('streamed in %s gives each flushed event before the next is made', async (encoding, create) => {
    const encoder = create();
    const got = await answered((response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'text/event-stream' });
      encoder.pipe(response);
      encoder.write('data: 0\n\n');
      encoder.flush();
    });
    let expected = 'data: 0\n\n';
    for (let event = 1; event < 5; event += 1) {
      const soFar = expected;
      await got.until(`event ${event - 1}`, () => got.text === soFar);
      encoder.write(`data: ${event}\n\n`);
      encoder.flush();
      expected += `data: ${event}\n\n`;
    }
    encoder.end();
    await got.finished();
    expect(got.text).toBe(expected);
    expect(got.outcome).toBe('end');
  });
});

describe('an answer that can’t be decoded', () => {
  it.each([
    ['gzip', gzipSync(BODY).subarray(0, 40), /not valid gzip/],
    ['br', brotliCompressSync(BODY).subarray(0, 40), /not valid br/],
    ['gzip', Buffer.from(BODY), /not valid gzip/],
    ['deflate', Buffer.from('<html>'), /not valid deflate/],
    ['gzip, br', brotliCompressSync(gzipSync(BODY).subarray(0, 40)), /not valid gzip, br/],
    ['zstd', Buffer.from(BODY), /zstd is not understood/],
    ['compress', Buffer.from(BODY), /compress is not understood/],
    ['gzip, gzip, gzip, gzip, gzip', Buffer.from(BODY), /is not understood/],
  ])('in %s fails as such', async (encoding, body, message) => {
    const got = await whole(encoding, body);
    expect(got.failure).toMatchObject({ kind: 'decode', reusedConnection: false });
    expect(got.failure.message).toMatch(message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(got.afterEnd).toBe(0);
  });

  it('gives what came before the damage', async () => {
    const encoder = createGzip();
    const got = await answered((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      encoder.on('data', (bytes) => response.write(bytes));
      encoder.write('data: 0\n\n');
      encoder.flush(() => response.end());
    });
    await got.finished();
    expect(got.text).toBe('data: 0\n\n');
    expect(got.failure.kind).toBe('decode');
  });

  it('because the connection broke keeps that cause, after what came before', async () => {
    const encoder = createGzip();
    const got = await answered((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      encoder.on('data', (bytes) => response.write(bytes));
      encoder.write('data: 0\n\n');
      encoder.flush(() => response.write('', () => response.destroy()));
    });
    await got.finished();
    expect(got.text).toBe('data: 0\n\n');
    expect(got.failure.kind).toBe('reset');
  });
});

describe('back-pressure through a decoder', () => {
  it('stops the provider, and everything comes after resume', async () => {
    const total = 64 * 1024 * 1024;
    const encoder = createGzip({ level: 0 });
    let taken = 0;
    const got = await answered((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      encoder.pipe(response);
      const piece = Buffer.alloc(64 * 1024, 'x');
      const more = (): void => {
        while (taken < total) {
          taken += piece.length;
          if (!encoder.write(piece)) return;
        }
        encoder.end();
      };
      encoder.on('drain', more);
      more();
    });
    got.wantsMore = false;
    await got.until('first chunk', () => got.chunks.length === 1);
    let before = -1;
    for (let same = 0; same < 200; same = taken === before ? same + 1 : 0) {
      before = taken;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(taken).toBeLessThan(total / 2);
    expect(got.chunks).toHaveLength(1);
    got.wantsMore = true;
    got.exchange.resume();
    await got.finished();
    expect(got.outcome).toBe('end');
    expect(got.bytes).toBe(total);
  });

  it('is lifted for an abort: the socket closes and nothing more is told', async () => {
    const server = await started(
      serveHttp((_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.write(gzipSync(BODY).subarray(0, 60));
      }),
    );
    const got = Recording.start(decoding(transportOf().transport), { url: server.url });
    await got.until('head', () => got.status === 200);
    got.exchange.abort();
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
    expect(got.outcome).toBeUndefined();
  });
});

describe('an answer without encoding', () => {
  it('passes in the very same buffers and headers', () => {
    let beneath: UpstreamSink | undefined;
    const got = Recording.start(
      decoding((_request, sink) => {
        beneath = sink;
        return { pause() {}, resume() {}, abort() {} };
      }),
      { url: 'http://x' },
    );
    const headers = ['Content-Type', 'application/json', 'Content-Length', '2'];
    const bytes = Buffer.from('ok');
    beneath?.head(200, headers);
    expect(beneath?.chunk(bytes)).toBe(true);
    got.wantsMore = false;
    expect(beneath?.chunk(bytes)).toBe(false);
    beneath?.end();
    expect(got.headers).toBe(headers);
    expect(got.chunks[0]).toBe(bytes);
    expect(got.outcome).toBe('end');
  });
});
