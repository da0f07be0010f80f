/** The provider of the bench: answers at once, reads bodies without looking at them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DELTA } from './traffic.ts';

const START = Buffer.from(
  'event: message_start\n' +
    'data: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_read_input_tokens":20000,"output_tokens":1}}}\n\n' +
    'event: content_block_start\n' +
    'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
    'event: ping\ndata: {"type":"ping"}\n\n',
);
const END = Buffer.from(
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
    'event: message_delta\n' +
    'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}\n\n' +
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
);
const SHORT_ANSWER = Buffer.concat([START, DELTA, END]);
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

/** `/overloaded/…` refuses; `?events=N&every=MS` streams; everything else gets a short answer. */
function answer({ url = '' }: IncomingMessage, outgoing: ServerResponse): void {
  if (url.startsWith('/overloaded')) {
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
  const query = new URL(url, 'http://bench').searchParams;
  const events = Number(query.get('events') ?? 0);
  if (events === 0) outgoing.end(SHORT_ANSWER);
  else stream(outgoing, events, Number(query.get('every') ?? 10));
}

function stream(outgoing: ServerResponse, events: number, everyMs: number): void {
  outgoing.write(START);
  let left = events;
  const timer = setInterval(() => {
    left -= 1;
    if (left >= 0) outgoing.write(DELTA);
    else outgoing.end(END);
  }, everyMs);
  outgoing.once('close', () => clearInterval(timer));
}

server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
