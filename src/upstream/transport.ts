/**
 * The transport pushes: no stream object, no promise a chunk. Production uses undici's `dispatch` on a pool per provider
 * (`undici-transport.ts`); tests with msw hand in a small fetch transport.
 */

export interface UpstreamRequest {
  readonly method: 'POST' | 'GET';
  /** Origin + path + query, absolute. */
  readonly url: string;
  /** Flat list: name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  readonly connectTimeoutMs: number;
  /** How long it may wait for a free connection; 0: for ever. */
  readonly poolTimeoutMs: number;
  /** On a connection of its own, never a kept-alive one (the one repetition after `reset_reused`). */
  readonly fresh?: boolean;
}

/** Why an exchange broke below HTTP. */
export interface TransportFailure {
  readonly kind: 'connect' | 'pool_timeout' | 'connect_timeout' | 'reset' | 'protocol' | 'aborted' | 'decode';
  /** Network code where there is one: ECONNREFUSED, ENOTFOUND, ECONNRESET, UND_ERR_…, CERT_… */
  readonly code?: string;
  /** For people; no credential in it. */
  readonly message: string;
  /** The request had gone out on a connection that had already served another one. */
  readonly reusedConnection: boolean;
}

/** Receives an answer as it comes. Exactly one of `end` and `fail` is called, last, unless aborted first. */
export interface UpstreamSink {
  /** The connection is there and the request was written to it. */
  sent?(): void;
  /** Final status line and headers (1xx are skipped). Header names as they came. */
  head(status: number, headers: readonly string[]): void;
  /** `false` asks the exchange to pause until `resume()`. */
  chunk(bytes: Buffer): boolean;
  end(): void;
  fail(failure: TransportFailure): void;
  /** An exception of ours on the way here; in the place of `end` and `fail`. The provider has no part in it. */
  fault?(error: unknown): void;
}

/** One running upstream request. After `abort()` nothing is called on the sink any more. */
export interface UpstreamExchange {
  pause(): void;
  resume(): void;
  abort(): void;
}

export type Transport = (request: UpstreamRequest, sink: UpstreamSink) => UpstreamExchange;
