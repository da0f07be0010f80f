import type { Availability } from '../health/availability.ts';
import type { UnknownPart } from '../learning/unknown-part.ts';
import type { Candidate } from '../routing/candidate.ts';
import type { ResilienceSettings } from '../settings/settings.ts';
import type { AttemptMode, Repair } from './trace.ts';

/** What a request does next. Pure: the request's machine asks, the answer is a value. */
export type Decision =
  | {
      readonly kind: 'try';
      readonly candidate: Candidate;
      readonly mode: AttemptMode;
      /** The same candidate again. */
      readonly repair?: Repair;
      /** The same candidate again, without what it refused as unknown so far. */
      readonly without?: readonly UnknownPart[];
      /** A trial of a stream while another candidate is left: it gets only the short time to its start. */
      readonly hurried: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: 'wait';
      /** At most so long, ms; a change of some provider's health ends it sooner. */
      readonly forMs: number;
      /** All candidates may be tried again afterwards. */
      readonly newRound: boolean;
      /** Providers that are full: it stands in line for a slot of each, and the first one ends the wait. */
      readonly room?: readonly string[];
      readonly reason: string;
    }
  /** The answer of this attempt (1, 2, …) goes back as it is. */
  | { readonly kind: 'refuse'; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly reason: string };

export interface DecisionPolicy {
  readonly stream: boolean;
  /** How long a request may wait in all for someone to come back, ms. */
  readonly holdMs: number;
  /** Attempts after the first round. */
  readonly maxAttempts: number;
  readonly failoverBelowThreshold: boolean;
  /** A side request (count_tokens) neither waits nor tries those that cool: it has a local answer. */
  readonly patient: boolean;
}

/** What the settings come to. Beside a message everything is a side request: it neither waits nor goes round again. */
export function decisionPolicy(
  { holdWhileCoolingMs, maxAttempts, failoverBelowThreshold }: ResilienceSettings,
  { endpoint, stream }: { readonly endpoint: 'messages' | 'count_tokens'; readonly stream: boolean },
): DecisionPolicy {
  const isSide = endpoint !== 'messages';
  return {
    stream,
    holdMs: isSide ? 0 : holdWhileCoolingMs,
    maxAttempts: isSide ? 0 : maxAttempts,
    failoverBelowThreshold: isSide || failoverBelowThreshold,
    patient: !isSide,
  };
}

/** One candidate as it stands now. */
export interface Standing {
  readonly candidate: Candidate;
  readonly availability: Availability;
}
