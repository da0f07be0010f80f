import type { BufferBudget } from '../domain/buffer-budget.ts';
import { ChunkLog } from './chunk-log.ts';
import { Feed, type Subscriber, type Subscription } from './feed.ts';
import { FeedSet } from './feed-set.ts';

/** What a broadcast is made with. */
export interface BroadcastOptions<Reason> {
  /** So much of the beginning is kept for those that come later, bytes; beyond it nobody can come. 0: nothing. */
  readonly maxReplayBytes: number;
  /** A subscriber for which more waits than this is ended, bytes. What was replayed to it does not count. */
  readonly maxQueueBytes: number;
  readonly buffers: BufferBudget;
  /** Somebody reads again: the source may go on. */
  readonly resume: () => void;
  /** The last subscriber has left before the end. The source goes on until it is stopped. */
  readonly emptied: () => void;
  /** From now on nobody can come: the beginning is no longer kept, or the source has ended. Called once. */
  readonly closed: () => void;
  /** The proper end, before the subscribers are told. `kept`: all bytes, the last chunk by itself, if they are. */
  readonly ended?: ((kept: readonly Buffer[] | undefined) => void) | undefined;
  /** Wall clock ms, where it matters when the last bytes came. */
  readonly now?: (() => number) | undefined;
  /** An exception of a subscriber, which gets nothing more. */
  readonly faulted: (error: unknown, subscriber: Subscriber<Reason>) => void;
}

/**
 * One source, many subscribers. A single one gets each chunk directly, and what is kept for a second one is a copy, packed with others.
 * From the second one on each follows a shared log at its own pace: the source is paused when none of them reads, and
 * whoever falls too far behind the fastest is ended alone.
 */
export class ParallelBroadcaster<Reason> {
  readonly #options: BroadcastOptions<Reason>;
  readonly #log: ChunkLog;
  readonly #feeds: FeedSet<Reason>;
  /** The only subscriber, who has everything that has come. */
  #direct: Feed<Reason> | undefined;
  #ending: ((subscriber: Subscriber<Reason>) => void) | undefined;
  #totalBytes = 0;
  #hasBegun = false;
  #lastAt = 0;
  #isReplayed: boolean;
  #isClosed = false;
  #isPaused = false;

  constructor(options: BroadcastOptions<Reason>) {
    this.#options = options;
    this.#log = new ChunkLog(options.buffers);
    this.#feeds = new FeedSet(this.#log, (feed) => this.#pump(feed));
    this.#isReplayed = options.maxReplayBytes > 0;
  }

  /** How many read it. */
  get subscribers(): number {
    return this.#feeds.size;
  }

  /** Bytes that the source has given. Not counted on once nobody can come any more and one alone reads. */
  get bytes(): number {
    return this.#totalBytes;
  }

  /** Whether somebody can still come. */
  get isOpen(): boolean {
    return this.#ending === undefined && (this.#isReplayed || !this.#hasBegun);
  }

