import { isNamed } from '../domain/header-name.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { CommittedAnswer } from '../upstream/attempt-types.ts';
import { clientHeaders, type OwnHeaders } from '../upstream/response-headers.ts';
import type { Seat } from './seat.ts';

/** An answer's headers as the client gets them: without our secrets too. */
export function replyHeaders(
  upstream: readonly string[],
  own: OwnHeaders,
  redactor: Redactor,
): readonly string[] {
  const text = upstream.join('\n');
  const isClean = redactor.text(text) === text;
  return clientHeaders(isClean ? upstream : upstream.map((part) => redactor.text(part)), own);
}

/** A committed answer's headers as one of its clients gets them, in the form that it wants. */
export function answerHeaders(
  answer: CommittedAnswer,
  own: Pick<OwnHeaders, 'provider' | 'attempts'>,
  { stream, facts }: Pick<Seat, 'stream' | 'facts'>,
  redactor: Redactor,
): readonly string[] {
  const isWhole = answer.body !== undefined;
  const isOther = answer.rewritten || stream === isWhole;
  const headers = isOther
    ? withType(answer.headers, stream ? 'text/event-stream; charset=utf-8' : 'application/json')
    : answer.headers;
  // A stream ends at message_stop, whatever length was announced.
  return replyHeaders(headers, { requestId: facts.id, bodyMayDiffer: isOther || !isWhole, ...own }, redactor);
}

/** The same headers under another content type. */
export function withType(headers: readonly string[], type: string): string[] {
  const others = headers.filter((_, index) => !isNamed(headers[index - (index % 2)], 'content-type'));
  return ['content-type', type, ...others];
}

/** The final error's headers that steer the client's retries. */
export function steering(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type');
}
