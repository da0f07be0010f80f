import type { Clock } from '../domain/time.ts';
import { PING_EVENT } from '../sse/encoder.ts';
import type { Transport, TransportFailure, UpstreamExchange, UpstreamSink } from './transport.ts';

/** How the answers of another protocol are read, for one request. It holds nothing of the request's body. */
export interface AnswerConversion {
  /** A 2xx has begun. */
  open(): AnswerTranslation;
  /** The status, headers (flat list) and body of an answer that failed, as the Messages API would tell it. */
  failed(status: number, headers: readonly string[], body: Buffer): ConvertedFailure;
  /** The headers (flat list) of a good answer. */
  headers(received: readonly string[]): readonly string[];
}

export interface ConvertedFailure {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Bytes of one answer in, bytes of the Messages API out; each call gives what has become certain, often nothing. */
export interface AnswerTranslation {
  push(bytes: Buffer): Buffer;
  /** The body has ended. */
  finish(): Buffer;
  /** Ends without what is still missing, where all content has come. */
  settle(): Buffer;
  /** All content has come; only what a client can do without is awaited. */
  readonly finishing: boolean;
  /** Nothing more is read: the message is there to its end, or it is no good. */
  readonly over: boolean;
  /** It is over, and its last bytes were the message's proper end. */
  readonly complete: boolean;
}

/** As much of a failed answer is looked at, bytes; and so long it is waited for, ms. */
const MAX_ERROR_BODY = 256 * 1024;
const ERROR_BODY_MS = 10_000;
/** So long is waited for the usage after a finish reason, ms (docs/protocols.md §4). */
const SETTLE_MS = 1_500;
/** Signs of life that say nothing become pings, at most one in so long. ms */
const PING_MS = 1_000;

/**
 * The transport as one of the Messages API: what comes back reaches the sink converted, so that whoever reads answers there
 * reads these as well. Pause, resume and abort pass through. An exception of ours goes to the sink's `fault`.
 */
export function convertingTransport(
  transport: Transport,
  conversion: AnswerConversion,
  clock: Clock,
): Transport {
  return (request, sink) => {
    const converting = new ConvertingSink(sink, conversion, clock);
    return converting.exchangeOf(transport(request, converting));
  };
}

class ConvertingSink implements UpstreamSink {
  readonly #sink: UpstreamSink;
  readonly #conversion: AnswerConversion;
  readonly #clock: Clock;
  #translation: AnswerTranslation | undefined;
  #failed: { status: number; headers: readonly string[]; chunks: Buffer[]; length: number } | undefined;
  #timer: unknown;
  /** Since when only signs of life have come, wall clock ms. */
  #quietSince: number | undefined;
  #hasBegun = false;
  /** The sink's owner is slow: what is still missing may have come, and waits in the connection. */
  #isHeld = false;
  /** The sink has all that it gets, but for the upstream's own end. */
  #over = false;
  #ended = false;
  #exchange: UpstreamExchange | undefined;

  constructor(sink: UpstreamSink, conversion: AnswerConversion, clock: Clock) {
    this.#sink = sink;
    this.#conversion = conversion;
    this.#clock = clock;
  }

  /** The exchange as the sink's owner sees it. */
  exchangeOf(exchange: UpstreamExchange): UpstreamExchange {
    this.#exchange = exchange;
    return {
      pause: () => exchange.pause(),
      resume: () => {
        this.#isHeld = false;
        exchange.resume();
      },
      abort: () => {
        this.#close();
        this.#ended = true;
        exchange.abort();
      },
    };
  }

  sent(): void {
    this.#sink.sent?.();
  }

  head(status: number, headers: readonly string[]): void {
    this.#guarded(() => {
      if (status >= 400) {
        this.#failed = { status, headers, chunks: [], length: 0 };
        this.#timer = this.#clock.setTimeout(() => this.#guarded(() => this.#tellFailure()), ERROR_BODY_MS);
        return;
      }
      const isAnswer = status >= 200 && status < 300 && status !== 204 && status !== 205;
      if (isAnswer) this.#translation = this.#conversion.open();
      this.#sink.head(status, isAnswer ? this.#conversion.headers(headers) : headers);
    });
  }

  chunk(bytes: Buffer): boolean {
    if (this.#over) return true;
    let ready = true;
    this.#guarded(() => {
      ready = this.#read(bytes);
    });
    this.#isHeld = !ready;
    return ready;
  }

  end(): void {
    this.#guarded(() => {
      if (!this.#over) {
        if (this.#failed !== undefined) {
          this.#tellFailure();
          return;
        }
        const rest = this.#translation?.finish();
        this.#close();
        if (rest !== undefined && rest.length > 0) this.#sink.chunk(rest);
      }
      this.#end();
    });
  }

  fail(failure: TransportFailure): void {
    this.#guarded(() => {
      if (this.#failed !== undefined && !this.#over) {
        // Its status came: a body that breaks off does not change what it said.
        this.#tellFailure();
        return;
      }
      this.#settle();
      this.#close();
      if (this.#ended) return;
      this.#ended = true;
      this.#sink.fail(failure);
    });
  }

  #read(bytes: Buffer): boolean {
    const failed = this.#failed;
    if (failed !== undefined) {
      failed.chunks.push(bytes);
      failed.length += bytes.length;
      if (failed.length > MAX_ERROR_BODY) this.#tellFailure();
      return true;
    }
    const translation = this.#translation;
    if (translation === undefined) return this.#sink.chunk(bytes);
    const converted = translation.push(bytes);
    if (translation.finishing && this.#timer === undefined) this.#settleSoon();
    if (converted.length === 0 && !translation.over) return this.#ping();
    this.#hasBegun = true;
    this.#quietSince = undefined;
    if (translation.over) this.#close();
    const ready = converted.length === 0 || this.#sink.chunk(converted);
    if (!translation.over || translation.complete) return ready;
    this.#endEarly();
    return true;
  }

  /** Something came that gives no event: the answer is alive all the same. Ahead of its beginning nothing is said. */
  #ping(): boolean {
    if (!this.#hasBegun) return true;
    const now = this.#clock.now();
    this.#quietSince ??= now;
    if (now - this.#quietSince < PING_MS) return true;
    this.#quietSince = now;
    return this.#sink.chunk(PING_EVENT);
  }

  #settleSoon(): void {
    this.#timer = this.#clock.setTimeout(() => {
      if (this.#isHeld) this.#settleSoon();
      else this.#guarded(() => this.#settle());
    }, SETTLE_MS);
  }

  /** What the provider still holds open is left to whoever owns the exchange. */
  #settle(): void {
    if (this.#over) return;
    const rest = this.#translation?.settle();
    if (rest === undefined || rest.length === 0) return;
    this.#close();
    this.#sink.chunk(rest);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end();
  }

  /** It is no good, and nothing more of it is read. */
  #endEarly(): void {
    this.#end();
    this.#exchange?.abort();
  }

  #tellFailure(): void {
    const failed = this.#failed;
    if (failed === undefined || this.#over) return;
    this.#close();
    const { status, headers, chunks } = failed;
    const told = this.#conversion.failed(status, headers, Buffer.concat(chunks));
    this.#sink.head(told.status, told.headers);
    this.#sink.chunk(told.body);
    this.#endEarly();
  }

  #close(): void {
    this.#over = true;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Whoever wrote the transport must not meet our exceptions, nor the provider be blamed for them. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#close();
      this.#ended = true;
      this.#sink.fault?.(error);
    }
  }
}
