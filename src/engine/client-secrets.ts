import { credentialsIn } from '../domain/secrets/client-secrets.ts';
import { createRedactor, type Redactor } from '../domain/secrets/secrets.ts';

/**
 * Strikes the client's own credentials out of a text: where they go upstream (`passthrough`), a provider may repeat them in
 * its error, and nobody but the client may read them there.
 */
export function clientRedactor(headers: readonly string[]): Redactor {
  return createRedactor(credentialsIn(headers));
}
