import { statedWindow } from '../domain/failures/retry-after.ts';
import { bodyKind } from '../protocols/openai/answer-bytes.ts';
import type { AnswerOptions } from '../protocols/openai/answer-options.ts';
import { convertCompletion } from '../protocols/openai/completion.ts';
import { type ConvertedError, convertError, errorJson } from '../protocols/openai/errors.ts';
import {
  createTranslation,
  encodeEvents,
  type StreamTranslation,
} from '../protocols/openai/stream-translation.ts';
import type { AnswerConversion, AnswerTranslation, ConvertedFailure } from './converting-transport.ts';

/** What else a Chat Completions answer is read with. */
export interface ChatAnswerOptions {
  readonly answer: AnswerOptions;
  /** Whether a stream was asked for. */
  readonly asksStream: boolean;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Told what the provider wants back with its calls, by the ids that the client gets. */
  readonly keepExtras: (extras: ReadonlyMap<string, unknown>) => void;
}

/** What a provider refused a request with. */
export interface ChatRefusal {
  /** Its body, as it came. */
  readonly body: string;
  readonly error: ConvertedError;
}

/** Answers of Chat Completions as those of the Messages API, for one request. */
export class ChatConversion implements AnswerConversion {
  readonly #options: ChatAnswerOptions;
  #refusal: ChatRefusal | undefined;

  constructor(options: ChatAnswerOptions) {
    this.#options = options;
  }

  /** What the request was refused with, in the provider's own words; undefined: it was not. */
  get refusal(): ChatRefusal | undefined {
    return this.#refusal;
  }

  open(): AnswerTranslation {
    const { asksStream } = this.#options;
    return asksStream ? new ChatStream(this.#options) : new ChatWhole(this.#options);
  }

  failed(status: number, headers: readonly string[], bytes: Buffer): ConvertedFailure {
    const { answer, now } = this.#options;
    const { inputTokens, contextWindow } = answer;
    const body = bytes.toString();
    const window = contextWindow === undefined ? {} : { contextWindow };
    const error = convertError({ status, body, inputTokens, ...window });
    this.#refusal = { body, error };
    return {
      status: error.status,
      headers: [
        ...withoutForm(headers),
        'content-type',
        'application/json',
        ...told(headers, body, status, now()),
      ],
      body: Buffer.from(errorJson(error)),
    };
  }

  headers(received: readonly string[]): readonly string[] {
    const type = this.#options.asksStream ? 'text/event-stream; charset=utf-8' : 'application/json';
    return ['content-type', type, ...withoutForm(received)];
  }
}

/** A time that only the body names gets lost with its words: it goes on as a header. */
function told(headers: readonly string[], body: string, status: number, now: number): readonly string[] {
  const window = statedWindow(headers, body, now, status);
  if (window === undefined) return [];
  return window.source.startsWith('retry-after') ? [] : ['retry-after-ms', String(window.until - now)];
}

/** Headers that speak of the bytes as they came, or of the account that they came from. */
const DROPPED =
  /^(?:content-(?:type|length|encoding)|openai-|cf-|alt-svc$|access-control-|strict-transport-)/;

function withoutForm(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    if (!DROPPED.test(lower))
      kept.push(lower === 'x-request-id' ? 'request-id' : name, headers[at + 1] ?? '');
  }
  return kept;
}

const NOTHING = Buffer.alloc(0);

class ChatStream implements AnswerTranslation {
  readonly #translation: StreamTranslation;
  readonly #keepExtras: ChatAnswerOptions['keepExtras'];

  constructor({ answer, keepExtras }: ChatAnswerOptions) {
    this.#translation = createTranslation(answer);
    this.#keepExtras = keepExtras;
  }

  get finishing(): boolean {
    return this.#translation.finishing;
  }

  get over(): boolean {
    return this.#translation.state !== 'open';
  }

  get complete(): boolean {
    return this.#translation.state === 'done';
  }

  push(bytes: Buffer): Buffer {
    return this.#written(this.#translation.push(bytes));
  }

  finish(): Buffer {
    return this.#written(this.#translation.finish());
  }

  settle(): Buffer {
    return this.#written(this.#translation.settle());
  }

  #written(events: ReturnType<StreamTranslation['push']>): Buffer {
    const { state, failure, callExtras } = this.#translation;
    if (state === 'done' && callExtras.size > 0) this.#keepExtras(callExtras);
    if (events.length === 0) return NOTHING;
    // What broke off is told by its end, as with any provider.
    const shown = failure === 'cut' ? events.filter(({ type }) => type !== 'error') : events;
    return shown.length === 0 ? NOTHING : encodeEvents(shown);
  }
}

/** One message for who asked for no stream; servers that stream all the same are read as such. */
class ChatWhole implements AnswerTranslation {
  readonly #options: ChatAnswerOptions;
  #chunks: Buffer[] = [];
  #length = 0;
  #stream: ChatStream | undefined;
  #isKnown = false;
  #isTooLarge = false;

  constructor(options: ChatAnswerOptions) {
    this.#options = options;
  }

  get finishing(): boolean {
    return this.#stream?.finishing ?? false;
  }

  get over(): boolean {
    return this.#stream?.over ?? this.#isTooLarge;
  }

  get complete(): boolean {
    return this.#stream?.complete ?? false;
  }

  push(bytes: Buffer): Buffer {
    if (this.#stream !== undefined) return this.#stream.push(bytes);
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length > MOST_BYTES) {
      this.#isTooLarge = true;
      return failure('api_error', 'the answer is larger than the balancer holds');
    }
    return this.#isKnown ? NOTHING : this.#recognise();
  }

  finish(): Buffer {
    if (this.#stream !== undefined) return this.#stream.finish();
    const body = Buffer.concat(this.#chunks);
    const value = parsed(body);
    // Whatever it is, it is judged as it came.
    if (value === undefined) return body;
    const converted = convertCompletion(value, this.#options.answer);
    if (converted.kind === 'failed') return failure(converted.error.type, converted.error.message);
    if (converted.callExtras.size > 0) this.#options.keepExtras(converted.callExtras);
    return Buffer.from(JSON.stringify(converted.message));
  }

  settle(): Buffer {
    return this.#stream?.settle() ?? NOTHING;
  }

  #recognise(): Buffer {
    const head = Buffer.concat(this.#chunks);
    const found = bodyKind(head);
    if (found === undefined) return NOTHING;
    this.#isKnown = true;
    this.#chunks = [head.subarray(found.kind === 'json' ? found.at : 0)];
    if (found.kind !== 'stream') return NOTHING;
    this.#chunks = [];
    this.#stream = new ChatStream(this.#options);
    return this.#stream.push(head);
  }
}

const MOST_BYTES = 32 * 1024 * 1024;

function failure(type: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'error', error: { type, message } }));
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(
      body
        .toString()
        .replaceAll('\0', '')
        .replace(/^\ufeff/, '')
        .trim(),
    );
  } catch {
    return undefined;
  }
}
