import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Handler } from 'hono';
import type { BufferBudget } from '../domain/buffer-budget.ts';
import type { ClientRequest, Reply } from '../engine/interface.ts';
import { callerOf, withoutOwnKeys } from './api-key.ts';
import { type BodyResult, readBody } from './body.ts';
import { watchClient } from './client.ts';
import type { AppDependencies, HttpContext, HttpEnv } from './context.ts';
import { decodeBody, isIdentity } from './decode-body.ts';
import { withoutHeader } from './headers.ts';
import { type Problem, problemResponse } from './problem.ts';
import { sendReply } from './reply.ts';

/** Another protocol before the Messages API: what the engine gets of a request, and what the client of the reply. */
export type Translate = (
  body: Buffer,
  headers: readonly string[],
  facts: { readonly requestId: string; readonly receivedAt: number },
) => Translated;

type Translated =
  | {
      readonly kind: 'request';
      readonly body: Buffer;
      readonly headers: readonly string[];
      readonly reply: (reply: Reply) => Reply;
    }
  | { readonly kind: 'problem'; readonly problem: Problem };

/**
 * Hands a request's bytes to the engine and its reply to the client, over Node's own objects. `path` is where
 * it goes upstream, whatever spelling it came in by. With `translate` the query stays here: it is the other protocol's.
 */
export function relay(
  deps: AppDependencies,
  endpoint: ClientRequest['endpoint'],
  path: string,
  translate?: Translate,
): Handler<HttpEnv> {
  return async function relay(c) {
    const { incoming, outgoing } = c.env;
    if (incoming === undefined || outgoing === undefined) throw new Error('This route needs a connection.');
    const receivedAt = deps.now();
    if (deps.phase() === 'draining' || deps.phase() === 'stopped') return rejected(c, deps, DRAINING);
    const received = await receive(incoming, outgoing, deps);
    if (received.kind === 'left') return RESPONSE_ALREADY_SENT;
    if (received.kind === 'problem') return rejected(c, deps, received.problem);
    const requestId = c.get('requestId');
    const ready =
      translate === undefined ? received : translated(received, translate, deps, { requestId, receivedAt });
    if (ready.kind === 'problem') return rejected(c, deps, ready.problem);

    const { body, headers } = ready;
    const { auth } = deps.settings();
    const request: ClientRequest = {
      id: requestId,
      endpoint,
      path: translate === undefined ? path + query(c.req.url) : path,
      caller: callerOf(received.headers),
      headers: auth.enabled ? withoutOwnKeys(headers, auth.apiKeys) : headers,
      body,
      releaseBody: releaseOnce(deps.budget, body.length),
      receivedAt,
    };
    const reply = 'reply' in ready ? ready.reply : undefined;
    exchange(request, incoming, outgoing, deps, reply);
    return RESPONSE_ALREADY_SENT;
  };
}

const DRAINING: Problem = {
  status: 503,
  message: 'The balancer is shutting down. Try again in a moment.',
  headers: { 'retry-after': '5', connection: 'close' },
};

/** Submits and answers. The body's bytes leave the budget when the engine says so, or with the connection. */
function exchange(
  request: ClientRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  deps: AppDependencies,
  converted: (reply: Reply) => Reply = (reply) => reply,
): void {
  // What lives as long as the answer must not hold the body: closures take the parts, never the request.
  const { id: requestId, releaseBody } = request;
  const client = watchClient(incoming, outgoing, releaseBody);
  if (client.departure.aborted) return;
  const { cutFlushMs } = deps.limits;
  const failed = (message: string, error: unknown): void =>
    deps.observe({ type: 'fault', message, error, requestId });
  const onFault = (error: unknown): void => failed('A stream failed.', error);
  deps.engine.submit(request, client.departure, (reply) => {
    // Also where the end has come, and this is its last word.
    if (deps.phase() !== 'serving') outgoing.shouldKeepAlive = false;
    try {
      sendReply(converted(reply), outgoing, client, { requestId, cutFlushMs, onFault });
    } catch (error) {
      outgoing.destroy();
      failed('An answer could not be sent.', error);
    }
  });
}

function releaseOnce(budget: BufferBudget, bytes: number): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    budget.release(bytes);
  };
}

