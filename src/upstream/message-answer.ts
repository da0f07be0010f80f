import { classifyErrorPayload } from '../domain/failures/classify.ts';
import { classifyNotAnAnswer, type NoAnswer } from '../domain/failures/classify-transport.ts';
import type { Failure, Phase, Usage } from '../domain/failures/outcome.ts';
import { type NoAnswer as NoMessage, readAnswer, readCount } from '../protocols/anthropic/answer.ts';
import type { Message } from '../protocols/anthropic/message-assembler.ts';
import { playMessage } from '../protocols/anthropic/message-player.ts';
import type { AnswerHead, AnswerReader, Progress } from './answer-reader.ts';

/** A larger answer is none. Bytes. */
const MAX_BODY = 32 * 1024 * 1024;
const WORDS = 200;

/** An answer in one piece: a message, a count of tokens, or an error under 200. Nothing is sent before it is whole. */
export class MessageAnswer implements AnswerReader {
  readonly #head: AnswerHead;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(head: AnswerHead) {
    this.#head = head;
    head.attempt.expect('message');
  }

  chunk(bytes: Buffer): boolean {
    const { attempt } = this.#head;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length > MAX_BODY) this.#noAnswer('unknown_shape', 'too large');
    else if (!attempt.hold(bytes.length)) {
      const detail = "the balancer's buffers are full (settings.max_buffered_bytes)";
      attempt.settle({ kind: 'pool_full', phase: this.#phase(), detail });
    }
    return true;
  }

  end(): void {
    const bytes = Buffer.concat(this.#chunks);
    const { endpoint } = this.#head.attempt.params;
    const answer = endpoint === 'count_tokens' ? readCount(bytes) : readAnswer(bytes);
    switch (answer.kind) {
      case 'message':
        this.#serve(bytes, answer.message, answer.usage);
        break;
      case 'count':
        this.#commitWhole(bytes, {});
        break;
      case 'error':
        this.#failed(bytes);
        break;
      default:
        this.#noAnswer(REASONS[answer.kind], bytes.toString('utf8', 0, WORDS));
    }
  }

  fail(failure: (progress: Progress) => Failure): void {
    this.#head.attempt.settle(failure('after_headers'));
  }

  #serve(bytes: Buffer, message: Message, usage: Usage | undefined): void {
    const { status, headers, attempt } = this.#head;
    const facts = usage === undefined ? {} : { usage };
    if (!attempt.params.stream) {
      this.#commitWhole(bytes, facts);
      return;
    }
    attempt.releaseHeld();
    const client = attempt.commit({ status, headers, rewritten: true });
    client.chunk(playMessage(message), true);
    client.end();
    attempt.settle({ kind: 'success' }, facts);
  }

  #commitWhole(body: Buffer, facts: Parameters<AnswerHead['attempt']['settle']>[1]): void {
    const { status, headers, attempt } = this.#head;
    attempt.releaseHeld();
    attempt.commit({ status, headers, rewritten: false, body }).end();
    attempt.settle({ kind: 'success' }, facts);
  }

  #failed(body: Buffer): void {
    const { status, headers, attempt } = this.#head;
    const { credential, endpoint, clock, lists } = attempt.params;
    const raw = body.toString('utf8', 0, 64 * 1024);
    const phase = this.#phase();
    const now = clock.now();
    const failure = classifyErrorPayload({ raw, status, headers, credential, endpoint, lists, now, phase });
    attempt.settle(failure, { answer: { status, headers, body } });
  }

  #noAnswer(reason: NoAnswer, seen: string): void {
    const { status, attempt } = this.#head;
    const { endpoint } = attempt.params;
    attempt.settle(classifyNotAnAnswer(reason, { endpoint, phase: this.#phase(), status, seen }));
  }

  #phase(): Phase {
    return this.#head.attempt.params.stream ? 'first_content' : 'body';
  }
}

const REASONS: Readonly<Record<NoMessage['kind'], NoAnswer>> = {
  empty: 'empty',
  html: 'html',
  truncated: 'truncated',
  malformed: 'malformed_json',
  unknown: 'unknown_shape',
};
