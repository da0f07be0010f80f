import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { head } from '../http/raw.ts';
import { type Bench, entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { serveHttp } from '../support/loopback.ts';
import { MESSAGE } from '../support/msw-bench.ts';
import { eventually } from '../support/recording.ts';
import { usedBytes } from './memory.ts';

const balance = useBench();
const sockets: Socket[] = [];
const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function bench(): Promise<Bench> {
  const server = await serveHttp((incoming, outgoing) => {
    incoming.resume();
    incoming.on('end', () => {
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify(MESSAGE));
    });
  });
  servers.push(server);
  return balance({ providers: [entry({ name: 'good', url: server.url })] });
}

/** So many connections, each of which writes that and then nothing. */
async function quiet(made: Bench, count: number, text: string): Promise<readonly Socket[]> {
  const { port } = new URL(made.url);
  const opened = Array.from({ length: count }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    if (text !== '') socket.write(text);
    sockets.push(socket);
    return socket;
  });
  await eventually('the connections', () => opened.every((socket) => !socket.connecting));
  return opened;
}

const BYTES_EACH = 24 * 1024;

describe('connections by the thousand', { timeout: 60_000 }, () => {
  it.each<readonly [string, number, string]>([
    ['that say nothing', 2_000, ''],
    ['in the middle of their headers', 1_000, 'POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
    [
      'before their body',
      1_000,
      head('POST /v1/messages', 'Content-Type: application/json', 'Content-Length: 1000'),
    ],
  ])('%s cost little, and others are served beside them', async (_, count, text) => {
    const made = await bench();
    expect((await made.messages({ body: WHOLE_BODY }).end).status).toBe(200);
    const before = usedBytes();
    const opened = await quiet(made, count, text);
    expect((await made.messages({ body: WHOLE_BODY }).end).status).toBe(200);
    // Both ends of each live in this process.
    expect((usedBytes() - before) / count).toBeLessThan(2 * BYTES_EACH);
    expect(opened.every((socket) => !socket.destroyed)).toBe(true);
    for (const socket of opened) socket.destroy();
    await eventually('nothing is booked', () => made.balancer.engine.status().bufferedBytes === 0);
    expect((await made.messages({ body: WHOLE_BODY }).end).status).toBe(200);
  });
});
