import type { ReceivedRequest } from '../../../src/simulator/received-request.ts';

export interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

/** The messages of a received request. */
export function messagesOf(request: ReceivedRequest | undefined): readonly Message[] {
  const body = request?.json() as { readonly messages?: readonly Message[] } | undefined;
  return body?.messages ?? [];
}

/** All blocks of all messages of a received request, in order; plain strings as text blocks. */
export function contentOf(request: ReceivedRequest | undefined): readonly Block[] {
  return messagesOf(request).flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );
}
