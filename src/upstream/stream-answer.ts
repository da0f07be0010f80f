import { classifyErrorPayload } from '../domain/failures/classify.ts';
import { classifyNotAnAnswer, type NoAnswer } from '../domain/failures/classify-transport.ts';
import type { Failure, Phase } from '../domain/failures/outcome.ts';
import { addEventLines, type EventLines } from '../protocols/anthropic/event-lines.ts';
import { createAssembler } from '../protocols/anthropic/message-assembler.ts';
import { createStreamReader, type StreamFacts } from '../protocols/anthropic/stream-reader.ts';
import { MESSAGE_STOP_EVENT } from '../sse/encoder.ts';
import type { AnswerHead, AnswerReader, Progress } from './answer-reader.ts';
import type { ClientSide } from './attempt-types.ts';

/** At most so much of a stream is held before its first content. Bytes. */
const MAX_HELD = 1024 * 1024;
/** At most so much of a stream is collected before any of it goes out. Bytes. */
const MAX_COLLECTED = 32 * 1024 * 1024;

/**
 * An Anthropic event stream. It is held until its first content, then goes out as it comes, with the reader looking on.
 * `streaming_mode: direct` lets it out at its first event, `background` once it is whole. For a client that asked for no
 * stream it is collected into one message.
 */
export class StreamAnswer implements AnswerReader {
  readonly #head: AnswerHead;
  readonly #reader = createStreamReader();
  readonly #assembler: ReturnType<typeof createAssembler> | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #client: ClientSide | undefined;
  /** Puts in the `event:` lines that the stream lacks. */
  #reframe: EventLines | undefined;
  /** What is waited for, until the commit. */
  #awaited: 'start' | 'content' | 'gap' = 'start';

  constructor(head: AnswerHead) {
    this.#head = head;
    this.#assembler = head.attempt.params.stream ? undefined : createAssembler();
  }

  chunk(bytes: Buffer): boolean {
    const { attempt } = this.#head;
    const facts = this.#reader.push(bytes);
    if (this.#client !== undefined) {
      attempt.watchdog.touch();
      return this.#forward(bytes, facts, this.#client);
    }
    if (this.#faulty(facts)) return true;
    this.#watch(facts);
    return this.#assembler === undefined ? this.#hold(bytes, facts) : this.#collect(bytes, facts);
  }

  end(): void {
    const facts = this.#reader.finish();
    if (this.#faulty(facts)) return;
    if (this.#assembler !== undefined) {
      if (facts.stopReason === undefined) this.#noAnswer(emptiness(facts));
      else this.#assemble(facts);
      return;
    }
    const opens = this.#client === undefined && facts.firstContent && facts.stopReason !== undefined;
    const held = opens ? this.#open(facts) : [];
    const client = this.#client;
    if (client === undefined) this.#noAnswer(emptiness(facts));
    else if (facts.stopReason === undefined) this.#noAnswer('truncated');
    else this.#complete(held, client, facts);
  }

  fail(failure: (progress: Progress) => Failure): void {
    const { facts } = this.#reader;
    // Its stop_reason has come: complete, whatever happens to the socket.
    if (facts.stopReason !== undefined) this.end();
    else {
      const usage = facts.usage === undefined ? {} : { usage: facts.usage };
      this.#head.attempt.settle(failure(this.#client === undefined ? 'after_headers' : 'committed'), usage);
    }
  }

  /** The way of every chunk after the commit. */
  #forward(bytes: Buffer, facts: StreamFacts, client: ClientSide): boolean {
    if (facts.messageStopEnd >= 0) {
      this.#send(bytes.subarray(0, facts.messageStopEnd), true, client);
      this.#finished(client, facts);
      return true;
    }
    if (facts.error !== undefined) {
      // An error event passes as it came.
      this.#send(this.#head.attempt.params.redact(bytes), true, client);
      client.end(true);
      this.#faulty(facts);
      return true;
    }
    if (facts.malformed !== undefined) {
      this.#faulty(facts);
      return true;
    }
    return this.#send(bytes, facts.atBoundary, client);
  }

  #send(bytes: Buffer, atBoundary: boolean, client: ClientSide): boolean {
    if (this.#reframe === undefined) return client.chunk(bytes, atBoundary);
    const framed = this.#reframe.push(bytes);
    return framed.length === 0 || client.chunk(framed, true);
  }

  #watch(facts: StreamFacts): void {
    const { attempt } = this.#head;
    if (!attempt.params.asksStream || !facts.messageStart) return;
    const awaited = facts.firstContent ? 'gap' : 'content';
    if (this.#awaited !== awaited) {
      this.#awaited = awaited;
      attempt.expect(awaited);
    } else if (facts.events + facts.pings > 0) attempt.watchdog.touch();
  }

