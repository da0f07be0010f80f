import { connect, type Socket } from 'node:net';
import { within } from './fixture.ts';

/** A client that writes bytes as it likes and reads no sooner than it is told. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  /** How the connection ended: `end` properly, `reset` otherwise. */
  ending: 'end' | 'reset' | undefined;
  readonly closed: Promise<void>;
  #wake: () => void = () => {};

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('end', () => {
      this.ending ??= 'end';
      this.socket.end();
      this.#wake();
    });
    this.socket.on('error', () => {
      this.ending ??= 'reset';
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#wake();
        resolve();
      });
    });
  }

  write(text: string | Buffer): boolean {
    return this.socket.write(text);
  }

  /** Waits until what came holds `text`. */
  async until(text: string): Promise<string> {
    const wait = async (): Promise<string> => {
      while (!this.received.includes(text)) {
        if (this.ending !== undefined) throw new Error(`closed before ${text} came: ${this.received}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return this.received;
    };
    return within(wait(), JSON.stringify(text));
  }

  /** Waits for the connection's end and gives all that came. */
  async all(): Promise<string> {
    await within(this.closed, 'the end of the connection');
    return this.received;
  }

  /** Forgets what came so far. */
  clear(): void {
    this.received = '';
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A request's head; `Host` and the blank line are added. */
export function head(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n');
}
