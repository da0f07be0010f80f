import type { HttpContext } from './context.ts';

/** An error that HTTP itself answers, before or beside the engine. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  /** Our own machine-readable word beside Anthropic's type. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** Anthropic's `error.type` for a status; statuses without one of their own fall to their class. */
function errorType(status: number): string {
  return ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** Anthropic's error envelope as JSON text. */
export function envelope(problem: Problem, requestId: string): string {
  const error = {
    type: errorType(problem.status),
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
