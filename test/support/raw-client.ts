import { connect, type Socket } from 'node:net';

/** What a bare TCP client saw: every byte, and how the connection went. */
export interface RawAnswer {
  readonly text: string;
  readonly end: 'fin' | 'reset';
}

/** A TCP connection to a server on this machine, for looking at bytes instead of HTTP. */
export interface RawConnection {
  write(text: string): void;
  /** Resolves when what came so far holds `part`. */
  received(part: string): Promise<void>;
  /** Resolves when the server has closed or reset the connection. */
  readonly ended: Promise<RawAnswer>;
  close(): void;
}

const DEADLINE_MS = 5000;

export function openRaw(port: number): RawConnection {
  const socket: Socket = connect(port, '127.0.0.1');
  let text = '';
  let end: RawAnswer['end'] | undefined;
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watch of [...watchers]) watch();
  };
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    notify();
  });
  socket.on('error', () => {
    end = 'reset';
    notify();
  });
  socket.on('end', () => {
    end ??= 'fin';
    notify();
  });

  function until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(deadline);
        watchers.delete(watch);
        resolve(found);
      };
      const deadline = setTimeout(() => reject(new Error(`no ${what}; got: ${text}`)), DEADLINE_MS);
      watchers.add(watch);
      watch();
    });
  }

  const ended = until('end of the connection', () => end && { text, end });
  ended.catch(() => undefined);
  return {
    write: (bytes) => void socket.write(bytes),
    received: (part) => until(part, () => (text.includes(part) ? true : undefined)).then(() => undefined),
    ended,
    close: () => socket.destroy(),
  };
}

/** The bytes of a Messages request. */
export function rawRequest(body: object = { model: 'm', stream: true }): string {
  const text = JSON.stringify(body);
  return `POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
