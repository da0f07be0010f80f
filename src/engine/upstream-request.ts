import type { AttemptInput } from '../../machines/request-events.ts';
import type { ProviderSettings } from '../domain/settings.ts';
import { spliceBody } from '../protocols/anthropic/body-splice.ts';
import type { WalkedBody } from '../protocols/anthropic/body-walker.ts';
import { withoutThinking } from '../protocols/anthropic/foreign-thinking.ts';
import type { UpstreamRequest } from '../upstream/transport.ts';

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
  { candidate, repair }: AttemptInput,
): UpstreamRequest {
  const limits = stream ? provider.timeouts.streaming : provider.timeouts.nonStreaming;
  const bytes = spliceBody(body, { model: candidate.model, stream });
  return {
    method: 'POST',
    url: provider.baseUrl + path,
    headers,
    body: repair === 'without_thinking' ? withoutThinking(bytes) : bytes,
    connectTimeoutMs: limits.connectMs,
    poolTimeoutMs: limits.poolMs,
    fresh: repair === 'fresh_connection',
  };
}
