import type { RequestOutput } from '../../machines/request-events.ts';
import { isFailure } from '../domain/failures/outcome.ts';
import type { Redactor } from '../domain/secrets/secrets.ts';
import type { UpstreamAnswer } from '../upstream/attempt-types.ts';
import { providerErrorKeys } from './provider-error.ts';
import { refusedAnswer } from './refused-answer.ts';
import { replyHeaders } from './reply-headers.ts';
import type { Runtime } from './runtime.ts';
import type { Seat } from './seat.ts';

/** What a refusal is told with. */
export interface RefusalWords {
  readonly output: RequestOutput;
  /** What the refusing provider said; undefined: it had no words. */
  readonly answer: UpstreamAnswer | undefined;
  readonly attempts: number;
  readonly runtime: Runtime;
  readonly redactor: Redactor;
}

/** A provider's own answer goes back, where it has words. */
export function refuse(
  { client, facts }: Seat,
  { output, answer, attempts, runtime, redactor }: RefusalWords,
): void {
  const attempt = output.trace.attempts[(output.attempt ?? 0) - 1];
  const failure = attempt?.outcome !== undefined && isFailure(attempt.outcome) ? attempt.outcome : undefined;
  const message = failure?.detail ?? output.reason;
  if (answer === undefined) {
    const [status, type] =
      failure?.kind === 'client_credentials' ? [401, 'authentication_error'] : [500, 'api_error'];
    const keys = providerErrorKeys(runtime, output.trace.attempts);
    client.giveUp(status, { type, message, keys }, attempts, []);
    return;
  }
  client.note(failure?.detail);
  const refused = refusedAnswer(answer, message, redactor);
  if (client.isOpen) {
    client.endWithError(refused.words);
    return;
  }
  const own = {
    provider: runtime.providers.get(attempt?.candidate.provider ?? '')?.name ?? '',
    attempts,
    requestId: facts.id,
    bodyMayDiffer: true,
  };
  client.complete(refused.status, replyHeaders(refused.headers, own, redactor), refused.body);
}
