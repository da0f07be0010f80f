import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { envelope, type Problem } from './problem.ts';

/** How long a client may take to read why it was refused, ms: closed at once it would see a reset instead. */
const GOODBYE_MS = 2_000;

/**
 * Answers what Node's parser refuses, which never reaches a route, in the envelope that clients expect of us. Gives the
 * function that is told of each request: no refusal may go into the middle of an answer.
 */
export function answerUnreadable(
  server: Server,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What still comes of a refused one is read and thrown away.
    if (refused.has(socket)) return;
    if (!socket.writable || error.code === 'ECONNRESET' || !isFree(latest.get(socket))) {
      socket.destroy();
      return;
    }
    refused.add(socket);
    socket.end(refusalOf(error.code));
    const giveUp = setTimeout(() => socket.destroy(), GOODBYE_MS);
    socket.once('close', () => clearTimeout(giveUp));
  });
  return (incoming, outgoing) => latest.set(incoming.socket, outgoing);
}

/** Whether nothing of an answer is on its way. A pipelined one that waits for its turn has no socket yet. */
function isFree(outgoing: ServerResponse | undefined): boolean {
  if (outgoing === undefined || outgoing.writableFinished) return true;
  return outgoing.socket !== null && !outgoing.headersSent;
}

function refusalOf(code: string | undefined): string {
  const { reason, ...problem } = problemOf(code);
  const body = envelope(problem, 'none');
  return [
    `HTTP/1.1 ${problem.status} ${reason}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

function problemOf(code: string | undefined): Problem & { readonly reason: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        reason: 'Request Header Fields Too Large',
        message: 'The request line and headers are larger than 64 KB.',
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, reason: 'Payload Too Large', message: 'The chunk extensions are too large.' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, reason: 'Request Timeout', message: 'The request headers stopped arriving.' };
    default:
      return { status: 400, reason: 'Bad Request', message: 'This is not a request in HTTP/1.1.' };
  }
}
