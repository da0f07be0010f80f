import type { Outcome } from '../domain/outcome.ts';
import { removalOf } from '../domain/removal.ts';
import { mayNameParts, unknownParts } from '../domain/unknown-parts.ts';
import { withoutFields } from '../protocols/anthropic/without-fields.ts';
import type { UpstreamAnswer } from '../upstream/attempt-types.ts';
import { betasOf, namesOf } from '../upstream/without-headers.ts';
import type { MadeRequest } from './upstream-request.ts';

/** As much of a refusal is looked at for words. Bytes. */
const WORDS = 64 * 1024;

/**
 * The outcome with the parts of the request that the refusal names as unknown, if it names any that the request has and
 * can do without.
 *
 * @param sent makes the request once more as it went out; asked only about a refusal
 * @param redact strikes our secrets out of what is kept of the refusal's words
 */
export function withUnknownParts(
  outcome: Outcome,
  answer: UpstreamAnswer | undefined,
  sent: () => MadeRequest,
  redact: (text: string) => string,
): Outcome {
  if (outcome.kind === 'success' || answer === undefined || !mayNameParts(outcome)) return outcome;
  const made = sent();
  if (made.kind !== 'made' || made.request.body === undefined) return outcome;
  const { headers, body } = made.request;
  const betas = betasOf(headers);
  const parts = unknownParts(answer.body.toString('utf8', 0, WORDS), {
    betas,
    headers: namesOf(headers),
    holds: (field) => {
      const { fields } = removalOf([{ kind: 'field', name: field }], []);
      return withoutFields(body, fields) !== body;
    },
  });
  if (parts.length === 0) return outcome;
  return { ...outcome, unknownParts: parts.map((part) => ({ ...part, because: redact(part.because) })) };
}
