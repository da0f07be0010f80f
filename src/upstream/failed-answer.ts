import { classifyResponse } from '../domain/failures/classify.ts';
import type { Failure } from '../domain/failures/outcome.ts';
import type { AnswerHead, AnswerReader, Progress } from './answer-reader.ts';

/** As much of a failed answer is kept to be given back; the rest is not read. Bytes. */
const MAX_BODY = 1024 * 1024;
/** As much of it is looked at for words. Bytes. */
const WORDS = 64 * 1024;

/** An answer whose status says that it failed: its words decide what that means. */
export class FailedAnswer implements AnswerReader {
  readonly #head: AnswerHead;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(head: AnswerHead) {
    this.#head = head;
    head.attempt.expect('error_body');
  }

  chunk(bytes: Buffer): boolean {
    if (!this.#head.attempt.hold(bytes.length)) {
      this.end();
      return true;
    }
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length > MAX_BODY) this.end();
    return true;
  }

  end(): void {
    const { status, headers, attempt } = this.#head;
    const { credential, endpoint, clock, lists } = attempt.params;
    const body = Buffer.concat(this.#chunks);
    const failure = classifyResponse({
      status,
      headers,
      body: body.toString('utf8', 0, WORDS),
      credential,
      endpoint,
      now: clock.now(),
      lists,
    });
    attempt.settle(failure, { answer: { status, headers, body } });
  }

  /** Its status came: a body that breaks off does not change what it said. */
  fail(_failure: (progress: Progress) => Failure): void {
    this.end();
  }
}
