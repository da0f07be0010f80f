import { readErrorBody } from '../domain/failures/error-body.ts';
import { errorTypeOf, statusOfError } from '../domain/refusal/error-envelope.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { UpstreamAnswer } from '../upstream/attempt-types.ts';
import type { ErrorWords } from './client-reply.ts';
import { withType } from './reply-headers.ts';

/** A provider's own refusal as it goes back: with its status and words, only our secrets struck out. */
export interface RefusedAnswer {
  readonly status: number;
  /** Flat list, still with what does not pass to the client. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The same in words, for a stream that is open already. */
  readonly words: ErrorWords;
}

/** @param otherwise what is said where the answer says nothing readable */
export function refusedAnswer(answer: UpstreamAnswer, otherwise: string, redactor: Redactor): RefusedAnswer {
  const words = readErrorBody(answer.body.toString('utf8'));
  const status = answer.status < 300 ? (statusOfError(words) ?? 400) : answer.status;
  const { type = errorTypeOf(status), message = otherwise } = words;
  return {
    status,
    headers: status === answer.status ? answer.headers : withType(answer.headers, 'application/json'),
    body: redactor.bytes(answer.body),
    words: { type, message: redactor.text(message) },
  };
}