type Received =
  | { readonly kind: 'body'; readonly body: Buffer; readonly headers: readonly string[] }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'left' };

/** The request in the words of the Messages API. Its bytes take the place of those that came, in the budget too. */
function translated(
  { body, headers }: Extract<Received, { kind: 'body' }>,
  translate: Translate,
  deps: AppDependencies,
  facts: Parameters<Translate>[2],
): Translated {
  const result = translate(body, headers, facts);
  deps.budget.release(body.length);
  if (result.kind === 'problem' || deps.budget.acquire(result.body.length)) return result;
  const { maxBodySize, maxBufferedBytes } = deps.settings();
  return {
    kind: 'problem',
    problem: bodyProblem({ kind: 'no_room' }, Math.min(maxBodySize, maxBufferedBytes)),
  };
}

/** Reads a body and undoes its encoding. The bytes of the body that comes out are booked in the budget. */
async function receive(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  deps: AppDependencies,
): Promise<Received> {
  const { maxBodySize, maxBufferedBytes } = deps.settings();
  const limit = Math.min(maxBodySize, maxBufferedBytes);
  const encoding = incoming.headers['content-encoding'];
  const result = await readBody(incoming, outgoing, {
    limit,
    budget: deps.budget,
    idleMs: deps.limits.bodyIdleMs,
  });
  if (result.kind === 'left') return result;
  if (result.kind !== 'read') return { kind: 'problem', problem: bodyProblem(result, limit) };
  if (encoding === undefined || isIdentity(encoding)) return checked(result.body, incoming.rawHeaders, deps);

  const decoded = await decodeBody(result.body, encoding, limit);
  deps.budget.release(result.body.length);
  if (decoded.kind === 'too_large') {
    return { kind: 'problem', problem: bodyProblem({ kind: 'too_large' }, limit) };
  }
  if (decoded.kind === 'unsupported') return { kind: 'problem', problem: unsupported(encoding) };
  if (decoded.kind === 'broken') return { kind: 'problem', problem: BROKEN_ENCODING };
  if (!deps.budget.acquire(decoded.body.length)) {
    return { kind: 'problem', problem: bodyProblem({ kind: 'no_room' }, limit) };
  }
  return checked(decoded.body, withoutHeader(incoming.rawHeaders, 'content-encoding'), deps);
}

/** The one look we take at a body here: nothing that does not begin like an object can be a request. */
function checked(body: Buffer, headers: readonly string[], deps: AppDependencies): Received {
  let at = 0;
  while (at < body.length && isSpace(body[at])) at += 1;
  if (body[at] === 0x7b) return { kind: 'body', body, headers };
  deps.budget.release(body.length);
  return { kind: 'problem', problem: NOT_AN_OBJECT };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const NOT_AN_OBJECT: Problem = { status: 400, message: 'The request body is not a JSON object.' };

const BROKEN_ENCODING: Problem = {
  status: 400,
  message: 'The request body does not decode as its content-encoding says.',
};

function unsupported(encoding: string): Problem {
  return {
    status: 415,
    message: `The content-encoding ${JSON.stringify(encoding.slice(0, 50))} is not supported: send the body plain, or as gzip, deflate or br.`,
    headers: { 'accept-encoding': 'gzip, deflate, br' },
  };
}

function bodyProblem(result: Exclude<BodyResult, { kind: 'read' | 'left' }>, limit: number): Problem {
  switch (result.kind) {
    case 'too_large':
      return {
        status: 413,
        message: `The request body is larger than ${limit} bytes, the limit of this balancer (settings.max_body_size).`,
      };
    case 'no_room':
      return {
        status: 503,
        message:
          'The balancer holds as many request bytes as it may at this moment (settings.max_buffered_bytes).',
        headers: { 'retry-after': '2' },
      };
    case 'stalled':
      return { status: 408, message: 'The request body stopped arriving.' };
  }
}

function rejected(c: HttpContext, deps: AppDependencies, problem: Problem): Response {
  deps.observe({
    type: 'request.rejected',
    requestId: c.get('requestId'),
    path: c.req.path,
    status: problem.status,
    reason: problem.message,
  });
  return problemResponse(c, problem);
}

/** The query with its question mark, or nothing. */
function query(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : (url.slice(at).split('#', 1)[0] ?? '');
}
