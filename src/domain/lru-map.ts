/**
 * A map that never holds more than `limit` entries: a new key displaces those that were used longest ago, in a large map a few at
 * once. To find the oldest, a `Map` passes over everything that was deleted before it.
 * For whatever is kept under names that a client chooses.
 */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #limit: number;
  /** So many leave together. */
  readonly #leaving: number;
  /** The key that stands last. Whoever is asked for again and again keeps its place: a `Map` is rebuilt every few moves. */
  #latest: Key | undefined;

  /** @param limit largest number of entries; below 1 nothing is kept. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#leaving = Math.max(1, Math.floor(limit / 100));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, and its key counts as just used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#append(key, value);
    return value;
  }

  /** Forgets every entry that `keep` does not want; gives how many those were. Nothing counts as used by it. */
  prune(keep: (value: Value, key: Key) => boolean): number {
    let removed = 0;
    for (const [key, value] of this.#entries) {
      if (keep(value, key)) continue;
      this.#entries.delete(key);
      removed += 1;
    }
    return removed;
  }

  /** Stores, as just used; the oldest keys leave if there are too many. */
  set(key: Key, value: Value): void {
    this.#append(key, value);
    if (this.#entries.size <= this.#limit) return;
    let left = this.#leaving;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      left -= 1;
      if (left === 0) return;
    }
  }

  #append(key: Key, value: Value): void {
    if (key !== this.#latest) this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#latest = key;
  }
}
