/** The yardstick: a byte pipe of `node:http` and undici. It looks at nothing and cannot fail over. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';

const [upstream = ''] = process.argv.slice(2);
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

async function pipe(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { statusCode, headers, body } = await request(upstream + incoming.url, {
    dispatcher,
    method: 'POST',
    headers: passed(incoming.headers),
    body: incoming,
  });
  outgoing.writeHead(statusCode, passed(headers));
  body.pipe(outgoing);
}

function passed<Value>(headers: Record<string, Value>): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !OF_THE_CONNECTION.has(name)) result[name] = value;
  }
  return result;
}

const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
  pipe(incoming, outgoing).catch(() => outgoing.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