  #hold(bytes: Buffer, facts: StreamFacts): boolean {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#mayOpen(facts)) return this.#openAndForward(facts);
    if (this.#isComing(facts)) return this.#head.attempt.hold(bytes.length) || this.#openAndForward(facts);
    if (this.#heldBytes > MAX_HELD) this.#noAnswer('nothing_but_pings');
    else this.#book(bytes.length);
    return true;
  }

  #mayOpen(facts: StreamFacts): boolean {
    switch (this.#head.attempt.params.streamingMode) {
      case 'auto':
        return facts.firstContent;
      case 'direct':
        return facts.messageStart || facts.events + facts.pings > 0;
      case 'background':
        return facts.messageStop || this.#heldBytes > MAX_COLLECTED;
    }
  }

  /** Collected in the background, and there is something to lose: room for the rest or not, it goes to the client. */
  #isComing(facts: StreamFacts): boolean {
    return facts.firstContent && this.#head.attempt.params.streamingMode === 'background';
  }

  #openAndForward(facts: StreamFacts): boolean {
    const held = this.#open(facts);
    const client = this.#client;
    if (client === undefined) return true;
    const last = held.pop();
    let ready = true;
    for (const bytes of held) ready = this.#send(bytes, false, client) && ready;
    return last === undefined ? ready : this.#forward(last, facts, client) && ready;
  }

  /** The commit. Gives what was held. */
  #open(facts: StreamFacts): Buffer[] {
    const { status, headers, attempt } = this.#head;
    const held = this.#held;
    this.#held = [];
    attempt.releaseHeld();
    if (facts.needsEventLines) this.#reframe = addEventLines();
    attempt.expect('gap');
    this.#client = attempt.commit({ status, headers, rewritten: this.#reframe !== undefined });
    return held;
  }

  #complete(held: readonly Buffer[], client: ClientSide, facts: StreamFacts): void {
    for (const bytes of held) this.#send(bytes, false, client);
    const rest = this.#reframe?.finish();
    if (rest !== undefined && rest.length > 0) client.chunk(rest, true);
    else if (!facts.atBoundary) client.chunk(BLANK_LINE, true);
    if (!facts.messageStop) client.chunk(MESSAGE_STOP_EVENT, true);
    this.#finished(client, facts);
  }

  #finished(client: ClientSide, facts: StreamFacts): void {
    client.end();
    this.#head.attempt.settle({ kind: 'success' }, facts.usage === undefined ? {} : { usage: facts.usage });
  }

  #collect(bytes: Buffer, facts: StreamFacts): boolean {
    this.#heldBytes += bytes.length;
    this.#assembler?.push(bytes);
    if (facts.messageStop) this.#assemble(facts);
    else if (this.#heldBytes > MAX_COLLECTED) this.#noAnswer('unknown_shape');
    else this.#book(bytes.length);
    return true;
  }

  #assemble(facts: StreamFacts): void {
    const { status, headers, attempt } = this.#head;
    const message = this.#assembler?.finish();
    if (message === undefined) {
      this.#noAnswer('malformed_stream');
      return;
    }
    const body = Buffer.from(JSON.stringify(message));
    attempt.releaseHeld();
    attempt.commit({ status, headers, rewritten: true, body }).end();
    attempt.settle({ kind: 'success' }, facts.usage === undefined ? {} : { usage: facts.usage });
  }

  #book(bytes: number): void {
    if (this.#head.attempt.hold(bytes)) return;
    const detail = "the balancer's buffers are full (settings.max_buffered_bytes)";
    this.#head.attempt.settle({ kind: 'pool_full', phase: this.#phase(), detail });
  }

  /** Settles what the reader found wrong, if anything. */
  #faulty(facts: StreamFacts): boolean {
    if (facts.error !== undefined) this.#failed(facts.error, facts);
    else if (facts.malformed !== undefined) this.#noAnswer('malformed_stream', facts.malformed);
    else if (facts.form === 'html') this.#noAnswer('html');
    else return false;
    return true;
  }

  #failed(error: NonNullable<StreamFacts['error']>, facts: StreamFacts): void {
    const { status, headers, attempt } = this.#head;
    const { credential, endpoint, clock, lists } = attempt.params;
    const { type = 'api_error', message } = error;
    const raw = JSON.stringify({ type: 'error', error: { ...error, type, message } });
    const failure = classifyErrorPayload({
      raw,
      status,
      headers,
      credential,
      endpoint,
      lists,
      now: clock.now(),
      phase: this.#phase(),
    });
    const usage = facts.usage === undefined ? {} : { usage: facts.usage };
    attempt.settle(failure, { answer: { status, headers, body: Buffer.from(raw) }, ...usage });
  }

  #noAnswer(reason: NoAnswer, seen?: string): void {
    const { status, attempt } = this.#head;
    const { endpoint } = attempt.params;
    const words = seen === undefined ? {} : { seen };
    attempt.settle(classifyNotAnAnswer(reason, { endpoint, phase: this.#phase(), status, ...words }));
  }

  #phase(): Phase {
    if (this.#client !== undefined) return 'streaming';
    return this.#assembler === undefined ? 'first_content' : 'body';
  }
}

const BLANK_LINE = Buffer.from('\n\n');

/** How a stream that ended without content is named. */
function emptiness(facts: StreamFacts): NoAnswer {
  if (facts.messageStart) return 'truncated';
  return facts.form === 'unknown' ? 'empty' : 'nothing_but_pings';
}
