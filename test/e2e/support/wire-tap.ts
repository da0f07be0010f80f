import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createRequestParser, headerOf, type RequestHead } from '../../../src/simulator/request-parser.ts';

/** A request as the client put it on the wire. */
export interface TappedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  header(name: string): string | undefined;
}

/** Stands between a client and the balancer, hands every byte on, and keeps what the client sent. */
export interface WireTap {
  readonly url: string;
  /** Complete requests, in order of arrival. */
  readonly requests: readonly TappedRequest[];
  close(): Promise<void>;
}

/** Starts a tap before the server at 127.0.0.1:`port`. */
export async function startWireTap(port: number): Promise<WireTap> {
  const requests: TappedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const record = recordInto(requests);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
    }
    client.on('data', record);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function recordInto(requests: TappedRequest[]): (bytes: Buffer) => void {
  let head: RequestHead | undefined;
  return createRequestParser({
    head: (received) => {
      head = received;
    },
    body: (body) => {
      if (head === undefined) return;
      const { method, path, rawHeaders } = head;
      requests.push({ method, path, body, header: (name) => headerOf(rawHeaders, name) });
    },
    bad: (reason) => {
      throw new Error(`the client sent something that is not HTTP: ${reason}`);
    },
  });
}
