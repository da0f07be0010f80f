import type { OutcomeKind } from '../failures/outcome.ts';

/** A provider at which as many attempts are in flight as `max_concurrent` allows. */
export interface Full {
  readonly inFlight: number;
  readonly limit: number;
}

/**
 * What a candidate's health and its provider's load say at one moment. Read by selection, shown by `/providers`.
 * `basis` tells why it cools: on counted failures, for sure (quota, credentials, missing model), or in a stated window.
 */
export type Availability =
  | { readonly kind: 'ready' }
  /** Its cooldown is over and nobody tries it yet: the next suitable request is its trial. */
  | {
      readonly kind: 'trial_due';
      /** An earlier trial was cut short lately: this one gets its full times (slow is not dead). */
      readonly unhurried?: boolean;
    }
  /** Another request is its trial (or its one try while everyone cools). */
  | {
      readonly kind: 'trial_running';
      /** It cools still and is tried for want of others: one at a time. */
      readonly desperate?: boolean;
      /** Its provider has no room either. */
      readonly full?: Full;
    }
  /** All is well with it, but as much is in flight at its provider as `max_concurrent` allows: it is passed over. */
  | ({ readonly kind: 'full' } & Full)
  | {
      readonly kind: 'cooling';
      /** Wall clock, ms. */
      readonly until: number;
      readonly basis: 'suspicion' | 'certain' | 'window';
      readonly cause: OutcomeKind | 'by_hand';
      /** When a request last tried it in spite of the cooldown, wall clock ms. */
      readonly lastTryAt?: number;
      /** Its provider has no room either. */
      readonly full?: Full;
    }
  | { readonly kind: 'disabled' };
