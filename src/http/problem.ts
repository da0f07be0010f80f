import { errorTypeOf } from '../domain/refusal/error-envelope.ts';
import { chatErrorBody, chatErrorOf } from '../protocols/chat-completions/errors.ts';
import type { HttpContext } from './context.ts';

/** An error that HTTP itself answers, before or beside the engine. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  /** Our own machine-readable word beside Anthropic's type. */
  readonly code?: 'AUTH_FAILED' | 'HOST_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED';
  /** What a client of OpenAI is told beside the message: the field, and OpenAI's word for it. */
  readonly chat?: { readonly param: string | null; readonly code: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** What no provider had a part in says so, where the keys are asked for at all. */
const NO_PROVIDER = { provider: null, provider_message: null, provider_code: null } as const;

/** Anthropic's error envelope as JSON text, with our code if there is one. */
export function envelope(problem: Problem, requestId: string, exposesProviderErrors = false): string {
  const error = {
    type: errorTypeOf(problem.status),
    message: problem.message,
    ...(problem.code === undefined ? {} : { code: problem.code }),
    ...(exposesProviderErrors ? NO_PROVIDER : {}),
  };
  return JSON.stringify({ type: 'error', error, request_id: requestId });
}

/** A problem as the answer to a request, in the envelope that its client reads. */
export function problemResponse(c: HttpContext, problem: Problem): Response {
  const requestId = c.get('requestId');
  const exposes = c.get('exposesProviderErrors');
  const isChat = c.get('dialect') === 'openai';
  const body = isChat
    ? chatErrorBody({
        ...chatErrorOf(problem.status, problem.message, problem.chat),
        ...(exposes ? NO_PROVIDER : {}),
      })
    : envelope(problem, requestId, exposes);
  return new Response(body, {
    status: problem.status,
    headers: {
      'content-type': 'application/json',
      'request-id': requestId,
      'x-balancer-request-id': requestId,
      ...(isChat ? { 'x-request-id': requestId } : {}),
      ...problem.headers,
    },
  });
}
