import type { Subscription as LiveSubscription } from 'rxjs';
// By its own path, which the package exports: the whole of it takes 80 ms of a start (measured).
import { Subject } from 'rxjs/internal/Subject';
import type { ChunkLog } from './chunk-log.ts';
import type { Feed } from './feed.ts';

/** All subscribers of a broadcast: who follows the shared log, and how far each has come in it. */
export class FeedSet<Reason> {
  readonly #log: ChunkLog;
  readonly #pump: (feed: Feed<Reason>) => void;
  readonly #feeds = new Map<Feed<Reason>, LiveSubscription | undefined>();
  /** Tells those that follow that the log has grown. */
  #grown: Subject<void> | undefined;

  /** `pump`: gives a subscriber what it lacks of `log`. */
  constructor(log: ChunkLog, pump: (feed: Feed<Reason>) => void) {
    this.#log = log;
    this.#pump = pump;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** Those that are there now. */
  all(): Feed<Reason>[] {
    return [...this.#feeds.keys()];
  }

  add(feed: Feed<Reason>): void {
    this.#feeds.set(feed, undefined);
  }

  delete(feed: Feed<Reason>): void {
    this.#feeds.get(feed)?.unsubscribe();
    this.#feeds.delete(feed);
  }

  /** From now on all of them are pumped when the log has grown. */
  follow(): void {
    for (const [feed, following] of this.#feeds) {
      if (following !== undefined) continue;
      this.#grown ??= new Subject<void>();
      this.#feeds.set(
        feed,
        this.#grown.subscribe(() => this.#pump(feed)),
      );
    }
  }

  /** The log has grown. */
  announce(): void {
    this.#grown?.next();
  }

  /** The only one follows no more, if it has everything; otherwise undefined. */
  unfollow(): Feed<Reason> | undefined {
    for (const [feed, following] of this.#feeds) {
      if (feed.next !== this.#log.end) return undefined;
      following?.unsubscribe();
      this.#feeds.set(feed, undefined);
      this.#grown = undefined;
      return feed;
    }
    return undefined;
  }

  /** Whether one of them reads and has everything. */
  someoneReads(): boolean {
    for (const feed of this.#feeds.keys()) {
      if (feed.isReady && feed.next === this.#log.end) return true;
    }
    return false;
  }

  /** Of those that lack something, the one that lacks most. */
  furthestBehind(): Feed<Reason> | undefined {
    let last: Feed<Reason> | undefined;
    for (const feed of this.#feeds.keys()) {
      if (feed.next < this.#log.end && (last === undefined || feed.next < last.next)) last = feed;
    }
    return last;
  }

  /** Count of the first chunk that one of them lacks. */
  slowest(): number {
    let slowest = this.#log.end;
    for (const feed of this.#feeds.keys()) slowest = Math.min(slowest, feed.next);
    return slowest;
  }
}
