import { classifyNotAnAnswer } from '../domain/failures/classify-transport.ts';
import type { Failure } from '../domain/failures/outcome.ts';
import { formOf } from '../protocols/anthropic/body-form.ts';
import type { AnswerHead, AnswerReader, Progress } from './answer-reader.ts';
import type { AttemptControl } from './attempt-types.ts';
import { FailedAnswer } from './failed-answer.ts';
import { MessageAnswer } from './message-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

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

/** So much white space before an answer is none. Bytes. */
const MAX_BLANK = 64 * 1024;

/**
 * Waits for the first bytes to see whether a stream or a message comes; labels alone are often wrong. White space says
 * nothing: gateways send it ahead of a message so that the connection stays open.
 */
class UndecidedAnswer implements AnswerReader {
  readonly #head: AnswerHead;
  #chosen: AnswerReader | undefined;
  #blank: Buffer[] = [];
  #blankBytes = 0;

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  chunk(bytes: Buffer): boolean {
    if (this.#chosen !== undefined) return this.#chosen.chunk(bytes);
    const form = formOf(bytes);
    if (form === 'unknown') return this.#wait(bytes);
    const isMessage = form === 'json' || form === 'html';
    this.#chosen = isMessage ? new MessageAnswer(this.#head) : new StreamAnswer(this.#head);
    const all = this.#blank.length === 0 ? bytes : Buffer.concat([...this.#blank, bytes]);
    this.#blank = [];
    return this.#chosen.chunk(all);
  }

  end(): void {
    (this.#chosen ?? new MessageAnswer(this.#head)).end();
  }

  fail(failure: (progress: Progress) => Failure): void {
    if (this.#chosen !== undefined) this.#chosen.fail(failure);
    else this.#head.attempt.settle(failure('after_headers'));
  }

  #wait(bytes: Buffer): boolean {
    this.#blank.push(bytes);
    this.#blankBytes += bytes.length;
    if (this.#blankBytes > MAX_BLANK) {
      const { status, attempt } = this.#head;
      const { endpoint, stream } = attempt.params;
      const phase = stream ? 'first_content' : 'body';
      attempt.settle(classifyNotAnAnswer('empty', { endpoint, phase, status }));
    }
    return true;
  }
}
