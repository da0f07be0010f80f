import type { Socket } from 'node:net';

/**
 * Back-pressure on a socket that undici reads. undici's own pause puts what it had read back into the socket's buffer and
 * reads on at each resume: with a slow client the buffer grows by 64 KB a turn and is copied whole each time (measured).
 * And its parser asserts, in the socket's own events, that it is not paused when an answer under `connection: close` is
 * reset: that would take the process down. A gate before `read` has neither fault: the socket keeps at most one buffer's
 * worth, and the kernel holds the provider back.
 */
export class ReadGate {
  readonly #socket: Socket;
  #closed = false;

  /** To be called before undici gets the socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => (this.#closed ? null : read(size));
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
