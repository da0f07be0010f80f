/** One reader of a broadcast. What it throws ends it alone. */
export interface Subscriber<Reason> {
  /** The next bytes. `false`: nothing more is wanted until `Subscription.resume()`. `atBoundary`: an event ends here. */
  chunk(bytes: Buffer, atBoundary: boolean): boolean;
  /** The proper end, after all bytes. `isBroken`: the last of them tell an error. */
  end(isBroken: boolean): void;
  /** The source broke; after all bytes that it gave. */
  fail(reason: Reason): void;
  /** It was further behind than it may be: nothing follows. */
  lagged(): void;
}

/** A reader's place in a broadcast. */
export interface Subscription {
  /** It reads again. */
  resume(): void;
  /** It has left: nothing is delivered any more. */
  unsubscribe(): void;
}

/** How far one subscriber has come. */
export class Feed<Reason> {
  readonly subscriber: Subscriber<Reason>;
  /** Bytes that were there already when it came: they lie in the shared replay, and make nobody late. */
  readonly replayedBytes: number;
  /** Index of the chunk that it gets next. */
  next = 0;
  deliveredBytes = 0;
  isReady = true;
  isClosed = false;

  constructor(subscriber: Subscriber<Reason>, replayedBytes: number) {
    this.subscriber = subscriber;
    this.replayedBytes = replayedBytes;
  }

  /** How many bytes of a broadcast that has given `total` wait for it, those of the replay left aside. */
  behind(total: number): number {
    return total - Math.max(this.deliveredBytes, this.replayedBytes);
  }
}
