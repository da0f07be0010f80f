/** The provider of the bench: answers at once, reads bodies without looking at them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHAT_CHUNK, chatChunk, DELTA } from './traffic.ts';

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

/** What a stream is made of. */
interface Pieces {
  readonly start: Buffer;
  readonly delta: Buffer;
  readonly end: Buffer;
}

const MESSAGES: Pieces = { start: START, delta: DELTA, end: END };
const CHAT: Pieces = {
  start: chatChunk({ role: 'assistant', content: '' }),
  delta: CHAT_CHUNK,
  end: Buffer.concat([
    chatChunk({}, 'stop', { prompt_tokens: 25, completion_tokens: 15, total_tokens: 40 }),
    Buffer.from('data: [DONE]\n\n'),
  ]),
};
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

/** `/overloaded/…` refuses; `…/chat/completions` speaks that; `?events=N&every=MS` streams, else the answer is short. */
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
  const { pathname, searchParams: query } = new URL(url, 'http://bench');
  const pieces = pathname.endsWith('/chat/completions') ? CHAT : MESSAGES;
  const events = Number(query.get('events') ?? 0);
  if (events === 0) outgoing.end(Buffer.concat([pieces.start, pieces.delta, pieces.end]));
  else stream(outgoing, pieces, events, Number(query.get('every') ?? 10));
}

function stream(
  outgoing: ServerResponse,
  { start, delta, end }: Pieces,
  events: number,
  everyMs: number,
): void {
  outgoing.write(start);
  let left = events;
  const timer = setInterval(() => {
    left -= 1;
    if (left >= 0) outgoing.write(delta);
    else outgoing.end(end);
  }, everyMs);
  outgoing.once('close', () => clearInterval(timer));
}

server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
