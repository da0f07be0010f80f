import { createRedactor, type Redactor } from '../domain/secrets.ts';

/** Headers by which a client shows its credential. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'x-api-key']);

/**
 * Strikes the client's own credential out of a text: where it goes upstream (`passthrough`), a provider may repeat it in
 * its error, and nobody but the client may read it there.
 */
export function clientRedactor(headers: readonly string[]): Redactor {
  const values = headers.filter(
    (_, at) => at % 2 === 1 && CREDENTIAL_HEADERS.has(headers[at - 1]?.toLowerCase() ?? ''),
  );
  return createRedactor(values.map((value) => value.replace(/^(?:Bearer|Basic)\s+/i, '')));
}
