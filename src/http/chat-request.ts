import { type ChatAsked, readChatRequest } from '../protocols/chat-completions/request.ts';
import type { Problem } from './problem.ts';

/** A request of Chat Completions as the engine takes it. */
export type ChatRequest =
  | {
      readonly kind: 'request';
      readonly body: Buffer;
      readonly headers: readonly string[];
      readonly asked: ChatAsked;
    }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** Converts a request's body, and leaves of its headers what a provider of the Messages API may see. */
export function chatRequest(body: Buffer, headers: readonly string[]): ChatRequest {
  const read = readChatRequest(body);
  if (read.kind === 'refused') {
    const { message, param, code } = read.refusal;
    return { kind: 'problem', problem: { status: 400, message, chat: { param, code } } };
  }
  return {
    kind: 'request',
    body: Buffer.from(read.body),
    headers: messageHeaders(headers),
    asked: read.asked,
  };
}

/** Whose they are: OpenAI's own (its organisation and project, Azure's key) and what was true of the other body. */
const DROPPED: ReadonlySet<string> = new Set(['api-key', 'accept', 'content-type', 'content-length']);

/** The same headers without those that are for OpenAI alone. Of its client's own the patience stays, which the engine reads. */
export function messageHeaders(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    const isClients = lower.startsWith('x-stainless-') && lower !== 'x-stainless-timeout';
    if (DROPPED.has(lower) || lower.startsWith('openai-') || isClients) continue;
    kept.push(name, headers[at + 1] ?? '');
  }
  return [...kept, 'content-type', 'application/json'];
}
