import { type Fingerprint, isSameRequest } from '../domain/fingerprint.ts';
import { LiveTable } from '../domain/live-table.ts';

/** Exchanges in flight by what they answer. */
export interface LiveExchanges<Exchange> {
  /** The newest exchange for the same request that `joinable` wants. */
  find(fingerprint: Fingerprint, joinable: (exchange: Exchange) => boolean): Exchange | undefined;
  /** The function it gives takes it out again. */
  add(fingerprint: Fingerprint, exchange: Exchange): () => void;
  readonly size: number;
  all(): readonly Exchange[];
}

interface Entry<Exchange> {
  readonly fingerprint: Fingerprint;
  readonly exchange: Exchange;
}

/** A bucket for each key; within it bytes are compared. */
export function createLiveExchanges<Exchange>(): LiveExchanges<Exchange> {
  const buckets = new LiveTable<Entry<Exchange>[]>();
  let size = 0;
  return {
    find(fingerprint, joinable) {
      const found = buckets
        .get(fingerprint.key)
        ?.findLast((entry) => joinable(entry.exchange) && isSameRequest(entry.fingerprint, fingerprint));
      return found?.exchange;
    },
    add(fingerprint, exchange) {
      const { key } = fingerprint;
      const entry = { fingerprint, exchange };
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, [entry]);
      else bucket.push(entry);
      size += 1;
      return () => {
        const present = buckets.get(key);
        const at = present?.indexOf(entry) ?? -1;
        if (present === undefined || at === -1) return;
        size -= 1;
        present.splice(at, 1);
        if (present.length === 0) buckets.delete(key);
      };
    },
    get size() {
      return size;
    },
    all: () => buckets.values().flatMap((bucket) => bucket.map(({ exchange }) => exchange)),
  };
}
