import type { AttemptInput } from '../../machines/request-events.ts';
import { removalOf } from '../domain/removal.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import { withoutFields } from '../protocols/anthropic/without-fields.ts';
import type { UpstreamRequest } from '../upstream/transport.ts';
import { betasOf, withoutHeaders } from '../upstream/without-headers.ts';

/** What of a client's request an attempt repeats. */
export interface RepeatedRequest {
  /** With its query. */
  readonly path: string;
  /** Flat list, already with the provider's credential. */
  readonly headers: readonly string[];
  readonly body: WalkedBody;
  /** Whether it asks for a stream, whatever the body says. */
  readonly stream: boolean;
}

/** The request that goes to a candidate: for its model, and repaired where the decision said so. */
export function upstreamRequest(
  { path, headers, body, stream }: RepeatedRequest,
  provider: ProviderSettings,
  { candidate, repair, without }: AttemptInput,
): UpstreamRequest {
  const limits = stream ? provider.timeouts.streaming : provider.timeouts.nonStreaming;
  const bytes = spliceBody(body, { model: candidate.model, stream });
  return {
    method: 'POST',
    url: provider.baseUrl + path,
    ...reduced(headers, repair === 'without_thinking' ? withoutThinking(bytes) : bytes, without),
    connectTimeoutMs: limits.connectMs,
    poolTimeoutMs: limits.poolMs,
    fresh: repair === 'fresh_connection',
  };
}

/** Headers and body without the parts that the provider does not know, and without what travels with them. */
function reduced(
  headers: readonly string[],
  body: Buffer,
  without: AttemptInput['without'],
): Pick<UpstreamRequest, 'headers' | 'body'> {
  if (without === undefined) return { headers, body };
  const removal = removalOf(without, betasOf(headers));
  return { headers: withoutHeaders(headers, removal), body: withoutFields(body, removal.fields) };
}
