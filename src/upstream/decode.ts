import type { Transform } from 'node:stream';
import {
  contentEncodings,
  type DecoderFactory,
  decoderFactories,
  withoutEncoding,
} from './content-encoding.ts';
import { errorCode, failure } from './network-errors.ts';
import type { Transport, TransportFailure, UpstreamExchange, UpstreamSink } from './transport.ts';

/**
 * The same transport, its answers decoded: gzip, x-gzip, deflate (zlib or raw), br, and several of them stacked; what the
 * provider flushed is handed on at once. `content-encoding` and `content-length` leave the head with the encoding. Broken
 * or cut data and unknown encodings fail with `decode`. Answers without an encoding pass as they are.
 *
 * It wraps the transport and not a sink, because a full decoder must pause the exchange beneath it.
 */
export function decoding(transport: Transport): Transport {
  return (request, sink) => {
    const decoder = new DecodingExchange(sink);
    decoder.attach(transport(request, decoder));
    return decoder;
  };
}

/** Sink for the transport beneath, exchange for the caller above. */
class DecodingExchange implements UpstreamSink, UpstreamExchange {
  readonly #sink: UpstreamSink;
  #inner: UpstreamExchange | undefined;
  #layers: DecoderChain | undefined;
  #done = false;

  constructor(sink: UpstreamSink) {
    this.#sink = sink;
  }

  attach(inner: UpstreamExchange): void {
    this.#inner = inner;
  }

  sent(): void {
    this.#sink.sent?.();
  }

  head(status: number, headers: readonly string[]): void {
    const encodings = contentEncodings(headers);
    if (encodings.length === 0) {
      this.#sink.head(status, headers);
      return;
    }
    const decoders = decoderFactories(encodings);
    if (decoders === undefined) {
      this.#fail(`content-encoding ${encodings.join(', ').slice(0, 100)} is not understood`, undefined);
      return;
    }
    this.#layers = new DecoderChain(decoders, {
      chunk: (bytes) => this.#sink.chunk(bytes),
      drained: () => this.#inner?.resume(),
      ended: () => this.#end(undefined),
      broken: (error) => this.#fail(`the body is not valid ${encodings.join(', ')}`, errorCode(error)),
    });
    this.#sink.head(status, withoutEncoding(headers));
  }

  chunk(bytes: Buffer): boolean {
    if (this.#done) return true;
    return this.#layers === undefined ? this.#sink.chunk(bytes) : this.#layers.write(bytes);
  }

  end(): void {
    if (this.#layers === undefined) this.#end(undefined);
    else this.#layers.end();
  }

  /** What came before the failure is decoded and handed on first. */
  fail(cause: TransportFailure): void {
    if (this.#layers === undefined) this.#end(cause);
    else this.#layers.finishThen(() => this.#end(cause));
  }

  pause(): void {
    if (this.#layers === undefined) this.#inner?.pause();
    else this.#layers.pause();
  }

  resume(): void {
    if (this.#layers === undefined) this.#inner?.resume();
    else this.#layers.resume();
  }

  abort(): void {
    this.#done = true;
    this.#layers?.destroy();
    this.#inner?.abort();
  }

  #end(cause: TransportFailure | undefined): void {
    if (this.#done) return;
    this.#done = true;
    if (cause === undefined) this.#sink.end();
    else this.#sink.fail(cause);
  }

  #fail(message: string, code: string | undefined): void {
    if (this.#done) return;
    this.abort();
    this.#sink.fail(failure('decode', code, message, false));
  }
}

interface ChainListener {
  chunk(bytes: Buffer): boolean;
  /** The first decoder takes bytes again after a `write` that said no. */
  drained(): void;
  ended(): void;
  broken(error: Error): void;
}

/** Decoders one behind the other, built at the first byte: an empty body is empty in every encoding. */
class DecoderChain {
  readonly #factories: readonly DecoderFactory[];
  readonly #listener: ChainListener;
  #first: Transform | undefined;
  #last: Transform | undefined;
  #paused = false;
  /** Writes that the first decoder has not yet taken in. */
  #unread = 0;
  #ending = false;
  /** Set when the transport failed: what the decoders say to their cut input is no news. */
  #afterwards: (() => void) | undefined;

  constructor(factories: readonly DecoderFactory[], listener: ChainListener) {
    this.#factories = factories;
    this.#listener = listener;
  }

  write(bytes: Buffer): boolean {
    this.#first ??= this.#build(bytes);
    this.#unread += 1;
    return this.#first.write(bytes, () => {
      this.#unread -= 1;
      if (this.#ending && this.#unread === 0) this.#first?.end();
    });
  }

  end(): void {
    if (this.#first === undefined) this.#listener.ended();
    // Not together with the last bytes: zlib would throw away what a cut body still gave.
    else if (this.#unread === 0) this.#first.end();
    else this.#ending = true;
  }

  finishThen(afterwards: () => void): void {
    this.#afterwards = afterwards;
    if (this.#first === undefined) afterwards();
    else this.end();
  }

  pause(): void {
    this.#paused = true;
    this.#last?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#last?.resume();
  }

  destroy(): void {
    this.#first?.destroy();
    this.#last?.destroy();
  }

  #build(bytes: Buffer): Transform {
    let previous: Transform | undefined;
    let first: Transform | undefined;
    for (const create of this.#factories) {
      // Only the outermost layer's first byte is known; zlib is what the name "deflate" means.
      const layer = create(previous === undefined ? bytes[0] : undefined);
      layer.on('error', (error: Error) => this.#broken(error));
      previous?.pipe(layer);
      first ??= layer;
      previous = layer;
    }
    const last = previous;
    if (first === undefined || last === undefined) throw new Error('a chain without decoders');
    first.on('drain', () => this.#listener.drained());
    last.on('data', (chunk: Buffer) => {
      if (!this.#listener.chunk(chunk)) this.pause();
    });
    last.on('end', () => (this.#afterwards ?? this.#listener.ended)());
    if (this.#paused) last.pause();
    this.#last = last;
    return first;
  }

  #broken(error: Error): void {
    if (this.#afterwards === undefined) this.#listener.broken(error);
    else this.#afterwards();
  }
}
