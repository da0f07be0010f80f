import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, BODY, entry, keyOf, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { type Loopback, serveRaw } from '../support/loopback.ts';
import { MESSAGE, STREAM_TEXT } from '../support/msw-bench.ts';
import { eventually } from '../support/recording.ts';
import { peakBytes } from './memory.ts';

const balance = useBench();
const servers: Loopback[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

type Answering = (socket: Socket, head: string) => void;

const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const CHUNKED = `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n`;
const GOOD: Answering = (socket, head) => {
  const isStream = !/"stream":false/.test(head);
  const body = isStream ? STREAM_TEXT : JSON.stringify(MESSAGE);
  const type = isStream ? 'text/event-stream' : 'application/json';
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
};

/** A hostile provider before a good one. */
async function facing(hostile: Answering, settings: Readonly<Record<string, unknown>> = {}): Promise<Bench> {
  const [bad, good] = [
    await serveRaw((socket, _, head) => hostile(socket, head)),
    await serveRaw((socket, _, head) => GOOD(socket, head)),
  ];
  servers.push(bad, good);
  return balance({
    settings,
    providers: [entry({ name: 'hostile', url: bad.url }), entry({ name: 'good', url: good.url })],
    model_routes: {
      '*': [
        { provider: 'hostile', model: 'passthrough', priority: 1 },
        { provider: 'good', model: 'passthrough', priority: 2 },
      ],
    },
  });
}

function chunk(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Writes the same again and again until the connection is gone, or that many bytes are out: then it tears it down. */
function pour(socket: Socket, text: string | Buffer, most = Number.POSITIVE_INFINITY): void {
  const piece = Buffer.from(text);
  let sent = 0;
  const more = (): void => {
    for (let isReady = true; isReady && !socket.destroyed; sent += piece.length) {
      if (sent >= most) socket.destroy();
      else isReady = socket.write(piece);
    }
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

const MEBIBYTE = 1024 * 1024;
const BOUND = 48 * MEBIBYTE;

describe('a provider', { timeout: 60_000 }, () => {
  it.each<readonly [string, Answering]>([
    [
      'of endless headers',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        pour(socket, `x-a: ${'y'.repeat(1_000)}\r\n`);
      },
    ],
    [
      'of one endless header',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-a: ');
        pour(socket, 'y'.repeat(10_000));
      },
    ],
    [
      'of an endless first event, without a line end',
      (socket) => {
        socket.write(`${CHUNKED}${chunk('event: message_start\ndata: ').toString()}`);
        pour(socket, chunk('x'.repeat(64_000)));
      },
    ],
    [
      'of endless comments',
      (socket) => {
        socket.write(CHUNKED);
        pour(socket, chunk(': hello\n\n'.repeat(4_000)));
      },
    ],
    [
      'of endless pings',
      (socket) => {
        socket.write(CHUNKED);
        pour(socket, chunk('event: ping\ndata: {"type":"ping"}\n\n'.repeat(1_000)));
      },
    ],
    [
      'of an endless blank beginning',
      (socket) => {
        socket.write(CHUNKED);
        pour(socket, chunk('\n'.repeat(64_000)));
      },
    ],
    [
      'of an endless page',
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n`);
        pour(socket, chunk('<p>'.repeat(20_000)));
      },
    ],
    [
      'of an endless error',
      (socket) => {
        socket.write(
          'HTTP/1.1 500 No\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
        );
        pour(socket, chunk('{"error":'.repeat(8_000)));
      },
    ],
    ['of a false chunk size', (socket) => socket.write(`${CHUNKED}zz\r\nevent: x\r\n`)],
    ['of a chunk size beyond all', (socket) => socket.write(`${CHUNKED}ffffffffffffffffff\r\nevent: x\r\n`)],
    [
      'of both lengths',
      (socket) =>
        socket.write(`${STREAM_HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent`),
    ],
    [
      'of two lengths',
      (socket) => socket.write(`${STREAM_HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nevent`),
    ],
    ['of bytes that are no HTTP', (socket) => socket.write(Buffer.alloc(1_000, 0xff))],
    [
      'of a switch of protocols',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('%s is left for the next one, within bounds of memory', async (_, hostile) => {
    const made = await facing(hostile);
    const peak = await peakBytes(async () => {
      const { status, text, header } = await made.messages().end;
      expect([status, header('x-balancer-provider')]).toEqual([200, 'good']);
      expect(text).toContain('message_stop');
    });
    expect(peak).toBeLessThan(BOUND);
    expect(made.events.filter(({ type }) => type === 'fault')).toEqual([]);
    await eventually('nothing is booked', () => made.balancer.engine.status().bufferedBytes === 0);
  });

  it.each([
    [
      'message',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n',
      `{"type":"message","a":"${' '.repeat(200 * MEBIBYTE)}"}`,
    ],
    ['stream', STREAM_HEAD, `event: ping\ndata: "${' '.repeat(200 * MEBIBYTE)}"\n\n`],
    [
      'error',
      'HTTP/1.1 500 No\r\ncontent-type: application/json\r\n',
      `{"error":{"message":"${' '.repeat(200 * MEBIBYTE)}"}}`,
    ],
  ])(
    'whose %s unpacks to 200 MB is left for the next one, within bounds of memory',
    async (kind, head, text) => {
      const bomb = gzipSync(text, { level: 1 });
      const made = await facing((socket) => {
        socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
        socket.write(bomb);
      });
      const peak = await peakBytes(async () => {
        const body = kind === 'message' ? WHOLE_BODY : BODY;
        const { status, header } = await made.messages({ body }).end;
        expect([status, header('x-balancer-provider')]).toEqual([200, 'good']);
      });
      expect(peak).toBeLessThan(2 * BOUND);
    },
  );

  it('that packs its answer a thousand times is not unpacked', async () => {
    const made = await facing((socket) => {
      const encodings = Array.from({ length: 1_000 }, () => 'gzip').join(', ');
      socket.write(`${STREAM_HEAD}content-encoding: ${encodings}\r\ncontent-length: 2\r\n\r\nxx`);
    });
    expect((await made.messages().end).header('x-balancer-provider')).toBe('good');
  });

  it('that says 103 a thousand times before its answer is waited for', async () => {
    const made = await facing((socket, head) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n'.repeat(1_000));
      GOOD(socket, head);
    });
    const { status, header, text } = await made.messages().end;
    expect([status, header('x-balancer-provider')]).toEqual([200, 'hostile']);
    expect(text).toBe(STREAM_TEXT);
  });

  it.each([
    ['103', 'HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n'.repeat(100)],
    ['its status', `HTTP/1.1 200 ${'OK'.repeat(5_000)}`],
  ])('that says %s for ever is left when its time is over, within bounds of memory', async (_, text) => {
    let isPouring = false;
    const made = await facing((socket) => {
      isPouring = true;
      socket.write(text);
      pour(socket, text.startsWith('HTTP/1.1 200') ? 'OK'.repeat(5_000) : text);
    });
    const peak = await peakBytes(async () => {
      const exchange = made.messages({ deadlineMs: 30_000 });
      await eventually('the flood', () => isPouring);
      for (let time = 0; time < 20; time += 1) await new Promise((resolve) => setImmediate(resolve));
      made.clock.advance(180_000);
      expect((await exchange.end).text).toContain('message_stop');
    });
    expect((await made.ended(1)).provider).toBe('good');
    expect(peak).toBeLessThan(BOUND);
  });

  it.each([
    ['after its first content has it delivered, byte by byte', 'hostile', 'event: content_block_stop'],
    ['before its first content is left for the next one', 'good', 'event: content_block_delta'],
  ])('that sends an event of 5 MB %s', async (_, server, place) => {
    const delta = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'x'.repeat(5 * MEBIBYTE) },
    };
    const event = `event: content_block_delta\ndata: ${JSON.stringify(delta)}\n\n`;
    const large = STREAM_TEXT.replace(place, event + place);
    const made = await facing((socket) => {
      socket.write(`${STREAM_HEAD}content-length: ${large.length}\r\n\r\n${large}`);
    });
    const { status, text, header } = await made.messages().end;
    expect([status, header('x-balancer-provider')]).toEqual([200, server]);
    expect(text === (server === 'good' ? STREAM_TEXT : large)).toBe(true);
  });

  it('whose event never ends after the first content keeps its bytes flowing, and holds none', async () => {
    const [start = '', rest = ''] = STREAM_TEXT.split('event: content_block_stop');
    expect(rest).not.toBe('');
    const made = await facing((socket) => {
      socket.write(
        `${CHUNKED}${chunk(start).toString()}${chunk('event: content_block_delta\ndata: {"x":"').toString()}`,
      );
      pour(socket, chunk('y'.repeat(64_000)), 100 * MEBIBYTE);
    });
    const exchange = made.messages({ deadlineMs: 50_000 });
    const { status, body, end } = await exchange.end;
    expect([status, end]).toEqual([200, 'cut']);
    expect(body.length).toBeGreaterThan(50 * MEBIBYTE);
    await eventually('nothing is booked', () => made.balancer.engine.status().bufferedBytes === 0);
  });

  it('with trailers is understood, and they go nowhere', async () => {
    const made = await facing((socket) => {
      socket.write(`${STREAM_HEAD}trailer: x-late\r\ntransfer-encoding: chunked\r\n\r\n`);
      socket.write(
        Buffer.concat([chunk(STREAM_TEXT), Buffer.from('0\r\nx-late: 1\r\nset-cookie: a=b\r\n\r\n')]),
      );
    });
    const { status, text, rawHeaders } = await made.messages().end;
    expect([status, text]).toEqual([200, STREAM_TEXT]);
    expect(rawHeaders.map((name) => name.toLowerCase())).not.toContain('x-late');
    expect((await made.messages().end).text).toBe(STREAM_TEXT);
  });

  it('that writes a second answer unasked has it thrown away', async () => {
    let count = 0;
    const made = await facing((socket, head) => {
      count += 1;
      GOOD(socket, head);
      if (count === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged');
    });
    for (let time = 0; time < 4; time += 1) expect((await made.messages().end).text).toBe(STREAM_TEXT);
  });

  it('whose error repeats its key in any coding tells it to nobody', async () => {
    const key = keyOf('hostile');
    const forms = [key, encodeURIComponent(key), key.slice(0, 14), Buffer.from(key).toString('utf8')];
    const body = JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message: forms.join(' ') },
    });
    for (const status of [400, 401, 413, 500]) {
      const made = await facing(
        (socket) => {
          socket.write(
            `HTTP/1.1 ${status} ${key}\r\nx-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          );
        },
        { hold_while_cooling: 0, max_attempts: 0 },
      );
      await made.post('/providers/good/disable');
      const { text, rawHeaders } = await made.messages().end;
      const seen =
        text + rawHeaders.join('\n') + JSON.stringify(await made.view()) + JSON.stringify(made.events);
      expect(seen).not.toContain(key.slice(0, 14));
    }
  });
});
