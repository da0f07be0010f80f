import type { ServerResponse } from 'node:http';
import type { Reply, ReplySink, ReplyStream } from '../engine/interface.ts';
import { type BodyWriter, beginBody } from './chunked.ts';
import type { Client } from './client.ts';
import { hasHeader, wireHeaders } from './headers.ts';

export interface SendOptions {
  readonly requestId: string;
  /** How long a cut may take to flush what was written before it, ms. */
  readonly cutFlushMs: number;
  /** Told of an exception of the stream behind the reply; the connection is torn down already. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Writes a reply to the raw response. A buffer goes out with its length; a stream's chunks go out as they come,
 * and the client's pace is handed back to it. To a client that has left nothing is written.
 */
export function sendReply(
  reply: Reply,
  outgoing: ServerResponse,
  client: Client,
  options: SendOptions,
): void {
  if (client.departure.aborted || outgoing.destroyed) return;
  const { body } = reply;
  const length = Buffer.isBuffer(body) ? body.length : undefined;
  const headers = wireHeaders(reply.headers, length);
  if (!hasHeader(headers, 'x-balancer-request-id')) headers.push('x-balancer-request-id', options.requestId);
  if (Buffer.isBuffer(body)) {
    outgoing.writeHead(reply.status, headers);
    client.settle();
    outgoing.end(body);
  } else {
    const writer = beginBody(outgoing, reply.status, headers);
    pipeReply(body, writer, outgoing, client, options);
  }
}

function pipeReply(
  stream: ReplyStream,
  writer: BodyWriter,
  outgoing: ServerResponse,
  client: Client,
  options: SendOptions,
): void {
  let written = false;
  const sink: ReplySink = {
    chunk(bytes) {
      written = true;
      // A write after the close would be an error event; whoever left has been reported as departed.
      return outgoing.destroyed || outgoing.writableEnded ? true : writer.write(bytes);
    },
    end() {
      client.settle();
      if (!outgoing.destroyed && !outgoing.writableEnded) writer.end();
    },
    cut() {
      client.settle();
      cut(outgoing, options.cutFlushMs);
    },
  };
  const flow = stream.pipe(sink);
  outgoing.on('drain', () => {
    try {
      flow.resume();
    } catch (error) {
      outgoing.destroy();
      options.onFault(error);
    }
  });
  // The head alone says that someone is at work. Mostly the first chunk follows at once, and both are one write.
  queueMicrotask(() => {
    if (!written && !outgoing.writableEnded && !outgoing.destroyed) outgoing.flushHeaders();
  });
}

/**
 * How long before a cut the last bytes are left to the client, ms. Claude Code forgets what it has received but not yet
 * read when its connection ends: a block that was complete would be asked for again.
 */
const READING_MS = 100;

/**
 * Ends a connection without the closing chunk, so that the client sees the break, but not before everything
 * written so far has left and was read: an event is whole or absent. A client that reads no more is not waited for.
 */
function cut(outgoing: ServerResponse, flushMs: number): void {
  const { socket } = outgoing;
  if (socket === null || socket.destroyed) {
    outgoing.destroy();
    return;
  }
  const giveUp = setTimeout(() => socket.destroy(), flushMs + READING_MS);
  const afterReading = setTimeout(() => socket.destroySoon(), READING_MS);
  socket.once('close', () => {
    clearTimeout(giveUp);
    clearTimeout(afterReading);
  });
}
