import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveRaw } from '../support/loopback.ts';
import { eventually } from '../support/recording.ts';
import { useTransports } from '../support/transports.ts';

const { started, transportOf, send } = useTransports();

const MEGABYTE = 1024 * 1024;

/** Writes `total` bytes as fast as the other side takes them; tells how many the socket took. */
function flood(socket: Socket, total: number): { taken: number } {
  const progress = { taken: 0 };
  const piece = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (progress.taken < total && !socket.destroyed) {
      progress.taken += piece.length;
      if (!socket.write(piece)) return;
    }
    if (progress.taken >= total) socket.end();
  };
  socket.on('drain', more);
  more();
  return progress;
}

/** Lets the event loop turn until `value` stands still for a while. */
async function settled(value: () => number): Promise<number> {
  let before = -1;
  for (let same = 0; same < 200; same = value() === before ? same + 1 : 0) {
    before = value();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return before;
}

describe('back-pressure', () => {
  it('stops the provider from sending, and everything comes after resume', async () => {
    const total = 64 * MEGABYTE;
    let progress = { taken: 0 };
    const server = await started(
      serveRaw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
        progress = flood(socket, total);
      }),
    );
    const got = send(transportOf(), { url: server.url });
    got.wantsMore = false;
    await got.until('first chunk', () => got.chunks.length > 0);
    const taken = await settled(() => progress.taken);
    expect(taken).toBeLessThan(32 * MEGABYTE);
    expect(got.chunks).toHaveLength(1);
    got.wantsMore = true;
    got.exchange.resume();
    await got.finished();
    expect(got.outcome).toBe('end');
    expect(got.bytes).toBe(total);
  });

  it('asked for between chunks holds what is already on its way', async () => {
    let write: (text: string) => void = () => {};
    const server = await started(
      serveRaw((socket) => {
        write = (text) => socket.write(text);
        write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab');
      }),
    );
    const got = send(transportOf(), { url: server.url });
    await got.until('first chunk', () => got.text === 'ab');
    got.exchange.pause();
    write('cdef');
    await settled(() => server.sockets[0]?.bytesWritten ?? 0);
    expect(got.text).toBe('ab');
    expect(got.outcome).toBeUndefined();
    got.exchange.resume();
    await got.finished();
    expect(got.text).toBe('abcdef');
    expect(got.outcome).toBe('end');
  });

  it('asked for in the head holds the whole body', async () => {
    const server = await started(
      serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')),
    );
    const got = send(transportOf(), { url: server.url });
    got.onHead = () => got.exchange.pause();
    await got.until('head', () => got.status === 200);
    await settled(() => got.bytes);
    expect(got.bytes).toBe(0);
    got.exchange.resume();
    expect((await got.finished()).text).toBe('ok');
  });

  it('may be asked for and taken back many times within one read', async () => {
    const body = '1\r\na\r\n'.repeat(500);
    const server = await started(
      serveRaw((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`),
      ),
    );
    const got = send(transportOf(), { url: server.url });
    got.wantsMore = false;
    got.onChunk = () => queueMicrotask(() => got.exchange.resume());
    await got.finished();
    expect(got.text).toBe('a'.repeat(500));
    expect(got.outcome).toBe('end');
  });

  it('of one exchange may be lifted from inside another one’s chunk', async () => {
    const writers: Socket[] = [];
    const server = await started(
      serveRaw((socket) => {
        writers.push(socket);
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
      }),
    );
    const made = transportOf();
    const first = send(made, { url: server.url });
    first.wantsMore = false;
    await first.until('first chunk', () => first.text === 'a');
    const second = send(made, { url: server.url });
    second.onChunk = () => {
      first.wantsMore = true;
      first.exchange.resume();
    };
    writers[0]?.write('1\r\nb\r\n0\r\n\r\n');
    await first.finished();
    expect(first.text).toBe('ab');
    await second.until('still running', () => second.text === 'a');
    expect(second.outcome).toBeUndefined();
  });

  it.each(['keep-alive', 'close'])('survives a reset while paused (connection: %s)', async (connection) => {
    let socket: Socket | undefined;
    const server = await started(
      serveRaw((raw) => {
        socket = raw;
        raw.write(
          `HTTP/1.1 200 OK\r\nconnection: ${connection}\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n`,
        );
      }),
    );
    const got = send(transportOf(), { url: server.url });
    got.wantsMore = false;
    await got.until('first chunk', () => got.text === 'a');
    socket?.write('1\r\nb\r\n');
    await settled(() => socket?.bytesWritten ?? 0);
    socket?.resetAndDestroy();
    await got.finished();
    expect(got.failure).toMatchObject({ kind: 'reset', reusedConnection: false });
  });

  it('lets an abort through', async () => {
    const server = await started(
      serveRaw(
        (socket) => void flood(socket.write('HTTP/1.1 200 OK\r\n\r\n') ? socket : socket, 8 * MEGABYTE),
      ),
    );
    const got = send(transportOf(), { url: server.url });
    got.wantsMore = false;
    await got.until('first chunk', () => got.chunks.length > 0);
    got.exchange.abort();
    await eventually('socket closed', () => server.sockets[0]?.closed === true);
    expect(got.outcome).toBeUndefined();
  });
});
