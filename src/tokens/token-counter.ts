import { createHash } from 'node:crypto';
import { LruMap } from '../domain/lru-map.ts';
import type { Clock } from '../domain/time.ts';
import { type CountingThread, type StartThread, startThread } from './counting-thread.ts';
import { estimateTokens } from './estimate.ts';

/** What a counter is limited by. */
export interface CounterLimits {
  /** Bodies that wait, beside the one that is counted. */
  readonly waiting: number;
  /** Their bytes together. */
  readonly waitingBytes: number;
  /** A larger body is estimated: Anthropic takes none, and parsed it could take more than the heap. Bytes. */
  readonly bodyBytes: number;
  /** The time for one count, the start of the thread included, ms. */
  readonly countMs: number;
  /** A thread without work ends after so long, ms. */
  readonly idleMs: number;
  /** After so many failures in a row no thread is started for `pauseMs`. */
  readonly failures: number;
  readonly pauseMs: number;
  /** Counts remembered. */
  readonly remembered: number;
}

const LIMITS: CounterLimits = {
  waiting: 64,
  waitingBytes: 64 * 1024 * 1024,
  bodyBytes: 32 * 1024 * 1024,
  countMs: 10_000,
  idleMs: 60_000,
  failures: 3,
  pauseMs: 60_000,
  remembered: 256,
};

export interface TokenCounterOptions {
  readonly clock: Clock;
  /** Told once, when something could not be counted and was estimated. */
  readonly warn: (message: string) => void;
  /** Default: a worker thread. */
  readonly start?: StartThread;
  readonly limits?: Partial<CounterLimits>;
}

/** Counts the input tokens of requests. */
export interface TokenCounter {
  /**
   * The input tokens of a request body, counted in a thread of its own; by `estimateTokens` where that fails or has too
   * much to do. The body is neither parsed nor counted here. Never rejects.
   */
  countTokens(body: Buffer): Promise<number>;
  /** Ends the thread; whoever waits gets an estimate. */
  close(): Promise<void>;
}

/** Hashing a larger body would hold the event loop up: it is counted each time. Bytes. */
const LARGEST_KEPT = 1024 * 1024;

interface Job {
  /** What it is remembered by. */
  readonly key: string | undefined;
  readonly body: Buffer;
  readonly settle: (tokens: number) => void;
}

/** Makes a counter. Its thread starts with the first count. */
export function createTokenCounter(options: TokenCounterOptions): TokenCounter {
  return new Counter(options);
}

class Counter implements TokenCounter {
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #start: StartThread;
  readonly #limits: CounterLimits;
  readonly #recent: LruMap<string, number>;
  /** Equal bodies are counted once. */
  readonly #pending = new Map<string, Promise<number>>();
  readonly #waiting: Job[] = [];
  #waitingBytes = 0;
  #running: Job | undefined;
  #thread: CountingThread | undefined;
  /** The limit of the running count, or the end of idleness. */
  #timer: unknown;
  #failures = 0;
  #pausedUntil = 0;
  #hasWarned = false;
  #isClosed = false;

  constructor({ clock, warn, start = startThread, limits = {} }: TokenCounterOptions) {
    this.#clock = clock;
    this.#warn = warn;
    this.#start = start;
    this.#limits = { ...LIMITS, ...limits };
    this.#recent = new LruMap(this.#limits.remembered);
  }

  countTokens(body: Buffer): Promise<number> {
    const key = body.length > LARGEST_KEPT ? undefined : createHash('sha256').update(body).digest('base64');
    const known = key === undefined ? undefined : this.#recent.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const pending = key === undefined ? undefined : this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#isClosed || this.#clock.now() < this.#pausedUntil) return Promise.resolve(estimateTokens(body));
    if (!this.#hasRoom(body)) {
      this.#warnOnce('too much waits to be counted, or a request is too large');
      return Promise.resolve(estimateTokens(body));
    }
    const counted = new Promise<number>((settle) => {
      this.#waiting.push({ key, body, settle });
      this.#waitingBytes += body.length;
    });
    if (key !== undefined) this.#pending.set(key, counted);
    this.#next();
    return counted;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#estimateRunning();
    this.#estimateWaiting();
    await this.#endThread();
  }

  /** What can begin at once has room, unless it is too large for any time. */
  #hasRoom(body: Buffer): boolean {
    const { waiting, waitingBytes, bodyBytes } = this.#limits;
    if (body.length > bodyBytes) return false;
    if (this.#running === undefined) return true;
    return this.#waiting.length < waiting && this.#waitingBytes + body.length <= waitingBytes;
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    this.#clock.clearTimeout(this.#timer);
    if (job === undefined) {
      this.#timer = this.#clock.setTimeout(() => void this.#endThread(), this.#limits.idleMs);
      return;
    }
    this.#waitingBytes -= job.body.length;
    this.#running = job;
    const { countMs } = this.#limits;
    this.#timer = this.#clock.setTimeout(() => {
      void this.#endThread();
      this.#failed(`a count took longer than ${countMs / 1000} s`);
    }, countMs);
    this.#threadFor().count(job.body);
  }

  #threadFor(): CountingThread {
    if (this.#thread !== undefined) return this.#thread;
    const started: CountingThread = this.#start({
      counted: (tokens) => this.#counted(tokens),
      died: (reason) => {
        if (this.#thread === started) this.#thread = undefined;
        this.#failed(reason);
      },
    });
    this.#thread = started;
    return started;
  }

  #counted(tokens: number | undefined): void {
    const job = this.#running;
    if (job === undefined) return;
    this.#failures = 0;
    if (tokens !== undefined && job.key !== undefined) this.#recent.set(job.key, tokens);
    this.#settle(job, tokens);
    this.#running = undefined;
    this.#next();
  }

  /** The thread is gone; what it had is estimated, and the next one starts anew. */
  #failed(reason: string): void {
    this.#warnOnce(reason);
    this.#failures += 1;
    this.#estimateRunning();
    const { failures, pauseMs } = this.#limits;
    if (this.#failures >= failures) {
      this.#failures = 0;
      this.#pausedUntil = this.#clock.now() + pauseMs;
      this.#estimateWaiting();
    }
    this.#next();
  }

  #estimateRunning(): void {
    if (this.#running !== undefined) this.#settle(this.#running, undefined);
    this.#running = undefined;
  }

  #estimateWaiting(): void {
    for (const job of this.#waiting.splice(0)) this.#settle(job, undefined);
    this.#waitingBytes = 0;
  }

  #settle({ key, body, settle }: Job, tokens: number | undefined): void {
    if (key !== undefined) this.#pending.delete(key);
    settle(tokens ?? estimateTokens(body));
  }

  async #endThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }

  #warnOnce(reason: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(`Tokens could not be counted (${reason}): they are estimated by size where that happens.`);
  }
}
