/** The client of the bench, in a process of its own: sends what it is told to and reports times. */
import { type Dispatcher, Pool } from 'undici';
import { answerCalls } from './calls.ts';
import type { RequestsJob, RequestsResult, StreamsJob } from './load.ts';
import { clientHeaders, DELTA, requestBody } from './traffic.ts';

const pools = new Map<string, Pool>();

function poolFor(url: string): Pool {
  const pool = pools.get(url) ?? new Pool(url, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  pools.set(url, pool);
  return pool;
}

/** One answer, received and thrown away. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now();
  readonly #onBytes: (bytes: number) => void;
  readonly #done: (error?: Error) => void;
  #status = 0;
  firstByteMs = 0;

  constructor(onBytes: (bytes: number) => void, done: (error?: Error) => void) {
    this.#onBytes = onBytes;
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.firstByteMs === 0) this.firstByteMs = performance.now() - this.#startedAt;
    this.#onBytes(chunk.length);
  }

  onResponseEnd(): void {
    this.#done(this.#status === 200 ? undefined : new Error(`answered with status ${this.#status}`));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#done(error);
  }
}

/** Sends one request. Resolves with its time to the first byte, ms. */
function send(
  url: string,
  path: string,
  body: Buffer,
  session: string,
  onBytes: (bytes: number) => void = ignore,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver(onBytes, (error) =>
      error === undefined ? resolve(receiver.firstByteMs) : reject(error),
    );
    poolFor(url).dispatch(
      { path, method: 'POST', headers: clientHeaders(body.length, session), body },
      receiver,
    );
  });
}

function ignore(): void {}

/** A new session each request: nobody's affinity decides where it goes. */
function newSession(): string {
  return crypto.randomUUID();
}

async function requests({ url, bytes, count, concurrency }: RequestsJob): Promise<RequestsResult> {
  const body = requestBody(bytes, newSession());
  const times: number[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      times.push(await send(url, '/v1/messages?beta=true', body, newSession()));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  times.sort((a, b) => a - b);
  return { firstByteP50Ms: times[Math.floor(times.length / 2)] ?? 0 };
}

let streamed = 0;
let running: Promise<unknown> = Promise.resolve();

/** Begins streams and resolves when each has had its first bytes. They end by themselves. */
async function beginStreams({ url, streams, events, everyMs, equal = false }: StreamsJob): Promise<void> {
  const body = requestBody(1024, newSession());
  const path = `/v1/messages?beta=true&events=${events}&every=${everyMs}`;
  const ended: Promise<unknown>[] = [];
  const session = newSession();
  for (let index = 0; index < streams; index += 1) {
    await new Promise<void>((begun, failed) => {
      const onBytes = (bytes: number): void => {
        streamed += bytes;
        begun();
      };
      const end = send(url, path, body, equal ? session : newSession(), onBytes);
      end.catch(failed);
      ended.push(end);
    });
  }
  running = Promise.all(ended);
  running.catch(ignore);
}

answerCalls({
  requests,
  beginStreams,
  /** Stream events received so far; the few that are not deltas are lost in rounding. */
  streamedEvents: () => streamed / DELTA.length,
  endStreams: async () => {
    await running;
  },
});
// It has no server that keeps it running, only its channel.
process.channel?.ref();
process.send?.({ url: '' });
