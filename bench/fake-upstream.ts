/** The provider of the bench: answers at once, reads bodies without looking at them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCalls } from './calls.ts';
import { CHAT, MESSAGES, machineUs, type Pieces, stamped } from './stream-events.ts';

const OVERLOADED = Buffer.from('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
const HEADERS = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-cache',
  'request-id',
  'req_bench',
];

const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
  incoming.resume();
  incoming.once('end', () => answer(incoming, outgoing));
});

/** Ends each stream that runs. */
const running = new Set<() => void>();
let refused = 0;

/** `/overloaded/…` refuses; `…/chat/completions` speaks that; `?every=MS` streams until released, else the answer is short. */
function answer({ url = '' }: IncomingMessage, outgoing: ServerResponse): void {
  if (url.startsWith('/overloaded')) {
    refused += 1;
    outgoing.writeHead(529, [
      'content-type',
      'application/json',
      'content-length',
      String(OVERLOADED.length),
    ]);
    outgoing.end(OVERLOADED);
    return;
  }
  outgoing.writeHead(200, HEADERS);
  const { pathname, searchParams: query } = new URL(url, 'http://bench');
  const pieces = pathname.endsWith('/chat/completions') ? CHAT : MESSAGES;
  const every = query.get('every');
  if (every === null) outgoing.end(Buffer.concat([pieces.start, pieces.delta, pieces.end(1)]));
  else stream(outgoing, pieces, Number(every));
}

function stream(outgoing: ServerResponse, { start, delta, end }: Pieces, everyMs: number): void {
  outgoing.write(start);
  let sent = 0;
  const send = (): void => {
    sent += 1;
    outgoing.write(stamped(delta, machineUs()));
  };
  // At once: whoever holds an answer back until its first content has begun, too.
  send();
  const timer = setInterval(send, everyMs);
  const finish = (): void => {
    running.delete(finish);
    clearInterval(timer);
    outgoing.end(end(sent));
  };
  running.add(finish);
  outgoing.once('close', () => {
    running.delete(finish);
    clearInterval(timer);
  });
}

answerCalls({
  /** Ends all streams in order. Gives how many there were. */
  release: () => {
    const { size } = running;
    for (const finish of running) finish();
    return size;
  },
  /** Requests that were answered with 529 so far. */
  refused: () => refused,
});

server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
