import type { AttemptMode } from '../src/domain/decision/trace.ts';
import type { Failure } from '../src/domain/failures/outcome.ts';
import type { HealthPolicy, Verdict } from '../src/domain/health/health.ts';
import type { HealthChange } from '../src/domain/health/health-changes.ts';
import type { AttemptTarget, ProviderHealth } from '../src/domain/health/provider-health.ts';
import type { LearnedParts } from '../src/domain/learning/learned-parts.ts';
import type { UnknownPart } from '../src/domain/learning/unknown-part.ts';

export interface ProviderInput {
  readonly id: string;
  readonly enabled: boolean;
  readonly policy: HealthPolicy;
  /** Wall clock at the start, ms. */
  readonly at: number;
  /** What was kept over a restart. */
  readonly health?: ProviderHealth;
  readonly learned?: LearnedParts;
  readonly disabledByHand?: boolean;
}

export interface ProviderContext {
  readonly id: string;
  readonly enabled: boolean;
  readonly disabledByHand: boolean;
  readonly policy: HealthPolicy;
  readonly health: ProviderHealth;
  /** What it was found not to know. No part of its health. */
  readonly learned: LearnedParts;
  /** Rises when address or credential change: verdicts about the old one no longer count. */
  readonly revision: number;
  readonly inFlight: number;
  /** The newest attempt started here. */
  readonly latestSequence: number;
  /** Wall clock of the last event, ms: what delays are reckoned from. */
  readonly at: number;
}

export interface AttemptStarted {
  readonly type: 'attempt.started';
  readonly attemptId: string;
  readonly target: AttemptTarget;
  readonly mode: AttemptMode;
  readonly sequence: number;
  readonly at: number;
}

export interface AttemptCommitted {
  readonly type: 'attempt.committed';
  readonly attemptId: string;
  readonly target: AttemptTarget;
  readonly at: number;
}

/** The one verdict of an attempt, at its end. */
export interface AttemptSettled extends Omit<Verdict, 'latestSequence'> {
  readonly type: 'attempt.settled';
  readonly target: AttemptTarget;
  /** The provider's revision when the attempt began. */
  readonly revision: number;
}

export type AttemptEvent = AttemptStarted | AttemptCommitted | AttemptSettled;

/** A request went well without what it had been refused for. */
export interface PartsLearned {
  readonly type: 'parts.learned';
  readonly model: string;
  readonly parts: readonly UnknownPart[];
  readonly requestId: string;
  /** The provider's revision when the attempt began. */
  readonly revision: number;
  readonly at: number;
}

export type ProviderEvent =
  | AttemptEvent
  | PartsLearned
  | {
      readonly type: 'settings.changed';
      readonly enabled: boolean;
      readonly policy: HealthPolicy;
      /** Address or credential are others now: what was known of the old one is forgotten. */
      readonly identityChanged: boolean;
      readonly at: number;
    }
  | { readonly type: 'operator.reset'; readonly at: number }
  /** It cools from now on, whatever is known of it. */
  | { readonly type: 'operator.cool'; readonly at: number }
  /** Forgets what was learned; health stays. */
  | { readonly type: 'operator.forget'; readonly at: number }
  | { readonly type: 'operator.disable'; readonly at: number }
  | { readonly type: 'operator.enable'; readonly at: number }
  | { readonly type: 'provider.retired'; readonly at: number };

/** A visible change of health, with its cause. */
export interface ProviderHealthChanged extends HealthChange {
  readonly type: 'health.changed';
  readonly provider: string;
  readonly rule: string;
  readonly failure?: Failure;
  readonly requestId?: string;
  readonly attemptId?: string;
}

/** Something new was learned: only the parts that were not known before. */
export interface ProviderLearned {
  readonly type: 'provider.learned';
  readonly provider: string;
  readonly model: string;
  readonly parts: readonly UnknownPart[];
  readonly requestId: string;
}
