import type { Dispatcher } from 'undici';
import type { Clock } from '../domain/time.ts';
import type { Connection, SendMark } from './connection.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type CancelDeadline, startDeadline } from './deadline.ts';
import { proxyAuthorization, proxyRefusal } from './http-tunnel.ts';
import { connectFailure, exchangeFailure, failure } from './network-errors.ts';
import type { TransportFailure, UpstreamExchange, UpstreamRequest, UpstreamSink } from './transport.ts';

/**
 * One request on its way: waits for a connection, sends, hands the answer on. It is undici's handler and the caller's
 * exchange in one, so that a chunk costs two calls and no object.
 */
export class UndiciExchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #url: URL;
  readonly #sink: UpstreamSink;
  readonly #pool: ConnectionPool;
  readonly #clock: Clock;
  readonly #ended: () => void;
  #connection: Connection | undefined;
  #mark: SendMark | undefined;
  #cancelWait: () => void = () => {};
  #cancelDeadline: CancelDeadline = () => {};
  #paused = false;
  /** Nothing is called on the sink any more. */
  #done = false;
  /** undici has nothing more to tell that matters. */
  #over = false;
  #inHead = true;
  /** What came after a pause: undici parses what it has read to its end, at most one socket buffer. */
  #held: Buffer[] = [];
  #heldEnd: TransportFailure | 'end' | undefined;

  constructor(
    request: UpstreamRequest,
    url: URL,
    sink: UpstreamSink,
    pool: ConnectionPool,
    clock: Clock,
    ended: () => void,
  ) {
    this.#request = request;
    this.#url = url;
    this.#sink = sink;
    this.#pool = pool;
    this.#clock = clock;
    this.#ended = ended;
  }

  /** Queues for a connection. Nothing is called on the sink before this returns. */
  start(): void {
    const { poolTimeoutMs, fresh } = this.#request;
    this.#cancelWait = this.#pool.acquire(this.#url, fresh === true, (connection) => {
      this.#cancelDeadline();
      this.#connection = connection;
      // Not inside another exchange's parse: undici's parser is one for all, and not reentrant.
      queueMicrotask(() => this.#dispatch(connection));
    });
    if (this.#connection !== undefined) return;
    this.#cancelDeadline = startDeadline(this.#clock, poolTimeoutMs, () =>
      this.#fail(
        failure(
          'pool_timeout',
          'POOL_TIMEOUT',
          `no free connection within ${poolTimeoutMs / 1000} s (max_connections)`,
          false,
        ),
      ),
    );
  }

  pause(): void {
    this.#paused = true;
    // The head is never held: whoever pauses means the body.
    if (!this.#inHead) this.#connection?.pauseReading();
  }

  resume(): void {
    if (!this.#paused || this.#done) return;
    this.#paused = false;
    while (!this.#paused && !this.#done) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      if (!this.#sink.chunk(chunk)) this.pause();
    }
    if (this.#paused || this.#done) return;
    if (this.#heldEnd !== undefined) this.#finish(this.#heldEnd);
    // Later, for the same reason as above; and only if nobody has paused again by then.
    else queueMicrotask(() => this.#resumeReading());
  }

  abort(): void {
    if (this.#done) return;
    this.#close();
    this.#letGo(false);
  }

  /** Ends it from our side, as the whole transport goes down. */
  shutDown(): void {
    if (this.#done) return;
    this.#letGo(false);
    this.#finish(failure('aborted', 'TRANSPORT_CLOSED', 'the balancer closed the connection', false));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#cancelDeadline();
    if (this.#over || this.#connection === undefined) {
      controller.abort(new Error('aborted'));
      return;
    }
    this.#mark = this.#connection.markSent();
    this.#sink.sent?.();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#over || status < 200) return;
    const forwarder = this.#connection?.forwarder;
    if (status === 407 && forwarder !== undefined) {
      this.#fail(connectFailure(proxyRefusal(forwarder.label, status), this.#url.host));
      return;
    }
    this.#inHead = false;
    if (this.#paused) this.#connection?.pauseReading();
    this.#sink.head(status, flatHeaders(controller.rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#paused) this.#held.push(chunk);
    else if (!this.#sink.chunk(chunk)) this.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#letGo(true);
    if (this.#held.length > 0) this.#heldEnd = 'end';
    else this.#finish('end');
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return;
    if (this.#mark === undefined) this.#fail(connectFailure(error, this.#url.host));
    else
      this.#fail(exchangeFailure(error, { inHead: this.#inHead, untouched: this.#isUntouched(this.#mark) }));
  }

  #dispatch(connection: Connection): void {
    if (this.#over) return;
    const { connectTimeoutMs, method, headers, body } = this.#request;
    this.#cancelDeadline = startDeadline(this.#clock, connectTimeoutMs, () =>
      this.#fail(
        failure(
          'connect_timeout',
          'CONNECT_TIMEOUT',
          `${this.#url.host}: no connection within ${connectTimeoutMs / 1000} s`,
          false,
        ),
      ),
    );
    const authorization =
      connection.forwarder === undefined ? undefined : proxyAuthorization(connection.forwarder);
    try {
      connection.client.dispatch(
        {
          method,
          path: connection.forwarder === undefined ? pathOf(this.#url) : this.#url.origin + pathOf(this.#url),
          headers:
            authorization === undefined ? [...headers] : [...headers, 'proxy-authorization', authorization],
          body: body ?? null,
        },
        this,
      );
    } catch (error) {
      this.#fail(connectFailure(error instanceof Error ? error : new Error(String(error)), this.#url.host));
    }
  }

  #isUntouched(mark: SendMark): boolean {
    return mark.reused && this.#inHead && mark.socket?.bytesRead === mark.bytesRead;
  }

  #resumeReading(): void {
    if (!this.#paused && !this.#over) this.#connection?.resumeReading();
  }

  #fail(cause: TransportFailure): void {
    if (this.#over) return;
    this.#letGo(false);
    // What came before the failure is handed on first.
    if (this.#held.length > 0) this.#heldEnd = cause;
    else this.#finish(cause);
  }

  #finish(end: TransportFailure | 'end'): void {
    this.#close();
    if (end === 'end') this.#sink.end();
    else this.#sink.fail(end);
  }

  #close(): void {
    this.#over = true;
    this.#done = true;
    this.#held = [];
    this.#cancelDeadline();
    this.#cancelWait();
    this.#ended();
  }

  /** Gives the connection back; when it can't be kept its socket closes at once. */
  #letGo(keep: boolean): void {
    this.#over = true;
    this.#cancelDeadline();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    if (!keep) this.#pool.release(connection, false);
    // Only after undici has left the parse it knows whether the socket may be used again.
    else
      queueMicrotask(() => {
        // An idle connection must see the provider close it.
        connection.resumeReading();
        this.#pool.release(connection, this.#request.fresh !== true);
      });
  }
}

function pathOf(url: URL): string {
  return url.pathname + url.search;
}

function flatHeaders(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
