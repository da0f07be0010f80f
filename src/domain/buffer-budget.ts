/**
 * Bounds the bytes that the balancer holds at one moment: request bodies and held answers together
 * (`settings.max_buffered_bytes`). It counts; it owns no memory.
 */
export interface BufferBudget {
  /** Books `bytes`, or books nothing and gives `false` if that would exceed the limit. */
  acquire(bytes: number): boolean;
  /** Whether `bytes` could be booked now. */
  fits(bytes: number): boolean;
  /** Gives back what `acquire` booked. Never goes below zero. */
  release(bytes: number): void;
  /** Bytes booked now. */
  used(): number;
}

/** A budget whose limit, in bytes, may change with the configuration: what is booked stays booked. */
export function createBufferBudget(limitBytes: () => number): BufferBudget {
  let used = 0;
  const fits = (bytes: number): boolean => used + bytes <= limitBytes();
  return {
    fits,
    acquire(bytes) {
      if (!fits(bytes)) return false;
      used += bytes;
      return true;
    },
    release(bytes) {
      used = Math.max(0, used - bytes);
    },
    used: () => used,
  };
}
