import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { FaultyAddress } from './scenario.ts';

/** Connections that the kernel takes into a queue of this backlog (Linux: one more than asked for). */
const BACKLOG = 1;
const FILLS = BACKLOG + 1;

/**
 * A thread that listens and then sleeps, so that nobody ever accepts. Node's own servers accept whatever comes, hence a
 * thread. `workerData` is the word on which it sleeps.
 */
const SLEEPING_LISTENER = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: ${BACKLOG} }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => {
    Atomics.wait(new Int32Array(workerData), 0, 0);
    process.exit();
  });
});`;

/** An address whose queue of waiting connections is full: a connect neither succeeds nor fails (Linux). */
export async function openFullBacklog(): Promise<FaultyAddress> {
  const word = new SharedArrayBuffer(4);
  const worker = new Worker(SLEEPING_LISTENER, { eval: true, workerData: word });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers = await Promise.all(Array.from({ length: FILLS }, () => fill(port)));
  return { url: `http://127.0.0.1:${port}`, close: () => wake(worker, word, fillers) };
}

function fill(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      // It dies with the listener; that is no news.
      socket.off('error', reject).on('error', () => undefined);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

async function wake(worker: Worker, word: SharedArrayBuffer, fillers: readonly Socket[]): Promise<void> {
  for (const socket of fillers) socket.destroy();
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const cell = new Int32Array(word);
  Atomics.store(cell, 0, 1);
  Atomics.notify(cell, 0);
  await exited;
}
