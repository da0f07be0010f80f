import type { Failure } from '../domain/failures/outcome.ts';
import type { AttemptControl } from './attempt-types.ts';

/** How far an answer had come when it broke. */
export type Progress = 'after_headers' | 'committed';

/** Reads one kind of answer. The attempt calls it no more once it has settled. */
export interface AnswerReader {
  /** `false`: the client is slow, pause. */
  chunk(bytes: Buffer): boolean;
  end(): void;
  /** The exchange broke below HTTP; `failure` names it for how far the answer had come. */
  fail(failure: (progress: Progress) => Failure): void;
}

/** The head of an answer, and the attempt that it belongs to. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly string[];
  readonly attempt: AttemptControl;
}
