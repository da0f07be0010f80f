import type { Socket } from 'node:net';
import { InterimAnswers } from './interim-answers.ts';

/**
 * Back-pressure on a socket that undici reads. undici's own pause puts what it had read back into the socket's buffer and
 * reads on at each resume: with a slow client the buffer grows by 64 KB a turn and is copied whole each time (measured).
 * And its parser asserts, in the socket's own events, that it is not paused when an answer under `connection: close` is
 * reset: that would take the process down. A gate before `read` has neither fault: the socket keeps at most one buffer's
 * worth, and the kernel holds the provider back. It also keeps from undici what that can't bear: `100 Continue`.
 */
export class ReadGate {
  readonly #socket: Socket;
  readonly #interim = new InterimAnswers();
  #closed = false;

  /** To be called before undici gets the socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    const read: (size?: number) => Buffer | null = socket.read.bind(socket);
    socket.read = (size?: number) => {
      while (!this.#closed) {
        const bytes = read(size);
        const passed = bytes === null ? null : this.#interim.pass(bytes);
        if (passed !== undefined) return passed;
      }
      return null;
    };
  }

  /** A request goes out: what comes next begins its answer. */
  expectAnswer(): void {
    this.#interim.expect();
  }

  close(): void {
    this.#closed = true;
  }

  /** The readers are told at once that there may be something. */
  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    if (!this.#socket.destroyed) this.#socket.emit('readable');
  }
}
