import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Fingerprint } from '../domain/fingerprint.ts';

/** An answer that is whole and good. */
export interface StoredAnswer {
  readonly status: number;
  /** Flat list, without what belongs to one request. */
  readonly headers: readonly string[];
  readonly form: 'stream' | 'message';
  readonly body: Buffer;
  readonly provider: string;
  readonly model: string;
  /** It ended because it had reached the `max_tokens` of its request. */
  readonly stoppedAtLimit: boolean;
  /** `max_tokens` of the request that it answers. */
  readonly maxTokens: number | undefined;
}

export interface CacheHit {
  readonly answer: StoredAnswer;
  readonly ageMs: number;
}

/** How much is kept, and how often it was of use since the start. */
export interface CacheUse {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Answers kept for the next equal request, for a time; those used longest ago leave first. */
export interface ResponseCache {
  /** `fits`: whether this request may have that answer. */
  get(fingerprint: Fingerprint, fits: (answer: StoredAnswer) => boolean): CacheHit | undefined;
  /**
   * A place for the answer to this request, which will be kept so long from then on. What is put there replaces the answer
   * to an older request, not to a newer one; an answer too large for the cache is not kept. The place holds no byte of the
   * request.
   */
  place(fingerprint: Fingerprint, ttlMs: number): (answer: StoredAnswer) => void;
  use(): CacheUse;
  /** Forgets what is too old, or with `all` everything; gives how many. */
  clear(all: boolean): number;
  /** Takes new limits; what does not fit any more leaves. */
  limit(limits: CacheLimits): void;
}

interface Entry {
  readonly answer: StoredAnswer;
  readonly storedAt: number;
  readonly ttlMs: number;
  /** Which request it answers, counted. */
  readonly count: number;
}

/** What an entry costs beside its body, bytes. */
const ENTRY_BYTES = 512;

/** @param now wall clock, ms. */
export function createResponseCache(limits: CacheLimits, now: () => number): ResponseCache {
  return new Cache(limits, now);
}

class Cache implements ResponseCache {
  readonly #now: () => number;
  #limits: CacheLimits;
  #entries: LRUCache<string, Entry>;
  #hits = 0;
  #misses = 0;
  #places = 0;

  constructor(limits: CacheLimits, now: () => number) {
    this.#now = now;
    this.#limits = limits;
    this.#entries = emptyCache(limits);
  }

  get(fingerprint: Fingerprint, fits: (answer: StoredAnswer) => boolean): CacheHit | undefined {
    // Most often there is nothing: then no byte of the body is looked at.
    if (this.#entries.size === 0) return this.#missed();
    const digest = digestOf(fingerprint);
    const entry = this.#entries.get(digest);
    if (entry === undefined) return this.#missed();
    if (this.#isOld(entry)) {
      this.#entries.delete(digest);
      return this.#missed();
    }
    if (!fits(entry.answer)) return this.#missed();
    this.#hits += 1;
    return { answer: entry.answer, ageMs: Math.max(0, this.#now() - entry.storedAt) };
  }

  place(fingerprint: Fingerprint, ttlMs: number): (answer: StoredAnswer) => void {
    const digest = digestOf(fingerprint);
    this.#places += 1;
    const count = this.#places;
    return (answer) => {
      const present = this.#entries.peek(digest);
      if (present !== undefined && present.count > count && !this.#isOld(present)) return;
      this.#entries.set(digest, { answer, storedAt: this.#now(), ttlMs, count });
    };
  }

  use(): CacheUse {
    const { size: entries, calculatedSize: bytes } = this.#entries;
    return { entries, bytes, hits: this.#hits, misses: this.#misses };
  }

  clear(all: boolean): number {
    const before = this.#entries.size;
    if (all) this.#entries.clear();
    else {
      for (const digest of [...this.#entries.keys()]) {
        const entry = this.#entries.peek(digest);
        if (entry !== undefined && this.#isOld(entry)) this.#entries.delete(digest);
      }
    }
    return before - this.#entries.size;
  }

  limit(limits: CacheLimits): void {
    if (limits.maxEntries === this.#limits.maxEntries && limits.maxBytes === this.#limits.maxBytes) return;
    const before = this.#entries;
    this.#limits = limits;
    this.#entries = emptyCache(limits);
    // From the one used longest ago, so that the order stays.
    for (const digest of before.rkeys()) {
      const entry = before.peek(digest);
      if (entry !== undefined) this.#entries.set(digest, entry);
    }
  }

  /** Set back, the clock makes nothing live longer. */
  #isOld({ storedAt, ttlMs }: Entry): boolean {
    const ageMs = this.#now() - storedAt;
    return ageMs >= ttlMs || ageMs < 0;
  }

  #missed(): undefined {
    this.#misses += 1;
    return undefined;
  }
}

function emptyCache({ maxEntries, maxBytes }: CacheLimits): LRUCache<string, Entry> {
  return new LRUCache({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ answer }) => answer.body.length + ENTRY_BYTES,
  });
}

/** Hashes the body too: an answer is kept without the request that it answers. */
function digestOf({ key, body, parts }: Fingerprint): string {
  const hash = createHash('sha256').update(key);
  for (const { start, end } of parts) hash.update(`\n${end - start}:`).update(body.subarray(start, end));
  return hash.digest('base64');
}
