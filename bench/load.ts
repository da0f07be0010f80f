import type { ChildProcess } from 'node:child_process';
import { call } from './calls.ts';

/** So many requests one after the other, on so many connections. */
export interface RequestsJob {
  readonly url: string;
  /** Size of the request body. */
  readonly bytes: number;
  readonly count: number;
  readonly concurrency: number;
  /** The requests are of so many sessions in turn, the same ones each time. By default each is of a new session. */
  readonly sessions?: number;
}

export interface RequestsResult {
  readonly firstByteP50Ms: number;
}

/** Streams at a time, with an event each so many ms, until the provider is told to end them. */
export interface StreamsJob {
  readonly url: string;
  readonly streams: number;
  readonly everyMs: number;
  /** All of them are the same request of one session: a balancer may answer them with one stream. */
  readonly equal?: boolean;
  /** Each is kept and looked at at its end, whether it is whole. */
  readonly whole?: boolean;
}

/** From the provider's write to the client's receipt. */
export interface Delays {
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How streams ended. */
export interface StreamsResult {
  readonly ended: number;
  /** A line for each that failed, was cut, or, where it was looked at, was not whole. */
  readonly lost: readonly string[];
}

/** The load client, from the other side of its channel. */
export interface LoadClient {
  requests(job: RequestsJob): Promise<RequestsResult>;
  /** Resolves when each has begun, or failed. */
  beginStreams(job: StreamsJob): Promise<void>;
  /** Events received so far. */
  streamedEvents(): Promise<number>;
  /** Delays of the events since the last call. */
  takeDelays(): Promise<Delays>;
  /** Resolves when all that were begun have ended. */
  endStreams(): Promise<StreamsResult>;
}

export function loadClient(child: ChildProcess): LoadClient {
  return {
    requests: (job) => call(child, 'requests', job),
    beginStreams: (job) => call(child, 'beginStreams', job),
    streamedEvents: () => call(child, 'streamedEvents'),
    takeDelays: () => call(child, 'takeDelays'),
    endStreams: () => call(child, 'endStreams'),
  };
}
