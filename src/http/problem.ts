import { errorTypeOf } from '../domain/error-envelope.ts';
import type { HttpContext } from './context.ts';

/** An error that HTTP itself answers, before or beside the engine. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  /** Our own machine-readable word beside Anthropic's type. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Anthropic's error envelope as JSON text, with our code if there is one. */
export function envelope(problem: Problem, requestId: string): string {
  const error = {
    type: errorTypeOf(problem.status),
    message: problem.message,
    ...(problem.code === undefined ? {} : { code: problem.code }),
  };
  return JSON.stringify({ type: 'error', error, request_id: requestId });
}

/** A problem as the answer to a request. */
export function problemResponse(c: HttpContext, problem: Problem): Response {
  const requestId = c.get('requestId');
  return new Response(envelope(problem, requestId), {
    status: problem.status,
    headers: {
      'content-type': 'application/json',
      'request-id': requestId,
      'x-balancer-request-id': requestId,
      ...problem.headers,
    },
  });
}
