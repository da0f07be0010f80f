import type { Subscriber, Subscription } from '../broadcast/feed.ts';
import { messageSubscriber } from '../broadcast/message-subscriber.ts';
import { type BroadcastOptions, ParallelBroadcaster } from '../broadcast/parallel-broadcaster.ts';
import type { RequestEnded } from '../telemetry/events.ts';
import type { ClientSide } from '../upstream/attempt-types.ts';
import type { ErrorWords } from './client-reply.ts';
import { allowsMore, type Seat } from './seat.ts';
import { messageIn, playedBody, type WholeMessage } from './whole-message.ts';

/** What an audience is made with. */
export interface AudienceOptions
  extends Pick<
    BroadcastOptions<ErrorWords>,
    'maxReplayBytes' | 'maxQueueBytes' | 'buffers' | 'resume' | 'emptied' | 'closed' | 'ended' | 'now'
  > {
  /** `max_tokens` of the request that is answered. */
  readonly maxTokens: number | undefined;
  /** An exception of ours on the way to one client. */
  readonly faulted: (error: unknown, seat: Seat) => void;
}

/** The head of an answer that has come. */
export interface OpenedAnswer {
  readonly status: number;
  /** As one client gets them, for an answer in the form that it wants. */
  readonly headersFor: (seat: Seat) => readonly string[];
}

const NOWHERE: ClientSide = { chunk: () => true, end: () => {} };
const TOO_SLOW: ErrorWords = {
  type: 'api_error',
  message:
    'This client read too slowly and was left behind by others of the same answer (settings.deduplication.max_queue_bytes).',
};