  /** Whether the source has come to an end, of whatever kind. */
  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** When the last bytes came, by `now`; 0 without it. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** The next bytes of the source. `false`: nobody reads, pause until `resume`. */
  chunk(bytes: Buffer, atBoundary: boolean): boolean {
    if (!this.#hasBegun) this.#begin();
    if (this.#options.now !== undefined) this.#lastAt = this.#options.now();
    const direct = this.#direct;
    if (direct === undefined) return this.#share(bytes, atBoundary);
    if (this.#isReplayed) this.#keep(bytes, atBoundary);
    return this.#write(direct, bytes, atBoundary);
  }

  /** The proper end of the source. `isBroken`: its last bytes tell an error. */
  end(isBroken = false): void {
    if (this.#ending !== undefined) return;
    if (!isBroken) this.#options.ended?.(this.#isReplayed ? this.#log.pieces : undefined);
    this.#finish((subscriber) => subscriber.end(isBroken));
  }

  /** The source broke. */
  fail(reason: Reason): void {
    if (this.#ending === undefined) this.#finish((subscriber) => subscriber.fail(reason));
  }

  /** Lets go of everything at once: nobody is told anything. */
  discard(): void {
    this.#ending = () => {};
    for (const feed of this.#feeds.all()) this.#remove(feed);
    this.#dropReplay();
  }

  /** Adds a subscriber, which gets everything from the beginning. `undefined`: too late. */
  subscribe(subscriber: Subscriber<Reason>): Subscription | undefined {
    if (!this.isOpen) return undefined;
    const isFirst = this.#feeds.size === 0 && !this.#hasBegun;
    const feed = new Feed(subscriber, this.#totalBytes);
    const subscription: Subscription = {
      resume: () => this.#resumed(feed),
      unsubscribe: () => this.#left(feed),
    };
    this.#feeds.add(feed);
    if (isFirst) this.#direct = feed;
    else {
      this.#leaveDirect();
      this.#feeds.follow();
      this.#caughtUp(feed);
    }
    return subscription;
  }

  #begin(): void {
    this.#hasBegun = true;
    if (!this.#isReplayed) this.#announceClosed();
  }

  #keep(bytes: Buffer, atBoundary: boolean): void {
    this.#totalBytes += bytes.length;
    if (this.#totalBytes <= this.#options.maxReplayBytes && this.#log.push(bytes, atBoundary, true)) return;
    this.#log.skip();
    this.#dropReplay();
  }

  /** The way of a chunk where none or several read. */
  #share(bytes: Buffer, atBoundary: boolean): boolean {
    if (this.#ending !== undefined) return true;
    this.#totalBytes += bytes.length;
    if (this.#isReplayed && this.#totalBytes > this.#options.maxReplayBytes) this.#dropReplay();
    if (this.#feeds.size === 0 && !this.#isReplayed) return true;
    this.#store(bytes, atBoundary);
    this.#feeds.announce();
    this.#endLaggards();
    this.#trim();
    this.#isPaused = this.#feeds.size > 0 && !this.#feeds.someoneReads();
    return !this.#isPaused;
  }

  /** Where there is no room, first nobody can come any more, then those end who keep most. */
  #store(bytes: Buffer, atBoundary: boolean): void {
    if (this.#log.push(bytes, atBoundary, this.#isReplayed)) return;
    this.#dropReplay();
    while (!this.#log.push(bytes, atBoundary, false)) {
      const last = this.#feeds.furthestBehind();
      if (last !== undefined) {
        this.#endLaggard(last);
        this.#trim();
        continue;
      }
      this.#writeUnkept(bytes, atBoundary);
      return;
    }
  }

  /** Nobody lacks anything: it goes out without being kept, but not to whoever does not read while others do. */
  #writeUnkept(bytes: Buffer, atBoundary: boolean): void {
    const someoneReads = this.#feeds.someoneReads();
    for (const feed of this.#feeds.all()) {
      if (someoneReads && !feed.isReady) this.#endLaggard(feed);
      else {
        feed.next += 1;
        this.#write(feed, bytes, atBoundary);
      }
    }
    this.#log.skip();
  }

  /** Gives a subscriber what it lacks, as far as it reads. */
  #pump(feed: Feed<Reason>): void {
    while (feed.isReady && !feed.isClosed) {
      const bytes = this.#log.at(feed.next);
      if (bytes === undefined) break;
      const atBoundary = this.#log.isBoundary(feed.next);
      feed.next += 1;
      this.#write(feed, bytes, atBoundary);
    }
    // Whoever has everything is told of the end even if it does not read.
    if (this.#ending !== undefined && feed.next === this.#log.end) this.#close(feed, this.#ending);
  }

  #write(feed: Feed<Reason>, bytes: Buffer, atBoundary: boolean): boolean {
    if (feed.isClosed) return true;
    feed.deliveredBytes += bytes.length;
    try {
      feed.isReady = feed.subscriber.chunk(bytes, atBoundary);
    } catch (error) {
      this.#options.faulted(error, feed.subscriber);
      this.#left(feed);
      return true;
    }
    return feed.isReady;
  }

  #resumed(feed: Feed<Reason>): void {
    if (feed.isClosed) return;
    feed.isReady = true;
    if (feed === this.#direct) this.#options.resume();
    else this.#caughtUp(feed);
  }

  /** Pumps, and sets the source going again where that brought someone up to it. */
  #caughtUp(feed: Feed<Reason>): void {
    this.#pump(feed);
    this.#trim();
    this.#maybeDirect();
    if (this.#isPaused && this.#feeds.someoneReads()) {
      this.#isPaused = false;
      this.#options.resume();
    }
  }

  #endLaggards(): void {
    for (const feed of this.#feeds.all()) {
      if (feed.behind(this.#totalBytes) > this.#options.maxQueueBytes) this.#endLaggard(feed);
    }
  }

  #endLaggard(feed: Feed<Reason>): void {
    this.#close(feed, (subscriber) => subscriber.lagged());
  }

  #left(feed: Feed<Reason>): void {
    if (!this.#remove(feed)) return;
    this.#trim();
    this.#maybeDirect();
  }

  #finish(ending: (subscriber: Subscriber<Reason>) => void): void {
    this.#ending = ending;
    this.#leaveDirect();
    this.#isReplayed = false;
    this.#announceClosed();
    for (const feed of this.#feeds.all()) this.#pump(feed);
    this.#trim();
  }

  #close(feed: Feed<Reason>, tell: (subscriber: Subscriber<Reason>) => void): void {
    if (!this.#detach(feed)) return;
    try {
      tell(feed.subscriber);
    } catch (error) {
      this.#options.faulted(error, feed.subscriber);
    }
    this.#tellIfEmpty();
  }

  #remove(feed: Feed<Reason>): boolean {
    if (!this.#detach(feed)) return false;
    this.#tellIfEmpty();
    return true;
  }

  #detach(feed: Feed<Reason>): boolean {
    if (feed.isClosed) return false;
    feed.isClosed = true;
    this.#feeds.delete(feed);
    if (this.#direct === feed) this.#direct = undefined;
    return true;
  }

  /** Only when the last one has been told its own end: whoever stops the source may end all at once. */
  #tellIfEmpty(): void {
    if (this.#feeds.size > 0 || this.#ending !== undefined) return;
    this.#isPaused = false;
    this.#options.emptied();
  }

  #dropReplay(): void {
    this.#isReplayed = false;
    this.#trim();
    this.#announceClosed();
  }

  #announceClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.closed();
  }

  /** Forgets what everyone has and nobody will ask for. */
  #trim(): void {
    if (this.#isReplayed) return;
    this.#log.forget(this.#direct === undefined ? this.#feeds.slowest() : this.#log.end);
  }

  #leaveDirect(): void {
    if (this.#direct === undefined) return;
    this.#direct.next = this.#log.end;
    this.#isPaused = !this.#direct.isReady;
    this.#direct = undefined;
  }

  /** One alone that has everything goes back to the short way. */
  #maybeDirect(): void {
    if (this.#feeds.size !== 1 || this.#direct !== undefined || this.#ending !== undefined) return;
    this.#direct = this.#feeds.unfollow();
  }
}
