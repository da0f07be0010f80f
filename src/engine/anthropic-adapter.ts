import type { AttemptInput } from '../../machines/request-events.ts';
import type { Failure, Outcome } from '../domain/outcome.ts';
import { removalOf } from '../domain/removal.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import { mayNameParts, unknownParts } from '../domain/unknown-parts.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { withoutFields } from '../protocols/anthropic/without-fields.ts';
import { upstreamHeaders } from '../upstream/request-headers.ts';
import { betasOf, namesOf, withoutHeaders } from '../upstream/without-headers.ts';
import {
  asksStream,
  type MadeRequest,
  type ModelList,
  type ProviderAdapter,
  type RefusedRequest,
  type RepeatedRequest,
  withoutCredential,
} from './provider-adapter.ts';

/** As much of a refusal is looked at for words. Bytes. */
const WORDS = 64 * 1024;

/** Providers that speak the Messages API: the client's own bytes, changed where they have to be. */
export class AnthropicAdapter implements ProviderAdapter {
  readonly countsTokens = true;
  readonly #isOwnKey: (value: string) => boolean;

  /** @param isOwnKey whether a client's credential is one of the balancer's own API keys */
  constructor(isOwnKey: (value: string) => boolean) {
    this.#isOwnKey = isOwnKey;
  }

  make(
    { request, body: walked, stream }: RepeatedRequest,
    provider: ProviderSettings,
    { candidate, repair, without }: AttemptInput,
  ): MadeRequest {
    const own = upstreamHeaders(request.headers, provider, { isOwnKey: this.#isOwnKey });
    if (own.kind === 'no_credential') return withoutCredential(own.reason);
    const asked = asksStream(provider, stream, request.endpoint);
    const limits = asked ? provider.timeouts.streaming : provider.timeouts.nonStreaming;
    const bytes = spliceBody(walked, { model: candidate.model, stream: asked });
    const repaired = repair === 'without_thinking' ? withoutThinking(bytes) : bytes;
    const { headers, body } = reduced(own.headers, repaired, without);
    return {
      kind: 'made',
      request: {
        method: 'POST',
        url: provider.baseUrl + request.path,
        headers,
        body,
        connectTimeoutMs: limits.connectMs,
        poolTimeoutMs: limits.poolMs,
        fresh: repair === 'fresh_connection',
      },
    };
  }

  judged(outcome: Failure, { repeated, provider, input, answer, redact }: RefusedRequest): Outcome {
    if (!mayNameParts(outcome)) return outcome;
    const made = this.make(repeated, provider, input);
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

  models(provider: ProviderSettings, clientHeaders: readonly string[]): ModelList | undefined {
    const own = upstreamHeaders(clientHeaders, provider, { isOwnKey: this.#isOwnKey });
    if (own.kind === 'no_credential') return undefined;
    return { url: `${provider.baseUrl}/v1/models?limit=1000`, headers: own.headers };
  }
}

/** Headers and body without the parts that the provider does not know, and without what travels with them. */
function reduced(
  headers: readonly string[],
  body: Buffer,
  without: AttemptInput['without'],
): { readonly headers: readonly string[]; readonly body: Buffer } {
  if (without === undefined) return { headers, body };
  const removal = removalOf(without, betasOf(headers));
  return { headers: withoutHeaders(headers, removal), body: withoutFields(body, removal.fields) };
}
