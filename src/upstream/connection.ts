import type { Socket } from 'node:net';
import { type buildConnector, Client } from 'undici';
import { type DialTarget, isForwarded } from './dial.ts';
import { bareHost, type ProxyAddress, type ProxyChoice } from './proxy-choice.ts';
import { ReadGate } from './read-gate.ts';

const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** Opens a socket; closes it at once when the signal fires. */
export type OpenSocket = (target: DialTarget, signal: AbortSignal) => Promise<Socket>;

/** What the transport knows of a connection at the moment a request goes out on it. */
export interface SendMark {
  /** An earlier request had gone out on the same socket. */
  readonly reused: boolean;
  readonly socket: Socket | undefined;
  /** Bytes (decrypted) received on the socket so far. */
  readonly bytesRead: number;
}

/**
 * One connection to one origin: an undici client that serves one request at a time. undici keeps the socket alive for 60 s
 * (less if the provider says so), and opens a new one by itself when the old one is gone before a request was written.
 */
export class Connection {
  readonly origin: string;
  readonly client: Client;
  /** The HTTP proxy that takes this connection's requests in absolute form, if there is one. */
  readonly forwarder: ProxyAddress | undefined;
  #socket: Socket | undefined;
  #gate: ReadGate | undefined;
  #served = 0;
  readonly #dialing = new AbortController();

  /** `lost` is called when its socket is gone. */
  constructor(origin: URL, way: ProxyChoice, open: OpenSocket, lost: (connection: Connection) => void) {
    this.origin = origin.origin;
    this.forwarder =
      way.kind === 'proxy' && isForwarded({ secure: origin.protocol === 'https:' }, way)
        ? way.proxy
        : undefined;
    this.client = new Client(origin.origin, {
      connect: (options, callback) => this.#connect(options, callback, open),
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.client.on('disconnect', () => lost(this));
  }

  /** Its socket is open. */
  get alive(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed;
  }

  /** To be called as a request is written. */
  markSent(): SendMark {
    const reused = this.#served > 0;
    this.#served += 1;
    this.#gate?.expectAnswer();
    return { reused, socket: this.#socket, bytesRead: this.#socket?.bytesRead ?? 0 };
  }

  /** Nothing more is read from the provider until `resumeReading`. Bytes already read are still delivered. */
  pauseReading(): void {
    this.#gate?.close();
  }

  /** Not from inside a delivery: it delivers at once what is there. */
  resumeReading(): void {
    this.#gate?.open();
  }

  /** Closes it at once, a running request and a connection under construction included. */
  destroy(): Promise<void> {
    this.#dialing.abort();
    return this.client.destroy();
  }

  #connect(options: buildConnector.Options, callback: buildConnector.Callback, open: OpenSocket): void {
    const secure = options.protocol === 'https:';
    const target: DialTarget = {
      secure,
      hostname: bareHost(options.hostname),
      port: Number(options.port) || (secure ? 443 : 80),
      ...(options.servername ? { servername: options.servername } : {}),
    };
    open(target, this.#dialing.signal).then(
      (socket) => {
        this.#socket = socket;
        this.#served = 0;
        this.#gate = new ReadGate(socket);
        markLostSockets(socket);
        callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  }
}

/**
 * Lets undici open a new connection when the provider resets an idle one under a request that was not yet written. With
 * the code ECONNRESET undici fails such a request; with its own code for lost sockets it does not.
 * To be called before undici adds its listeners.
 */
function markLostSockets(socket: Socket): void {
  socket.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
  });
}
