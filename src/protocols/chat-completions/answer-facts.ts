import { isRecord } from '../../domain/is-record.ts';
import type { ChatAsked } from './request.ts';

/** What an answer is told with, beside what is in it. */
export interface AnswerFacts {
  readonly asked: ChatAsked;
  /** Seconds since 1970. */
  readonly created: number;
  /** Of our request: the answer's id where the provider gives none. */
  readonly requestId: string;
}

/** The answer's id in OpenAI's form. */
export function completionId(id: unknown, requestId: string): string {
  const own = typeof id === 'string' && id !== '' ? id : requestId;
  return `chatcmpl-${own.replace(/^(?:chatcmpl-|msg_|req_)/, '')}`;
}

/** The text of a custom tool's call: what we wrapped it in is taken away. */
export function customInput(input: unknown): string {
  if (isRecord(input) && typeof input.input === 'string') return input.input;
  return JSON.stringify(input ?? '');
}
