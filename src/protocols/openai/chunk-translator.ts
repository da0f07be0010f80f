import { isRecord } from '../../domain/is-record.ts';
import type { AnswerOptions, TranslationFailure } from './answer-options.ts';
import { BlockWriter } from './block-writer.ts';
import { readFragment } from './call-fragment.ts';
import { CallWriter } from './call-writer.ts';
import { firstChoice, holdsError, isBare, unlisted } from './chunk-shape.ts';
import { convertError } from './errors.ts';
import { type Finish, readFinish } from './finish-reason.ts';
import { type MessagePieces, readPieces } from './message-pieces.ts';
import { PieceWriter } from './piece-writer.ts';
import type { StopReason, StreamEvent } from './stream-events.ts';
import { textHash } from './text-hash.ts';
import { type Piece, ThinkTags } from './think-tags.ts';
import { convertUsage, findUsage, type UsageEstimate } from './usage.ts';

/** Text and arguments of calls that wait for their turn, characters. */
const MOST_HELD = 32 * 1024 * 1024;
const MOST_CALLS = 1_000;
/** Characters of a token, for answers whose usage is not told. */
const TOKEN_LENGTH = 4;

/** A prompt of so much of the window leaves no room for an answer. */
const FULL = 0.99;

type Fields = Readonly<Record<string, unknown>>;

