import type { Compat } from './compat.ts';
import type { Asked } from './request.ts';

export interface AnswerOptions {
  readonly compat: Compat;
  readonly asked: Asked;
  /** The client's name of the model: it is told this one. */
  readonly model: string;
  /** Our own count of the prompt, tokens. */
  readonly inputTokens: number;
  /** The model's window, where it is known: for errors that name none. Tokens. */
  readonly contextWindow?: number;
  /** Differs from request to request; ids that the provider does not give are made of it. */
  readonly seed: string;
  /** An answer without any content is a failure rather than an empty message. Default true: another provider may do better. */
  readonly emptyIsError?: boolean;
}

/** Why an answer is no good. */
export type TranslationFailure =
  /** The provider said so. */
  | 'error'
  /** It is no Chat Completions. */
  | 'malformed'
  /** It broke off. */
  | 'cut'
  /** It ended without any content. */
  | 'empty'
  /** A tool's arguments are no JSON, however they are read. */
  | 'bad_arguments'
  /** More than we hold. */
  | 'too_large';
