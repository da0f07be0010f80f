import type { AttemptInput } from '../../machines/request-events.ts';
import { removalOf } from '../domain/removal.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { withoutFields } from '../protocols/anthropic/without-fields.ts';
import { upstreamHeaders } from '../upstream/request-headers.ts';
import type { UpstreamRequest } from '../upstream/transport.ts';
import { betasOf, withoutHeaders } from '../upstream/without-headers.ts';
import type { ClientRequest } from './interface.ts';

/** What of a client's request an attempt repeats. */
export interface RepeatedRequest {
  readonly request: Pick<ClientRequest, 'path' | 'headers' | 'endpoint'>;
  readonly body: WalkedBody;
  /** Whether the client asked for a stream. */
  readonly stream: boolean;
}

export type MadeRequest =
  | { readonly kind: 'made'; readonly request: UpstreamRequest }
  /** Nothing may be sent. `reason` is for people. */
  | { readonly kind: 'no_credential'; readonly reason: string };

/** Whether a provider is asked for a stream, whatever the client's body says. */
export function asksStream(
  { mustStream }: ProviderSettings,
  stream: boolean,
  endpoint: ClientRequest['endpoint'],
): boolean {
  return stream || (mustStream && endpoint === 'messages');
}

/** The request that goes to a candidate: for its model, with its credential, and repaired where the decision said so. */
export function madeRequest(
  { request, body: walked, stream }: RepeatedRequest,
  provider: ProviderSettings,
  { candidate, repair, without }: AttemptInput,
  isOwnKey: (value: string) => boolean,
): MadeRequest {
  const own = upstreamHeaders(request.headers, provider, { isOwnKey });
  if (own.kind === 'no_credential') return own;
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
