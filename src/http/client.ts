import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Departure } from '../engine/interface.ts';

/** The client of one request, watched until its connection or its answer is over. */
export interface Client {
  /** Happens once, when the client leaves before its answer was complete on our side. */
  readonly departure: Departure;
  /** Our side of the answer is complete (or was cut by us): from now on a close is no departure. */
  settle(): void;
}

/**
 * Watches the client of one request. `onClose` runs exactly once, when nothing more can be sent: after the
 * answer's end as well as after a departure.
 */
export function watchClient(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  onClose: () => void,
): Client {
  const departure = new OwnDeparture();
  let settled = false;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    if (!settled) departure.happen();
    onClose();
  };
  if (outgoing.destroyed || incoming.socket.destroyed) {
    close();
  } else {
    outgoing.once('close', close);
    // A pipelined request has no socket before its turn, and Node tells it nothing if its turn never comes.
    if (outgoing.socket === null) incoming.socket.once('close', close);
  }
  return {
    departure,
    settle() {
      settled = true;
    },
  };
}

class OwnDeparture implements Departure {
  aborted = false;
  #listeners: (() => void)[] = [];

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  happen(): void {
    this.aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
