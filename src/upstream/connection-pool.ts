import type { Connection } from './connection.ts';

interface Waiting {
  readonly origin: URL;
  readonly fresh: boolean;
  readonly granted: (connection: Connection) => void;
}

/**
 * The connections of one provider. Each serves one request at a time; idle ones are taken again, the latest used first.
 * With `limit`, requests above it wait in order of arrival.
 */
export class ConnectionPool {
  readonly #limit: number;
  readonly #create: (origin: URL, lost: (connection: Connection) => void) => Connection;
  readonly #all = new Set<Connection>();
  #idle: Connection[] = [];
  #waiting: Waiting[] = [];
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(
    limit: number | undefined,
    create: (origin: URL, lost: (connection: Connection) => void) => Connection,
  ) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#create = create;
  }

  /**
   * Gives a connection that nobody else uses, at once or when one is free. `fresh`: one that never served.
   * The answer takes the request out of the queue; afterwards it does nothing.
   */
  acquire(origin: URL, fresh: boolean, granted: (connection: Connection) => void): () => void {
    const request: Waiting = { origin, fresh, granted };
    if (this.#waiting.length > 0 || !this.#grant(request)) this.#waiting.push(request);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== request);
    };
  }

  /** Gives a connection back. One whose socket is gone, or that must not be kept, is closed. */
  release(connection: Connection, keep: boolean): void {
    if (keep && connection.alive && !this.#closed) this.#idle.push(connection);
    else this.#drop(connection);
    this.#serveWaiting();
  }

  /** Closes idle connections now and the others as they are given back. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle) this.#drop(connection);
  }

  /** Resolves when every connection given up so far has closed its socket. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #grant(request: Waiting): boolean {
    const connection = request.fresh ? undefined : this.#takeIdle(request.origin.origin);
    if (connection === undefined) {
      const [oldest] = this.#idle;
      if (this.#all.size >= this.#limit && oldest !== undefined) this.#drop(oldest);
      if (this.#all.size >= this.#limit) return false;
    }
    request.granted(connection ?? this.#open(request.origin));
    return true;
  }

  #takeIdle(origin: string): Connection | undefined {
    const index = this.#idle.findLastIndex((connection) => connection.origin === origin);
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }

  #open(origin: URL): Connection {
    const connection = this.#create(origin, (lost) => {
      if (this.#idle.includes(lost)) this.#drop(lost);
    });
    this.#all.add(connection);
    return connection;
  }

  #drop(connection: Connection): void {
    this.#all.delete(connection);
    this.#idle = this.#idle.filter((other) => other !== connection);
    const closing = connection.destroy().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #serveWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      this.#waiting.shift();
      if (this.#grant(next)) continue;
      this.#waiting.unshift(next);
      return;
    }
  }
}
