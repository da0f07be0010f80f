import type { Outcome, Usage } from '../failures/outcome.ts';
import type { Availability } from '../health/availability.ts';
import type { UnknownPart } from '../learning/unknown-part.ts';
import type { Candidate } from '../routing/candidate.ts';

/**
 * What one request decided and why: small, typed, without content. The log writes it as one line, the inspector
 * shows it whole.
 */
export interface RequestTrace {
  readonly decisions: readonly DecisionTrace[];
  readonly attempts: readonly AttemptTrace[];
  /** How long it waited in all for a provider to come back or to have room, ms; absent if it did not. */
  readonly waitedMs?: number;
}

/** One look at the candidates. */
export interface DecisionTrace {
  /** Wall clock, ms. */
  readonly at: number;
  readonly round: number;
  readonly verdict: 'try' | 'wait' | 'give_up';
  /** In order of preference, as they stood. Empty if nothing changed since the last decision. */
  readonly considered: readonly ConsideredCandidate[];
  /** What made the choice, in words: "affinity", "priority", "trial", "everyone cools". */
  readonly reason: string;
}

export interface ConsideredCandidate {
  readonly candidate: Candidate;
  readonly availability: Availability;
  readonly tried: boolean;
}

/** How the same candidate is tried once more: on a connection of its own, or without the foreign thinking blocks. */
export type Repair = 'fresh_connection' | 'without_thinking';

export interface AttemptTrace {
  /** 1, 2, 3 … within the request. */
  readonly number: number;
  readonly candidate: Candidate;
  readonly mode: AttemptMode;
  /** The same candidate once more, repaired. */
  readonly repair?: Repair;
  /** The same candidate once more, without what it refused as unknown. */
  readonly without?: readonly UnknownPart[];
  readonly round: number;
  /** All wall clock, ms. */
  readonly startedAt: number;
  readonly committedAt?: number;
  readonly endedAt?: number;
  readonly outcome?: Outcome;
  readonly usage?: Usage;
}

/** `trial`: the one request that tries a provider after its cooldown. `desperate`: tried although it cools, for want of others. */
export type AttemptMode = 'normal' | 'trial' | 'desperate';
