import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** A server on 127.0.0.1 with a port of its own. */
export interface Loopback {
  readonly port: number;
  /** `http://127.0.0.1:port` or https. */
  readonly url: string;
  /** Every connection it ever took, oldest first. */
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

/** Self-signed, for localhost and 127.0.0.1, valid for a hundred years; its key guards nothing. */
export const CERTIFICATE_FILE = fileURLToPath(new URL('../fixtures/tls/loopback.crt', import.meta.url));
const certificate = () => ({
  cert: readFileSync(CERTIFICATE_FILE),
  key: readFileSync(new URL('../fixtures/tls/loopback.key', import.meta.url)),
});

/** Speaks proper HTTP. */
export function serveHttp(listener: RequestListener): Promise<Loopback> {
  return listen(createHttpServer(listener), 'http', 'connection');
}

/** Speaks proper HTTP over TLS. */
export function serveHttps(listener: RequestListener): Promise<Loopback> {
  return listen(createHttpsServer(certificate(), listener), 'https', 'connection');
}

/** Speaks whatever the test writes. */
export function serveTcp(onSocket: (socket: Socket) => void): Promise<Loopback> {
  return listen(createTcpServer({ allowHalfOpen: false }, onSocket), 'http', 'connection');
}

/** Speaks whatever the test writes, over TLS. */
export function serveTls(onSocket: (socket: Socket) => void): Promise<Loopback> {
  const server = createTlsServer(certificate(), (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  return listen(server, 'https', 'connection');
}

/**
 * Answers each request on a connection with the raw text that `answer` gives for it, counted over all connections from 1.
 * A request is taken as complete when its head is there and as many body bytes as it announces.
 */
export function serveRaw(answer: (socket: Socket, count: number, head: string) => void): Promise<Loopback> {
  let count = 0;
  return serveTcp((socket) => {
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = received.slice(0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      received = '';
      count += 1;
      answer(socket, count, head);
    });
  });
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await serveTcp(() => {});
  await server.close();
  return server.port;
}

async function listen(server: Server, scheme: string, event: 'connection'): Promise<Loopback> {
  const sockets: Socket[] = [];
  server.on(event, (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
