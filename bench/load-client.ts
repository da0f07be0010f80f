/** The client of the bench, in a process of its own: sends what it is told to and reports times. */
import { Pool } from 'undici';
import { answerCalls } from './calls.ts';
import type { Delays, RequestsJob, RequestsResult, StreamsJob, StreamsResult } from './load.ts';
import { Receiver } from './receiver.ts';
import { median, percentile } from './statistics.ts';
import { DELTA_BYTES, lossOf, machineUs, readStamps } from './stream-events.ts';
import { clientHeaders, requestBody } from './traffic.ts';

const pools = new Map<string, Pool>();

function poolFor(url: string): Pool {
  const pool = pools.get(url) ?? new Pool(url, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  pools.set(url, pool);
  return pool;
}

/** Sends one request. Resolves with its time to the first byte, ms. */
function send(
  url: string,
  path: string,
  body: Buffer,
  session: string,
  onBytes: (bytes: Buffer) => void = ignore,
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

/** So many lanes side by side take turns until all is begun, and wait for what they began. */
async function inLanes(lanes: number, count: number, act: () => Promise<void>): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await act();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Requests of few sessions so far: the next call goes on where the last one stopped. */
let turn = 0;

async function requests(job: RequestsJob): Promise<RequestsResult> {
  const { url, bytes, count, concurrency, sessions } = job;
  const body = requestBody(bytes, newSession());
  const times: number[] = [];
  await inLanes(concurrency, count, async () => {
    const session = sessions === undefined ? newSession() : `session-${turn++ % sessions}`;
    times.push(await send(url, '/v1/messages?beta=true', body, session));
  });
  return { firstByteP50Ms: median(times) };
}

let streamed = 0;
let delaysMs: number[] = [];
let running: Promise<string | undefined>[] = [];

function received(bytes: Buffer): void {
  streamed += bytes.length;
  const now = machineUs();
  readStamps(bytes, (atUs) => delaysMs.push((now - atUs) / 1000));
}

/** So many streams begin side by side. */
const BEGINNING = 10;

/** Begins streams and resolves when each has had its first bytes. The provider ends them. */
async function beginStreams({ url, streams, everyMs, equal = false, whole = false }: StreamsJob) {
  const body = requestBody(1024, newSession());
  const path = `/v1/messages?beta=true&every=${everyMs}`;
  const session = newSession();
  await inLanes(BEGINNING, streams, async () => {
    await new Promise<void>((begun) => {
      let text = '';
      const onBytes = (bytes: Buffer): void => {
        received(bytes);
        if (whole) text += bytes.toString('latin1');
        begun();
      };
      const end = send(url, path, body, equal ? session : newSession(), onBytes).then(
        () => (whole ? lossOf(text) : undefined),
        (error: unknown) => String(error),
      );
      running.push(end);
      end.finally(begun);
    });
  });
}

async function endStreams(): Promise<StreamsResult> {
  const ends = await Promise.all(running);
  running = [];
  return { ended: ends.length, lost: ends.filter((end) => end !== undefined) };
}

function takeDelays(): Delays {
  const taken = delaysMs;
  delaysMs = [];
  return { events: taken.length, p50Ms: percentile(taken, 0.5), p99Ms: percentile(taken, 0.99) };
}

answerCalls({
  requests,
  beginStreams,
  /** The few events that are not deltas are lost in rounding. */
  streamedEvents: () => streamed / DELTA_BYTES,
  takeDelays,
  endStreams,
});
// It has no server that keeps it running, only its channel.
process.channel?.ref();
process.send?.({ url: '' });
