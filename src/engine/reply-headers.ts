import type { Redactor } from '../domain/secrets.ts';
import { clientHeaders, type OwnHeaders } from '../upstream/response-headers.ts';

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

/** The same headers under another content type. */
export function withType(headers: readonly string[], type: string): string[] {
  const others = headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== 'content-type');
  return ['content-type', type, ...others];
}

/** The final error's headers that steer the client's retries. */
export function steering(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type');
}
