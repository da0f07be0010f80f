import type {
  Transport,
  TransportFailure,
  UpstreamExchange,
  UpstreamRequest,
  UpstreamSink,
} from '../../src/upstream/transport.ts';

const DEADLINE_MS = 10_000;

/** Writes down all that an exchange tells, and lets a test wait for it. */
export class Recording implements UpstreamSink {
  sentCount = 0;
  status: number | undefined;
  headers: readonly string[] = [];
  readonly chunks: Buffer[] = [];
  outcome: 'end' | TransportFailure | undefined;
  /** Calls that came after `end` or `fail`. */
  afterEnd = 0;
  /** What `chunk` answers. */
  wantsMore = true;
  /** Called with each chunk, before the answer. */
  onChunk: (chunk: Buffer) => void = () => {};
  /** Called with the head. */
  onHead: () => void = () => {};
  #exchange: UpstreamExchange | undefined;
  #watchers: (() => void)[] = [];

  static start(transport: Transport, request: Partial<UpstreamRequest> & { url: string }): Recording {
    const recording = new Recording();
    recording.#exchange = transport(
      { method: 'POST', headers: [], connectTimeoutMs: 10_000, poolTimeoutMs: 0, ...request },
      recording,
    );
    return recording;
  }

  get exchange(): UpstreamExchange {
    if (this.#exchange === undefined) throw new Error('not started');
    return this.#exchange;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** The failure, or an error in the test if it ended properly. */
  get failure(): TransportFailure {
    if (this.outcome === undefined || this.outcome === 'end') throw new Error(`no failure: ${this.outcome}`);
    return this.outcome;
  }

  header(name: string): string | undefined {
    const index = this.headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name);
    return index < 0 ? undefined : this.headers[index + 1];
  }

  /** Resolves when `holds`, checked after each thing told; rejects after 10 s. */
  until(what: string, holds: (recording: Recording) => boolean): Promise<this> {
    if (holds(this)) return Promise.resolve(this);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what}: not within 10 s`)), DEADLINE_MS);
      this.#watchers.push(() => {
        if (!holds(this)) return;
        clearTimeout(timer);
        resolve(this);
      });
    });
  }

  finished(): Promise<this> {
    return this.until('end of the exchange', () => this.outcome !== undefined);
  }

  sent(): void {
    this.sentCount += 1;
    this.#told();
  }

  head(status: number, headers: readonly string[]): void {
    this.status = status;
    this.headers = headers;
    this.onHead();
    this.#told();
  }

  chunk(bytes: Buffer): boolean {
    this.chunks.push(bytes);
    this.onChunk(bytes);
    this.#told();
    return this.wantsMore;
  }

  end(): void {
    this.#finish('end');
  }

  fail(failure: TransportFailure): void {
    this.#finish(failure);
  }

  #finish(outcome: 'end' | TransportFailure): void {
    if (this.outcome !== undefined) this.afterEnd += 1;
    this.outcome ??= outcome;
    this.#told();
  }

  #told(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Waits for something outside an exchange, looking after each turn of the event loop; rejects after 10 s. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
