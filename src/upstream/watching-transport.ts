import type { Transport, UpstreamSink } from './transport.ts';

/** The transport with somebody who sees the bytes of good answers go by, and must not throw. */
export function watchingTransport(transport: Transport, saw: (bytes: Buffer) => void): Transport {
  return (request, sink) => transport(request, new WatchedSink(sink, saw));
}

class WatchedSink implements UpstreamSink {
  readonly #sink: UpstreamSink;
  readonly #saw: (bytes: Buffer) => void;
  #isGood = false;

  constructor(sink: UpstreamSink, saw: (bytes: Buffer) => void) {
    this.#sink = sink;
    this.#saw = saw;
  }

  sent(): void {
    this.#sink.sent?.();
  }

  head(status: number, headers: readonly string[]): void {
    this.#isGood = status === 200;
    this.#sink.head(status, headers);
  }

  chunk(bytes: Buffer): boolean {
    if (this.#isGood) this.#saw(bytes);
    return this.#sink.chunk(bytes);
  }

  end(): void {
    this.#sink.end();
  }

  fail(failure: Parameters<UpstreamSink['fail']>[0]): void {
    this.#sink.fail(failure);
  }
}
