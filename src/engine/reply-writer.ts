import type { Clock } from '../domain/time.ts';
import type { Answer, ReplyFlow, ReplySink, ReplyStream } from './interface.ts';

/**
 * The client's side of one request: the reply is opened once, its bytes follow in order. It holds what comes before
 * the client's sink is there, keeps a waiting client alive with pings, and ends once.
 */
export interface ReplyWriter {
  readonly state: 'unopened' | 'open' | 'ended';
  /** A whole answer at once. */
  complete(status: number, headers: readonly string[], body: Buffer): void;
  /** Opens a stream; its bytes follow by `chunk`. */
  open(status: number, headers: readonly string[]): void;
  /** `false`: the client is slow, pause until `onResume`. `atBoundary`: an event ends with this chunk. */
  chunk(bytes: Buffer, atBoundary: boolean): boolean;
  end(): void;
  cut(): void;
  readonly atBoundary: boolean;
  /** The client is gone: no more is written, timers are cleared. */
  abandon(): void;
}

export interface ReplyWriterOptions {
  /** Gets the head: at the commit, at the final error, or early so that the client stays patient. */
  readonly answer: Answer;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  readonly ping: Buffer;
  /** The client has drained. */
  readonly onResume: () => void;
}

export function createReplyWriter(options: ReplyWriterOptions): ReplyWriter {
  return new Writer(options);
}

class Writer implements ReplyWriter, ReplyStream, ReplyFlow {
  state: 'unopened' | 'open' | 'ended' = 'unopened';
  atBoundary = true;
  readonly #options: ReplyWriterOptions;
  #sink: ReplySink | undefined;
  /** What came before the sink was there. */
  #backlog: Buffer[] = [];
  #ending: 'end' | 'cut' | undefined;
  #writtenAt = 0;
  #waiting = false;
  #timer: unknown;

  constructor(options: ReplyWriterOptions) {
    this.#options = options;
  }

  complete(status: number, headers: readonly string[], body: Buffer): void {
    if (this.state !== 'unopened') return;
    this.state = 'ended';
    this.#options.answer({ status, headers, body });
  }

  open(status: number, headers: readonly string[]): void {
    if (this.state !== 'unopened') return;
    this.state = 'open';
    this.#writtenAt = this.#options.clock.now();
    this.#armPing(this.#options.pingIntervalMs);
    this.#options.answer({ status, headers, body: this });
  }

  pipe(sink: ReplySink): ReplyFlow {
    this.#sink = sink;
    const backlog = this.#backlog;
    this.#backlog = [];
    let ready = true;
    for (const bytes of backlog) ready = sink.chunk(bytes);
    if (this.#ending !== undefined) sink[this.#ending]();
    else if (backlog.length > 0 && ready) this.#options.onResume();
    return this;
  }

  chunk(bytes: Buffer, atBoundary: boolean): boolean {
    if (this.state !== 'open') return true;
    this.atBoundary = atBoundary;
    this.#writtenAt = this.#options.clock.now();
    if (this.#sink === undefined) {
      this.#backlog.push(bytes);
      return false;
    }
    const ready = this.#sink.chunk(bytes);
    if (!ready) this.#waiting = true;
    return ready;
  }

  resume(): void {
    this.#waiting = false;
    this.#options.onResume();
  }

  end(): void {
    this.#finish('end');
  }

  cut(): void {
    this.#finish('cut');
  }

  abandon(): void {
    this.state = 'ended';
    this.#backlog = [];
    this.#options.clock.clearTimeout(this.#timer);
  }

  #finish(ending: 'end' | 'cut'): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    this.#ending = ending;
    this.#options.clock.clearTimeout(this.#timer);
    this.#sink?.[ending]();
  }

  /** One timer, looked at when it fires: a chunk does not re-arm it. */
  #armPing(delayMs: number): void {
    if (this.#options.pingIntervalMs <= 0) return;
    this.#timer = this.#options.clock.setTimeout(() => this.#lookForSilence(), delayMs);
  }

  #lookForSilence(): void {
    if (this.state !== 'open') return;
    const { clock, pingIntervalMs, ping } = this.#options;
    // Written in the future: the clock was set back.
    this.#writtenAt = Math.min(this.#writtenAt, clock.now());
    const silentMs = clock.now() - this.#writtenAt;
    if (silentMs < pingIntervalMs) {
      this.#armPing(pingIntervalMs - silentMs);
      return;
    }
    // Never inside an event, and not to a client that does not read.
    if (this.atBoundary && !this.#waiting) this.chunk(ping, true);
    this.#armPing(pingIntervalMs);
  }
}
