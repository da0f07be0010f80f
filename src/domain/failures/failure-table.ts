import type { FailureKind } from './outcome.ts';

/**
 * The table of `docs/failures.md` as data: for each failure whether another candidate can mend it, whom it speaks
 * against, and for how long. One row a kind; `test/domain/failures/failure-table.test.ts` and `test/engine/failures.test.ts`
 * walk it row by row.
 */
export interface FailureRule {
  /** `next`: another candidate may mend it. `same_once`: the same candidate, once, repaired. `none`: nobody can. */
  readonly failover: 'next' | 'same_once' | 'none';
  /** Whom it speaks against. `window`: the pair, or the provider if the stated window says so. */
  readonly blame: 'provider' | 'pair' | 'endpoint' | 'window' | 'nobody';
  /** `counted`: cools at the threshold. `at_once`: cools with the first. `never`: no trace in health. */
  readonly counts: 'counted' | 'at_once' | 'never';
  readonly cooldown: Cooldown;
  /** How sure the cooldown is; decides who is tried first when everyone cools. */
  readonly basis: 'suspicion' | 'certain' | 'window' | 'none';
  /** Failed in passing: worth another round within the hold. */
  readonly passing: boolean;
}

/** `grows`: doubles with each failed trial up to the named limit, ±10 %. */
export type Cooldown =
  | { readonly kind: 'none' }
  | { readonly kind: 'base'; readonly growsTo: 'max' }
  | { readonly kind: 'fixed'; readonly ms: number; readonly growsTo: 'base' | 'max' }
  | { readonly kind: 'window' };

const NONE: Cooldown = { kind: 'none' };
const BASE: Cooldown = { kind: 'base', growsTo: 'max' };

const NOBODY = { blame: 'nobody', counts: 'never', cooldown: NONE, basis: 'none' } as const;
const COUNTS_AGAINST_PROVIDER = {
  blame: 'provider',
  counts: 'counted',
  cooldown: BASE,
  basis: 'suspicion',
} as const;

export const FAILURE_TABLE: Readonly<Record<FailureKind, FailureRule>> = {
  unreachable: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: true },
  offline: { failover: 'next', ...NOBODY, passing: true },
  // Not in the reference: our own `max_connections` was full for `pool_timeout`. Our limit is nobody's fault.
  pool_full: { failover: 'next', ...NOBODY, passing: true },
  reset_reused: { failover: 'same_once', ...NOBODY, passing: true },
  cut_early: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: true },
  stalled: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: false },
  not_an_answer: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: false },
  server_error: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: true },
  overloaded: {
    failover: 'next',
    blame: 'pair',
    counts: 'counted',
    cooldown: { kind: 'fixed', ms: 10_000, growsTo: 'base' },
    basis: 'suspicion',
    passing: true,
  },
  burst_limited: {
    failover: 'next',
    blame: 'pair',
    counts: 'counted',
    cooldown: { kind: 'fixed', ms: 5_000, growsTo: 'base' },
    basis: 'suspicion',
    passing: true,
  },
  rate_limited: {
    failover: 'next',
    blame: 'window',
    counts: 'at_once',
    cooldown: { kind: 'window' },
    basis: 'window',
    passing: false,
  },
  quota: {
    failover: 'next',
    blame: 'provider',
    counts: 'at_once',
    cooldown: BASE,
    basis: 'certain',
    passing: false,
  },
  credentials: {
    failover: 'next',
    blame: 'provider',
    counts: 'at_once',
    cooldown: BASE,
    basis: 'certain',
    passing: false,
  },
  client_credentials: { failover: 'next', ...NOBODY, passing: false },
  model_missing: {
    failover: 'next',
    blame: 'pair',
    counts: 'at_once',
    cooldown: { kind: 'fixed', ms: 600_000, growsTo: 'max' },
    basis: 'certain',
    passing: false,
  },
  endpoint_missing: {
    failover: 'next',
    blame: 'endpoint',
    counts: 'at_once',
    cooldown: { kind: 'fixed', ms: 3_600_000, growsTo: 'max' },
    basis: 'certain',
    passing: false,
  },
  timeout_like: { failover: 'next', ...COUNTS_AGAINST_PROVIDER, passing: false },
  too_large: { failover: 'next', ...NOBODY, passing: false },
  refused: { failover: 'next', ...NOBODY, passing: false },
  foreign_signature: { failover: 'same_once', ...NOBODY, passing: false },
  refused_for_sure: { failover: 'none', ...NOBODY, passing: false },
  cut_late: { failover: 'none', ...COUNTS_AGAINST_PROVIDER, passing: false },
  client_left: { failover: 'none', ...NOBODY, passing: false },
  // Not in the reference: the request's own budget ended while an attempt still had time of its own.
  out_of_time: { failover: 'none', ...NOBODY, passing: false },
  balancer_fault: { failover: 'none', ...NOBODY, passing: false },
};

/** Kinds whose answer is the request's own fault and returns to the client unmodified if nobody mends it. */
export function isRefusal(kind: FailureKind): boolean {
  return (
    kind === 'refused' ||
    kind === 'refused_for_sure' ||
    kind === 'too_large' ||
    kind === 'client_credentials' ||
    kind === 'foreign_signature'
  );
}
