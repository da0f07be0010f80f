import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { Clock } from '../domain/time.ts';

/** What an exchange's place among those that can be joined is made with. */
export interface ListingOptions {
  readonly clock: Clock;
  readonly buffers: BufferBudget;
  /** How long an answer is read on for somebody who might come back, ms. */
  readonly lingerMs: number;
  /** Of the request that is answered. */
  readonly bodyBytes: number;
  /** It was read on, and now nobody can come any more. */
  readonly lingeredInVain: () => void;
}

/** Who leaves and comes back finds the answer still coming if its bytes came within this time. ms */
const ALIVE_MS = 5_000;

/** Whether an exchange can be joined, and what that costs: its body is kept, to be compared with those of others. */
export class Listing {
  readonly #options: ListingOptions;
  #unlist: (() => void) | undefined;
  #bookedBytes = 0;
  #lingering: unknown;

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#unlist !== undefined;
  }

  /** It stands in a table where others find it; `unlist` takes it out. */
  open(unlist: () => void): void {
    this.#unlist = unlist;
  }

  /** The request's own booking of its body ends while the body is kept here. Without room it is not kept. */
  bookBody(): void {
    const { buffers, bodyBytes } = this.#options;
    if (!this.isOpen || this.#bookedBytes > 0) return;
    if (buffers.acquire(bodyBytes)) this.#bookedBytes = bodyBytes;
    else this.close();
  }

  /** The last client has left; the last bytes came at `lastAt`. Whether to read on for a while. */
  linger(lastAt: number): boolean {
    const { clock, lingerMs } = this.#options;
    if (lingerMs <= 0 || !this.isOpen || clock.now() - lastAt > ALIVE_MS) return false;
    this.#lingering = clock.setTimeout(() => this.close(), lingerMs);
    return true;
  }

  /** Somebody has come. */
  stopLingering(): void {
    this.#options.clock.clearTimeout(this.#lingering);
    this.#lingering = undefined;
  }

  /** Nobody can join any more. */
  close(): void {
    this.#unlist?.();
    this.#unlist = undefined;
    this.#options.buffers.release(this.#bookedBytes);
    this.#bookedBytes = 0;
    if (this.#lingering === undefined) return;
    this.stopLingering();
    this.#options.lingeredInVain();
  }
}
