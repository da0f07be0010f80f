import type { Dispatcher } from 'undici';

/** One answer: each piece is shown to whoever wants to see it and thrown away. */
export class Receiver implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now();
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #done: (error?: Error) => void;
  #status = 0;
  /** From the sending to the first byte of the body, ms. */
  firstByteMs = 0;

  constructor(onBytes: (bytes: Buffer) => void, done: (error?: Error) => void) {
    this.#onBytes = onBytes;
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.firstByteMs === 0) this.firstByteMs = performance.now() - this.#startedAt;
    this.#onBytes(chunk);
  }

  onResponseEnd(): void {
    this.#done(this.#status === 200 ? undefined : new Error(`answered with status ${this.#status}`));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#done(error);
  }
}
