/** Limits of the HTTP layer that no setting changes. Tests hand in smaller ones. */
export interface HttpLimits {
  /** Longest silence between two pieces of a request body, ms. */
  readonly bodyIdleMs: number;
  /** How long we read on, at most, after refusing a request whose body is still coming, ms. */
  readonly lingerMs: number;
  /** Longest silence while reading on, ms. */
  readonly lingerIdleMs: number;
  /** How much we read on, at most, bytes. */
  readonly lingerBytes: number;
  /** How long a stream that is cut may take to flush what was written before, ms. */
  readonly cutFlushMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  // Generous: a laptop that changes networks stalls for half a minute and then goes on.
  bodyIdleMs: 60_000,
  lingerMs: 30_000,
  lingerIdleMs: 5_000,
  lingerBytes: 64 * 1024 * 1024,
  cutFlushMs: 5_000,
};