/** The clients of one exchange: those that wait for its answer and those that are getting it. */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #seats = new Set<Seat>();
  readonly #places = new Map<Seat, Subscription>();
  readonly #seatOf = new Map<Subscriber<ErrorWords>, Seat>();
  #opened: OpenedAnswer | undefined;
  #broadcast: ParallelBroadcaster<ErrorWords> | undefined;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Bytes of the stream so far, and when the last ones came. */
  get progress(): { readonly bytes: number; readonly lastAt: number } {
    return { bytes: this.#broadcast?.bytes ?? 0, lastAt: this.#broadcast?.lastAt ?? 0 };
  }

  get hasBegun(): boolean {
    return this.#opened !== undefined;
  }

  /** Whether all of a stream has come. */
  get hasEnded(): boolean {
    return this.#broadcast?.hasEnded === true;
  }

  /** Whether somebody can still come. */
  get isOpen(): boolean {
    return this.#opened === undefined || this.#broadcast?.isOpen === true;
  }

  has(seat: Seat): boolean {
    return this.#seats.has(seat);
  }

  /** `false`: it comes too late. */
  add(seat: Seat): boolean {
    if (!this.isOpen) return false;
    this.#seats.add(seat);
    if (this.#opened !== undefined) this.#subscribe(seat);
    return true;
  }

  /** It has left, or goes its own way. `false`: it is none of them. */
  remove(seat: Seat): boolean {
    if (!this.#seats.delete(seat)) return false;
    const place = this.#places.get(seat);
    this.#places.delete(seat);
    if (place !== undefined) place.unsubscribe();
    else if (this.#opened === undefined && this.#seats.size === 0) this.#options.emptied();
    return true;
  }

  /** Those that are left, each once: they are no longer of this audience. */
  *dismissed(): Generator<Seat> {
    for (const seat of [...this.#seats]) {
      if (!this.#seats.delete(seat)) continue;
      this.#places.delete(seat);
      yield seat;
    }
  }

  /** Ends all alike, before an answer has begun. */
  endAll(result: RequestEnded['result'], act: (seat: Seat) => void): void {
    for (const seat of this.dismissed()) {
      seat.client.decided();
      act(seat);
      seat.ended(result);
    }
  }

  /** Before an answer has begun: those that `which` says go their own way. */
  sendOn(which: (seat: Seat) => boolean, alone: boolean): void {
    const before = this.#seats.size;
    for (const seat of [...this.#seats]) {
      if (which(seat) && this.#seats.delete(seat)) seat.goOwnWay(alone);
    }
    if (before > 0 && this.#seats.size === 0) this.#options.emptied();
  }

  /** A stream begins: what is given back takes its bytes. */
  openStream(answer: OpenedAnswer): ClientSide {
    const { maxReplayBytes, maxQueueBytes, buffers, resume, emptied, closed, ended, now } = this.#options;
    this.#opened = answer;
    this.#broadcast = new ParallelBroadcaster<ErrorWords>({
      maxReplayBytes,
      maxQueueBytes,
      buffers,
      resume,
      emptied,
      closed,
      ended,
      now,
      faulted: (error, subscriber) => {
        const seat = this.#seatOf.get(subscriber);
        if (seat !== undefined) this.#options.faulted(error, seat);
      },
    });
    for (const seat of [...this.#seats]) this.#subscribe(seat);
    return this.#broadcast;
  }

  /** A whole answer has come. */
  deliver(answer: OpenedAnswer, body: Buffer): ClientSide {
    this.#opened = answer;
    this.#options.closed();
    let parsed: WholeMessage | undefined;
    const message = (): WholeMessage => {
      parsed ??= messageIn(body);
      return parsed;
    };
    for (const seat of this.dismissed()) {
      const tooShort = allowsMore(seat.maxTokens, this.#options.maxTokens) && message().stoppedAtLimit;
      if (tooShort) {
        seat.goOwnWay(false);
        continue;
      }
      seat.client.decided();
      seat.committed();
      if (!seat.stream) this.#complete(seat, body);
      else {
        const side = seat.client.commit(answer.status, answer.headersFor(seat), undefined);
        side.chunk(playedBody(message(), body), true);
        side.end();
      }
      seat.ended('served');
    }
    return NOWHERE;
  }

  /** The stream broke; each is told after what it has to get. */
  breakOff(error: ErrorWords): void {
    this.#broadcast?.fail(error);
  }

  /** Nothing more comes, and nobody is told. */
  discard(): void {
    this.#broadcast?.discard();
  }

  #subscribe(seat: Seat): void {
    seat.client.decided();
    const subscriber = seat.stream ? this.#streamFor(seat) : this.#messageFor(seat);
    this.#seatOf.set(subscriber, seat);
    const place = this.#broadcast?.subscribe(subscriber);
    if (place === undefined) throw new Error('a broadcast that was open takes nobody');
    if (!this.#seats.has(seat)) return;
    this.#places.set(seat, place);
    seat.client.onResume = () => place.resume();
  }

  #streamFor(seat: Seat): Subscriber<ErrorWords> {
    const { client } = seat;
    const { status = 200, headersFor = () => [] } = this.#opened ?? {};
    const side = client.commit(status, headersFor(seat), undefined);
    seat.committed();
    const over = (result: RequestEnded['result'], act: () => void): void => {
      this.#forget(seat);
      act();
      seat.ended(result);
    };
    return {
      chunk: (bytes, atBoundary) => side.chunk(bytes, atBoundary),
      end: (isBroken) => over(isBroken ? 'broken' : 'served', () => side.end()),
      fail: (error) => over('broken', () => client.breakOff(error)),
      lagged: () =>
        over('broken', () => {
          client.note(TOO_SLOW.message);
          client.breakOff(TOO_SLOW);
        }),
    };
  }

  #messageFor(seat: Seat): Subscriber<ErrorWords> {
    seat.waitsForEnd();
    const ownWay = (): void => {
      this.#forget(seat);
      seat.goOwnWay(false);
    };
    return messageSubscriber({
      whole: (message) => {
        const isTooShort =
          message.stop_reason === 'max_tokens' && allowsMore(seat.maxTokens, this.#options.maxTokens);
        if (isTooShort) {
          ownWay();
          return;
        }
        this.#forget(seat);
        seat.committed();
        this.#complete(seat, Buffer.from(JSON.stringify(message)));
        seat.ended('served');
      },
      broken: ownWay,
    });
  }

  #complete(seat: Seat, body: Buffer): void {
    const { status = 200, headersFor = () => [] } = this.#opened ?? {};
    seat.client.commit(status, headersFor(seat), body);
  }

  #forget(seat: Seat): void {
    this.#seats.delete(seat);
    this.#places.delete(seat);
  }
}
