import { errorBody, type ProviderErrorKeys } from '../domain/refusal/error-envelope.ts';
import type { Clock } from '../domain/time.ts';
import { CLIENT_PING, clientError } from '../protocols/anthropic/client-events.ts';
import type { ClientSide } from '../upstream/attempt-types.ts';
import type { Answer } from './interface.ts';
import { ownIds } from './local-replies.ts';
import { createReplyWriter, type ReplyWriter } from './reply-writer.ts';

/** What one client's reply is made with. */
export interface ClientReplyOptions {
  readonly answer: Answer;
  readonly requestId: string;
  /** Whether the client asked for a stream. */
  readonly stream: boolean;
  /** Sessions of Claude Code repair a cut themselves. */
  readonly isClaudeCode: boolean;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
}

/** An error in the words of Anthropic's envelope. */
export interface ErrorWords {
  readonly type: string;
  readonly message: string;
  /** What is told of the provider, where that is asked for. */
  readonly keys?: ProviderErrorKeys | undefined;
}

/** A client waits this long for headers in patience; then it gets them, with pings, and failover goes on behind. ms */
const EARLY_HEADERS_MS = 60_000;
const SHUT_DOWN = 'The balancer shut down before this request had its answer. Try again in a moment.';
const JSON_HEADERS = ['content-type', 'application/json'];

/** What one client gets: an answer, or an end that suits what it has already got. */
export class ClientReply {
  readonly #options: ClientReplyOptions;
  readonly #writer: ReplyWriter;
  readonly #early: unknown;
  /** The client has drained: whoever it gets its bytes from goes on. */
  onResume: () => void = () => {};
  #firstContentAt: number | undefined;
  #status = 0;
  #error: string | undefined;

  constructor(options: ClientReplyOptions) {
    this.#options = options;
    const { answer, clock, stream, pingIntervalMs } = options;
    const onResume = (): void => this.onResume();
    this.#writer = createReplyWriter({ answer, clock, pingIntervalMs, ping: CLIENT_PING, onResume });
    this.#early = stream ? clock.setTimeout(() => this.#openEarly(), EARLY_HEADERS_MS) : undefined;
  }

  /** Wall clock ms of the first content sent. */
  get firstContentAt(): number | undefined {
    return this.#firstContentAt;
  }

  /** Status sent to the client; 0: none yet. */
  get status(): number {
    return this.#status;
  }

  /** The final error's message, where there was one. */
  get error(): string | undefined {
    return this.#error;
  }

  get isOpen(): boolean {
    return this.#writer.state === 'open';
  }

  /** The answer is decided: nothing is opened early any more. */
  decided(): void {
    this.#options.clock.clearTimeout(this.#early);
  }

  /** Notes what went wrong, for the log. */
  note(error: string | undefined): void {
    this.#error = error;
  }

  /** The first content is there: a whole body, or a stream that follows through what is given back. */
  commit(status: number, headers: readonly string[], body: Buffer | undefined): ClientSide {
    this.#firstContentAt = this.#options.clock.now();
    if (body !== undefined) this.complete(status, headers, body);
    else {
      this.#status = this.#status === 0 ? status : this.#status;
      this.#writer.open(status, headers);
    }
    return this.#writer;
  }

  /** A whole reply, unless one has begun. */
  complete(status: number, headers: readonly string[], body: Buffer): void {
    if (this.#writer.state !== 'unopened') return;
    this.#status = status;
    this.#writer.complete(status, headers, body);
  }

  /** Ends with an error of our own. `headers` come beside those of every such error. */
  giveUp(status: number, error: ErrorWords, attempts: number, headers: readonly string[]): void {
    const { requestId } = this.#options;
    this.#error = error.message;
    if (this.isOpen) {
      this.breakOff(error);
      return;
    }
    const ours = ['x-balancer-attempts', String(attempts), ...ownIds(requestId)];
    const body = Buffer.from(errorBody(error.type, error.message, requestId, error.keys));
    this.complete(status, [...JSON_HEADERS, ...ours, ...headers], body);
  }

  /**
   * The balancer ends, and the request with it: 503 with a time to come back; an SSE error where only early headers and
   * pings are out; a stream that has begun ends as one that broke off.
   */
  shutDown(attempts: number): void {
    const error = { type: 'api_error', message: SHUT_DOWN };
    if (!this.isOpen || this.#firstContentAt !== undefined) {
      this.giveUp(503, error, attempts, ['retry-after', '5']);
      return;
    }
    this.#error = error.message;
    this.endWithError(error);
  }

  /** Ends with a bug of ours: 500, or a cut where bytes are out already. */
  fault(keys: ProviderErrorKeys | undefined): void {
    const { requestId } = this.#options;
    const message = `The balancer failed on this request (${requestId}). Its log says why.`;
    this.#error = message;
    if (this.isOpen) this.breakOff({ type: 'api_error', message });
    else {
      const body = Buffer.from(errorBody('api_error', message, requestId, keys));
      this.complete(500, [...JSON_HEADERS, ...ownIds(requestId)], body);
    }
  }

  /**
   * The end of a stream that has no proper one. Claude Code gets a cut: it repeats or continues by itself, while an
   * SSE error would cost it a non-streaming call. Others get an SSE error, unless an event is open.
   */
  breakOff(error: ErrorWords): void {
    if (!this.isOpen) return;
    if (this.#options.isClaudeCode || !this.#writer.atBoundary) this.#writer.cut();
    else this.endWithError(error);
  }

  endWithError(error: ErrorWords): void {
    this.#writer.chunk(clientError(error.type, error.message), true);
    this.#writer.end();
  }

  /** The client is gone. */
  abandon(): void {
    this.decided();
    this.#writer.abandon();
  }

  #openEarly(): void {
    if (this.#writer.state !== 'unopened') return;
    this.#status = 200;
    this.#writer.open(200, [
      'content-type',
      'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
      'x-balancer-request-id',
      this.#options.requestId,
    ]);
    this.#writer.chunk(CLIENT_PING, true);
  }
}
