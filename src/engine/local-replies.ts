import { errorBody, type ProviderErrorKeys } from '../domain/refusal/error-envelope.ts';
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

/** A request's input tokens as we counted them, where no provider did. */
export function localCount({ id }: Pick<RequestFacts, 'id'>, tokens: number): WholeReply {
  const body = JSON.stringify({ input_tokens: tokens });
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
