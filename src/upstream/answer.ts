import type { Failure } from '../domain/outcome.ts';
import type { AttemptControl } from './attempt.ts';
import { FailedAnswer } from './failed-answer.ts';
import { MessageAnswer } from './message-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

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

/** Chooses the reader by the status; under 2xx the first bytes say what the answer is. */
export function readAnswerBy(
  status: number,
  headers: readonly string[],
  attempt: AttemptControl,
): AnswerReader {
  const head: AnswerHead = { status, headers, attempt };
  if (status < 200 || status >= 300 || status === 204 || status === 205) return new FailedAnswer(head);
  return new UndecidedAnswer(head);
}

/** Waits for the first bytes to see whether a stream or a message comes; labels alone are often wrong. */
class UndecidedAnswer implements AnswerReader {
  readonly #head: AnswerHead;
  #chosen: AnswerReader | undefined;

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  chunk(bytes: Buffer): boolean {
    this.#chosen ??= this.#choose(bytes);
    return this.#chosen.chunk(bytes);
  }

  end(): void {
    (this.#chosen ?? new MessageAnswer(this.#head)).end();
  }

  fail(failure: (progress: Progress) => Failure): void {
    if (this.#chosen !== undefined) this.#chosen.fail(failure);
    else this.#head.attempt.settle(failure('after_headers'));
  }

  #choose(bytes: Buffer): AnswerReader {
    const first = bytes.find((byte) => byte > 0x20);
    const isStream = first !== 0x7b && first !== 0x5b && first !== 0x3c;
    return isStream ? new StreamAnswer(this.#head) : new MessageAnswer(this.#head);
  }
}
