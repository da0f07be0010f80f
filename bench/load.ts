import type { ChildProcess } from 'node:child_process';
import { call } from './calls.ts';

/** So many requests one after the other, on so many connections. */
export interface RequestsJob {
  readonly url: string;
  /** Size of the request body. */
  readonly bytes: number;
  readonly count: number;
  readonly concurrency: number;
}

export interface RequestsResult {
  readonly firstByteP50Ms: number;
}

/** Streams at a time, with an event each so many ms. */
export interface StreamsJob {
  readonly url: string;
  readonly streams: number;
  /** Events a stream. */
  readonly events: number;
  readonly everyMs: number;
  /** All of them are the same request of one session: a balancer may answer them with one stream. */
  readonly equal?: boolean;
}

/** The load client, from the other side of its channel. */
export interface LoadClient {
  requests(job: RequestsJob): Promise<RequestsResult>;
  /** Resolves when all have begun. */
  beginStreams(job: StreamsJob): Promise<void>;
  streamedEvents(): Promise<number>;
  endStreams(): Promise<void>;
}

export function loadClient(child: ChildProcess): LoadClient {
  return {
    requests: (job) => call(child, 'requests', job),
    beginStreams: (job) => call(child, 'beginStreams', job),
    streamedEvents: () => call(child, 'streamedEvents'),
    endStreams: () => call(child, 'endStreams'),
  };
}
