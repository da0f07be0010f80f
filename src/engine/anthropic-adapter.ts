import type { AttemptInput } from '../../machines/request-events.ts';
import type { Failure, Outcome } from '../domain/failures/outcome.ts';
import { removalOf } from '../domain/learning/removal.ts';
import { mayNameParts, unknownParts } from '../domain/learning/unknown-parts.ts';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { withoutForeignThinking, withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { SignatureScanner } from '../protocols/anthropic/signatures.ts';
import { withoutFields } from '../protocols/anthropic/without-fields.ts';
import { isMarkedReasoning } from '../protocols/openai/reasoning-mark.ts';
import { upstreamHeaders } from '../upstream/request-headers.ts';
import type { Transport } from '../upstream/transport.ts';
import { watchingTransport } from '../upstream/watching-transport.ts';
import { betasOf, namesOf, withoutHeaders } from '../upstream/without-headers.ts';
import {
  type AnswerWay,
  asksStream,
  type MadeRequest,
  type ModelList,
  naming,
  type ProviderAdapter,
  posted,
  type RefusedRequest,
  type RepeatedRequest,
  withoutCredential,
} from './provider-adapter.ts';
import type { ReasoningMemory } from './reasoning-memory.ts';

/** As much of a refusal is looked at for words. Bytes. */
const WORDS = 64 * 1024;

/** Providers that speak the Messages API: the client's own bytes, changed where they have to be. */
export class AnthropicAdapter implements ProviderAdapter {
  readonly countsTokens = true;
  readonly #isOwnKey: (value: string) => boolean;
  readonly #memory: ReasoningMemory;

  /** @param isOwnKey whether a client's credential is one of the balancer's own API keys */
  constructor(isOwnKey: (value: string) => boolean, memory: ReasoningMemory) {
    this.#isOwnKey = isOwnKey;
    this.#memory = memory;
  }

  make(
    { request, body: walked, stream, host }: RepeatedRequest,
    provider: ProviderSettings,
    { candidate, repair, without }: AttemptInput,
  ): MadeRequest {
    const own = upstreamHeaders(request.headers, provider, { isOwnKey: this.#isOwnKey });
    if (own.kind === 'no_credential') return withoutCredential(own.reason);
    const asked = asksStream(provider, stream, request.endpoint);
    const bytes = spliceBody(walked, { model: candidate.model, stream: asked });
    const repaired =
      repair === 'without_thinking' ? withoutThinking(bytes) : this.#known(bytes, walked, host);
    const { headers, body } = reduced(own.headers, repaired, without);
    const url = provider.baseUrl + request.path;
    return {
      kind: 'made',
      request: posted({ url, headers, body }, provider, asked, repair),
      ...this.#watching(walked, host),
    };
  }

  /** The request without thinking that a provider at this host would refuse: of other models, and what others are known to have signed. */
  #known(body: Buffer, { isMarked }: WalkedBody, host: string): Buffer {
    if (!isMarked && !this.#memory.hasSigners) return body;
    if (!isMarked && !this.#memory.holdsForeign(host, body)) return body;
    return withoutForeignThinking(body, ({ signature, data }) =>
      [signature, data].some((mark) => isMarkedReasoning(mark) || this.#memory.isForeign(host, mark)),
    );
  }

  /** Remembers what it signs, where it may matter. */
  #watching({ members }: WalkedBody, host: string): { readonly way?: AnswerWay } {
    const memory = this.#memory;
    if (!memory.isOfUse || !members.has('thinking')) return {};
    const transport = (plain: Transport): Transport => {
      const scanner = new SignatureScanner((signature) => memory.signed(host, signature));
      return watchingTransport(plain, (bytes) => scanner.push(bytes));
    };
    return { way: { transport } };
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
    return naming(outcome, parts, redact);
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
