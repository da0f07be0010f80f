import type { Subscriber, Subscription } from '../broadcast/feed.ts';
import { type MessageSubscriber, messageSubscriber } from '../broadcast/message-subscriber.ts';
import { type BroadcastOptions, ParallelBroadcaster } from '../broadcast/parallel-broadcaster.ts';
import type { Message } from '../protocols/anthropic/message-assembler.ts';
import type { RequestEnded } from '../telemetry/events.ts';
import type { ClientSide } from '../upstream/attempt-types.ts';
import type { ErrorWords } from './client-reply.ts';
import { allowsMore, type Seat } from './seat.ts';
import { deliverWhole, type OpenedAnswer } from './whole-delivery.ts';

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

const NOWHERE: ClientSide = { chunk: () => true, end: () => {} };
const TOO_SLOW: ErrorWords = {
  type: 'api_error',
  message:
    'This client read too slowly and was left behind by others of the same answer (settings.deduplication.max_queue_bytes).',
};

/** How a client hangs on a broadcast. */
interface Place {
  readonly subscriber: Subscriber<ErrorWords>;
  /** Lets go what was collected for it. */
  readonly drop: (() => void) | undefined;
  subscription: Subscription | undefined;
}

/** The clients of one exchange: those that wait for its answer and those that are getting it. */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #seats = new Set<Seat>();
  readonly #places = new Map<Seat, Place>();
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
    if (this.#opened !== undefined) this.#subscribe(seat, this.#opened);
    return true;
  }

  /** It has left, or goes its own way. `false`: it is none of them. */
  remove(seat: Seat): boolean {
    if (!this.#seats.has(seat)) return false;
    const place = this.#places.get(seat);
    this.#forget(seat);
    if (place !== undefined) place.subscription?.unsubscribe();
    else if (this.#opened === undefined && this.#seats.size === 0) this.#options.emptied();
    return true;
  }

  /** Those that are left, each once: they are no longer of this audience. */
  *dismissed(): Generator<Seat> {
    for (const seat of [...this.#seats]) {
      if (!this.#seats.has(seat)) continue;
      this.#forget(seat);
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
  sendOn(which: (seat: Seat) => boolean): void {
    const before = this.#seats.size;
    for (const seat of [...this.#seats]) {
      if (which(seat) && this.#seats.delete(seat)) seat.goOwnWay(false);
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
        for (const [seat, place] of this.#places) {
          if (place.subscriber !== subscriber) continue;
          this.#options.faulted(error, seat);
          break;
        }
      },
    });
    for (const seat of [...this.#seats]) this.#subscribe(seat, answer);
    return this.#broadcast;
  }

  /** A whole answer has come. */
  deliver(answer: OpenedAnswer, body: Buffer): ClientSide {
    this.#opened = answer;
    this.#options.closed();
    deliverWhole(this.dismissed(), answer, body, this.#options.maxTokens);
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

  #subscribe(seat: Seat, answer: OpenedAnswer): void {
    seat.client.decided();
    const message = seat.stream ? undefined : this.#messageFor(seat, answer);
    const subscriber = message ?? this.#streamFor(seat, answer);
    const place: Place = { subscriber, drop: message?.drop, subscription: undefined };
    this.#places.set(seat, place);
    const subscription = this.#broadcast?.subscribe(subscriber);
    if (subscription === undefined) throw new Error('a broadcast that was open takes nobody');
    if (!this.#seats.has(seat)) {
      // What was replayed to it has sent it away.
      subscription.unsubscribe();
      return;
    }
    place.subscription = subscription;
    seat.client.onResume = () => subscription.resume();
  }

  #streamFor(seat: Seat, { status, headersFor }: OpenedAnswer): Subscriber<ErrorWords> {
    const { client } = seat;
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

  #messageFor(seat: Seat, { status, headersFor }: OpenedAnswer): MessageSubscriber {
    seat.waitsForEnd();
    const ownWay = (): void => {
      this.#forget(seat);
      seat.goOwnWay(false);
    };
    const whole = (message: Message): void => {
      const isTooShort =
        message.stop_reason === 'max_tokens' && allowsMore(seat.maxTokens, this.#options.maxTokens);
      if (isTooShort) {
        ownWay();
        return;
      }
      this.#forget(seat);
      seat.committed();
      seat.client.commit(status, headersFor(seat), Buffer.from(JSON.stringify(message)));
      seat.ended('served');
    };
    const noRoom = (): void => {
      this.remove(seat);
      // Here it would meet the same want of room again.
      seat.goOwnWay(true);
    };
    return messageSubscriber({ whole, broken: ownWay, noRoom }, this.#options.buffers);
  }

  #forget(seat: Seat): void {
    this.#seats.delete(seat);
    this.#places.get(seat)?.drop?.();
    this.#places.delete(seat);
  }
}