/** Turns the chunks of one streamed completion into the events of one message. Nothing follows its end or its failure. */
export class ChunkTranslator {
  readonly #options: AnswerOptions;
  readonly #writer = new BlockWriter();
  readonly #calls: CallWriter;
  readonly #pieces = new PieceWriter(this.#writer);
  readonly #tags: ThinkTags;
  #state: 'open' | 'done' | 'failed' = 'open';
  #failure: TranslationFailure | undefined;
  #started = false;
  #id = '';
  /** What came after the first call: written after the last. */
  #after: Piece[] = [];
  #held = 0;
  #finish: Finish | undefined;
  #refused = false;
  #stopSequence: string | null = null;
  #usage: Fields | undefined;
  #events: StreamEvent[] = [];

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#calls = new CallWriter(options);
    this.#tags = new ThinkTags(options.compat.thinkTags);
  }

  get state(): 'open' | 'done' | 'failed' {
    return this.#state;
  }

  get failure(): TranslationFailure | undefined {
    return this.#failure;
  }

  /** The finish reason has come; only the usage may be missing. */
  get finishing(): boolean {
    return this.#state === 'open' && this.#finish !== undefined;
  }

  get callExtras(): ReadonlyMap<string, unknown> {
    return this.#calls.extras;
  }

  chunk(chunk: unknown): readonly StreamEvent[] {
    if (this.#state !== 'open') return [];
    const value = unlisted(chunk);
    if (!isRecord(value)) return this.fail('malformed', 'a chunk that is no object');
    if (holdsError(value)) return this.error(JSON.stringify(value));
    this.#usage = findUsage(value) ?? this.#usage;
    if (this.#id === '' && typeof value.id === 'string') this.#id = value.id;
    const choice = firstChoice(value);
    // It has begun: a model may think unseen for minutes before its first word.
    if (choice !== undefined) this.#events.push(...this.#start());
    if (choice !== undefined) this.#choice(choice);
    return this.#take();
  }

  /** A completion that is no stream, from its beginning to its end. */
  whole(value: unknown): readonly StreamEvent[] {
    const body = unlisted(value);
    if (!isRecord(body)) return this.fail('malformed', 'the answer is no completion');
    if (!holdsError(body) && !Array.isArray(body.choices)) {
      return this.fail('malformed', 'the answer is no completion');
    }
    return [...this.chunk(body), ...this.end('marked')];
  }

  /** An error in the provider's words: what a client must not see as an end. */
  error(body: string): readonly StreamEvent[] {
    const { inputTokens, contextWindow } = this.#options;
    const window = contextWindow === undefined ? {} : { contextWindow };
    const { type, message } = convertError({ body, inputTokens, ...window });
    return this.fail('error', message, type);
  }

  /** Open blocks stay open: Claude Code runs a tool as soon as its block is closed. */
  fail(failure: TranslationFailure, message: string, type = 'api_error'): readonly StreamEvent[] {
    if (this.#state !== 'open') return [];
    const events = this.#take();
    this.#state = 'failed';
    this.#failure = failure;
    return [...events, { type: 'error', error: { type, message } }];
  }

  /**
   * Nothing more comes. `marked`: the provider said so (`[DONE]`), or nobody waits any longer for the usage; `closed`: the connection
   * ended.
   */
  end(how: 'marked' | 'closed'): readonly StreamEvent[] {
    if (this.#state !== 'open') return [];
    for (const piece of this.#tags.finish()) this.#piece(piece);
    const finish = this.#finish;
    const bare = finish === undefined;
    if (bare && how === 'closed' && !this.#options.compat.endsBare) {
      return this.#isEmpty() ? this.#empty() : this.fail('cut', 'the answer broke off');
    }
    const reason = finish?.kind === 'stop' ? finish.reason : 'end_turn';
    const verdict = this.#calls.judge(reason === 'max_tokens');
    if (verdict === 'broken') return this.fail('bad_arguments', 'the arguments of a tool call are no JSON');
    if (verdict === 'cut' && bare)
      return this.fail('cut', 'the answer broke off in the arguments of a tool call');
    if (this.#isEmpty() && this.#options.emptyIsError !== false) return this.#empty();
    this.#complete(verdict === 'cut' ? 'max_tokens' : reason);
    return this.#take();
  }

  /** Fails in the middle of a chunk; its events go out with the chunk's. */
  #failNow(failure: TranslationFailure, message: string, type?: string): void {
    const events = this.fail(failure, message, type);
    if (events.length > 0) this.#events = [...events];
  }

  /** Some servers say nothing where the prompt fills the window: then that is what the client has to hear. */
  #empty(): readonly StreamEvent[] {
    const { contextWindow: window = Number.POSITIVE_INFINITY, inputTokens } = this.#options;
    const usage = convertUsage(this.#usage, { input: inputTokens, output: 0 });
    const prompt =
      usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    if (prompt < window * FULL) return this.fail('empty', 'the provider answered without any content');
    const words = `prompt is too long: ${Math.max(prompt, window + 1)} tokens > ${window} maximum`;
    return this.fail(
      'error',
      `${words} (the provider answered without any content)`,
      'invalid_request_error',
    );
  }

  #isEmpty(): boolean {
    return this.#writer.count === 0 && this.#calls.count === 0;
  }

  #choice(choice: Fields): void {
    const delta = isRecord(choice.delta) ? choice.delta : {};
    const pieces = readPieces(delta);
    // Some relays send the whole message with the last chunk.
    const whole =
      isRecord(choice.message) && this.#isEmpty() && isBare(pieces) ? readPieces(choice.message) : pieces;
    this.#read(whole);
    const word = choice.finish_reason;
    if (typeof word === 'string' && word !== '') this.#finish ??= readFinish(word);
    if (this.#finish?.kind === 'failed') {
      this.#failNow('error', 'the provider broke the answer off', this.#finish.type);
    }
    for (const said of [choice.stop_reason, choice.matched_stop]) {
      if (typeof said === 'string' && this.#options.asked.stopSequences.includes(said))
        this.#stopSequence = said;
    }
  }

  #read({ thinking, details, pieces, refusal, calls }: MessagePieces): void {
    this.#pieces.details.add(details);
    this.#piece({ kind: 'thinking', text: thinking });
    for (const piece of pieces) {
      if (piece.kind === 'thinking') this.#piece(piece);
      else for (const part of this.#tags.push(piece.text)) this.#piece(part);
    }
    if (refusal !== '') {
      this.#refused = true;
      this.#piece({ kind: 'text', text: refusal });
    }
    for (const entry of calls) this.#call(entry);
    if (calls.length > 0) this.#calls.write(this.#writer, () => this.#pieces.leave());
    if (this.#calls.failed) this.#failNow('bad_arguments', 'the arguments of a tool call are no JSON');
  }

  #piece(piece: Piece): void {
    if (piece.text === '') return;
    if (this.#calls.count > 0) {
      this.#after.push(piece);
      this.#hold(piece.text.length);
    } else this.#pieces.write(piece);
  }

  #call(entry: unknown): void {
    const fragment = readFragment(entry);
    if (fragment === undefined) return;
    for (const piece of this.#calls.count === 0 ? this.#tags.finish() : []) this.#piece(piece);
    this.#calls.add(fragment);
    this.#hold(fragment.arguments.length);
    if (this.#calls.count > MOST_CALLS) this.#tooLarge();
  }

  #hold(length: number): void {
    this.#held += length;
    if (this.#held > MOST_HELD) this.#tooLarge();
  }

  #tooLarge(): void {
    this.#failNow('too_large', 'the answer is larger than the balancer holds');
  }

  #complete(reason: StopReason): void {
    this.#calls.writeAll(this.#writer, () => this.#pieces.leave());
    for (const piece of this.#after) this.#pieces.write(piece);
    this.#pieces.leave();
    const usage = convertUsage(this.#usage, this.#estimate());
    const stopped = this.#stopReason(reason);
    const stop_sequence = stopped === 'stop_sequence' ? this.#stopSequence : null;
    this.#events.push(
      ...this.#start(),
      ...this.#writer.take(),
      { type: 'message_delta', delta: { stop_reason: stopped, stop_sequence }, usage },
      { type: 'message_stop' },
    );
    this.#state = 'done';
  }

  /** `tool_use` where a tool was called, whatever the provider says. */
  #stopReason(reason: StopReason): StopReason {
    if (this.#refused) return 'refusal';
    if (reason !== 'end_turn') return reason;
    if (this.#writer.wroteTool) return 'tool_use';
    return this.#stopSequence === null ? 'end_turn' : 'stop_sequence';
  }

  #estimate(): UsageEstimate {
    return { input: this.#options.inputTokens, output: Math.ceil(this.#writer.characters / TOKEN_LENGTH) };
  }

  #take(): readonly StreamEvent[] {
    const written = this.#writer.take();
    // What is written after a failure goes nowhere.
    if (written.length > 0 && this.#state !== 'failed') this.#events.push(...this.#start(), ...written);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #start(): readonly StreamEvent[] {
    if (this.#started) return [];
    this.#started = true;
    const { model, seed, inputTokens } = this.#options;
    const id = this.#id === '' ? `msg_${textHash(seed)}` : this.#id;
    const usage = convertUsage(undefined, { input: inputTokens, output: 0 });
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    } as const;
    return [{ type: 'message_start', message }];
  }
}
