import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './context.ts';
import type { HttpLimits } from './limits.ts';

/**
 * A refusal must arrive. A client that is still writing its body when it is refused would see a reset if we closed
 * at once, and retry for minutes: so the whole answer goes out first, then we read on and throw away, within
 * bounds, and only then the connection closes.
 */
export function answerWhileWriting(limits: HttpLimits): MiddlewareHandler<HttpEnv> {
  return async function answerWhileWriting(c, next) {
    await next();
    const { incoming, outgoing } = c.env;
    if (incoming === undefined || outgoing === undefined) return;
    if (!hasBody(incoming) || outgoing.headersSent || outgoing.destroyed) return;
    // The rest of a short body stands in the packet that is being parsed just now; then nothing is special.
    if (!incoming.complete) await new Promise(setImmediate);
    if (incoming.complete || incoming.destroyed || outgoing.destroyed) return;
    const answer = c.res;
    const body = Buffer.from(await answer.arrayBuffer());
    outgoing.writeHead(answer.status, [
      ...[...answer.headers].flat(),
      'content-length',
      String(body.length),
      'connection',
      'close',
    ]);
    outgoing.write(body);
    readOn(incoming, outgoing, limits);
    c.res = undefined;
    c.res = RESPONSE_ALREADY_SENT;
  };
}

function hasBody(incoming: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Reads and drops what still comes, until the body's end or a bound; then ends the answer, which closes. */
function readOn(incoming: IncomingMessage, outgoing: ServerResponse, limits: HttpLimits): void {
  let seen = 0;
  const finish = (): void => {
    clearTimeout(total);
    clearTimeout(idle);
    incoming.off('data', onData);
    if (!outgoing.writableEnded && !outgoing.destroyed) outgoing.end();
  };
  const onData = (piece: Buffer): void => {
    seen += piece.length;
    idle.refresh();
    if (seen > limits.lingerBytes) finish();
  };
  const total = setTimeout(finish, limits.lingerMs);
  const idle = setTimeout(finish, limits.lingerIdleMs);
  incoming.on('data', onData);
  incoming.once('end', finish);
  incoming.once('close', finish);
  incoming.resume();
}
