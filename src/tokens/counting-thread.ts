import { Worker } from 'node:worker_threads';
import type { CountReply, CountRequest } from './worker-messages.ts';

/** A thread that counts one request body at a time. */
export interface CountingThread {
  /** Hands a body over; its bytes are copied. The next one only after `counted`. */
  count(body: Buffer): void;
  /** Ends it, whatever it does; nothing is heard of it afterwards. Resolves when its memory is given back. */
  end(): Promise<void>;
}

/** What is heard of a thread. */
export interface ThreadListener {
  /** The input tokens of the body; undefined: it could not be read. */
  counted(tokens: number | undefined): void;
  /** The thread is gone, by itself. Told at most once. */
  died(reason: string): void;
}

export type StartThread = (listener: ThreadListener) => CountingThread;

/**
 * More than the largest body takes. Far beyond what is needed on purpose: V8 ends the thread where its heap grows over
 * the limit bit by bit, but the process where a single large object does. MB.
 */
const HEAP_MB = 1_024;

/**
 * Starts a worker thread. It loads the vocabulary, and keeps no process alive.
 *
 * @param file what the thread runs
 */
export function startThread(listener: ThreadListener, file: URL = workerFile()): CountingThread {
  let isOver = false;
  const die = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    listener.died(reason);
  };
  const worker = new Worker(file, {
    name: 'token counter',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    // What loads TypeScript is inherited; of other flags some forbid a worker.
    ...(import.meta.url.endsWith('.ts') ? {} : { execArgv: [] }),
  });
  worker.unref();
  // Its port is taken back into account when it has started.
  worker.once('online', () => worker.unref());
  worker.on('message', ({ tokens }: CountReply) => {
    if (!isOver) listener.counted(tokens);
  });
  worker.on('error', (error) => die(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => die(`it ended with code ${code}`));
  return {
    count(body) {
      // A copy of its own: a body may lie in a buffer that others share, and that would be copied as a whole.
      const copy = new Uint8Array(body);
      const request: CountRequest = { body: copy };
      worker.postMessage(request, [copy.buffer]);
    },
    async end() {
      isOver = true;
      await worker.terminate();
    },
  };
}

/** Beside this file, compiled as this file is. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}
