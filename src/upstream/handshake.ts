import type { Socket } from 'node:net';
import { ConnectError } from './connect-error.ts';

/** What a parser found at the start of the bytes: its value and how many bytes it took. */
export interface Parsed<T> {
  readonly value: T;
  readonly used: number;
}

const LIMIT = 16 * 1024;

/**
 * Reads from a proxy until `parse` finds its answer; later bytes are put back. Rejects with a `ConnectError` when the
 * proxy closes first or talks without end. An error of `parse` rejects too.
 */
export function readAnswer<T>(
  socket: Socket,
  proxy: string,
  parse: (bytes: Buffer) => Parsed<T> | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      socket.off('readable', read).off('end', ended).off('close', ended).off('error', failed);
    };
    const failed = (error: Error): void => {
      stop();
      reject(error);
    };
    const ended = (): void =>
      failed(new ConnectError('PROXY_CLOSED', `proxy ${proxy} closed the connection during its handshake`));
    const read = (): void => {
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return;
      received = Buffer.concat([received, bytes]);
      try {
        const found = parse(received);
        if (found === undefined) {
          if (received.length > LIMIT)
            failed(new ConnectError('PROXY_PROTOCOL', `proxy ${proxy} gave no end to its answer`));
          return;
        }
        stop();
        if (found.used < received.length) socket.unshift(received.subarray(found.used));
        resolve(found.value);
      } catch (error) {
        failed(error instanceof Error ? error : new ConnectError('PROXY_PROTOCOL', String(error)));
      }
    };
    socket.on('readable', read).on('end', ended).on('close', ended).on('error', failed);
    read();
  });
}
