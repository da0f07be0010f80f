import type {
  Transport,
  TransportFailure,
  UpstreamExchange,
  UpstreamRequest,
  UpstreamSink,
} from '../../src/upstream/transport.ts';

/**
 * A transport over `globalThis.fetch`, looked up at each request, so that msw can play the providers: it does not
 * intercept undici's own client. For statuses, headers and bodies; cuts, stalls and back-pressure are tested on loopback
 * servers with the real transport.
 */
export const fetchTransport: Transport = (request, sink) => new FetchExchange(request, sink);

class FetchExchange implements UpstreamExchange {
  readonly #sink: UpstreamSink;
  readonly #controller = new AbortController();
  #proceed: () => void = () => {};
  #paused: Promise<void> | undefined;

  constructor(request: UpstreamRequest, sink: UpstreamSink) {
    this.#sink = sink;
    this.#run(request).catch((error: unknown) => {
      if (!this.#controller.signal.aborted) sink.fail(failureOf(error));
    });
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#proceed = resolve;
    });
  }

  resume(): void {
    this.#paused = undefined;
    this.#proceed();
  }

  abort(): void {
    this.#controller.abort();
    this.#proceed();
  }

  async #run({ url, method, headers, body }: UpstreamRequest): Promise<void> {
    const { signal } = this.#controller;
    const response = await globalThis.fetch(url, {
      method,
      headers: pairsOf(headers),
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    if (signal.aborted) return;
    this.#sink.sent?.();
    this.#sink.head(response.status, [...response.headers].flat());
    for await (const bytes of response.body ?? []) {
      if (signal.aborted) return;
      if (!this.#sink.chunk(Buffer.from(bytes))) this.pause();
      await this.#paused;
    }
    if (!signal.aborted) this.#sink.end();
  }
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}

function failureOf(error: unknown): TransportFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'connect', code: 'ECONNREFUSED', message, reusedConnection: false };
}
