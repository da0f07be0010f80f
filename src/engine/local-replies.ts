import { errorBody, type ProviderErrorKeys } from '../domain/error-envelope.ts';
import type { RequestFacts } from '../telemetry/events.ts';
import type { Reply } from './interface.ts';

/** A reply whose body is whole. */
export interface WholeReply extends Reply {
  readonly body: Buffer;
}

/** An error of our own in Anthropic's envelope. */
export function ownReply(
  status: number,
  type: string,
  message: string,
  requestId: string,
  keys?: ProviderErrorKeys,
): WholeReply {
  const headers = ['content-type', 'application/json', ...ownIds(requestId)];
  return { status, headers, body: Buffer.from(errorBody(type, message, requestId, keys)) };
}

/** The headers by which an answer of our own is found again: Anthropic's name, and ours. */
export function ownIds(requestId: string): readonly string[] {
  return ['request-id', requestId, 'x-balancer-request-id', requestId];
}

/** JSON of a request comes to about so many bytes a token. */
const BYTES_A_TOKEN = 4;

/** An estimate of a request's input tokens by its size. */
export function estimatedTokens(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BYTES_A_TOKEN));
}

/** The estimate as an answer, where no provider counted them. */
export function localCount({ id, bytes }: Pick<RequestFacts, 'id' | 'bytes'>): WholeReply {
  const body = JSON.stringify({ input_tokens: estimatedTokens(bytes) });
  const headers = [
    'content-type',
    'application/json',
    'x-balancer-provider',
    'local-estimate',
    'x-balancer-request-id',
    id,
  ];
  return { status: 200, headers, body: Buffer.from(body) };
}
