import type { HealthPolicy, Verdict } from '../src/domain/health.ts';
import type { HealthChange } from '../src/domain/health-changes.ts';
import type { Failure } from '../src/domain/outcome.ts';
import type { AttemptTarget, ProviderHealth } from '../src/domain/provider-health.ts';
import type { AttemptMode } from '../src/domain/trace.ts';

export interface ProviderInput {
  readonly id: string;
  readonly enabled: boolean;
  readonly policy: HealthPolicy;
  /** Wall clock at the start, ms. */
  readonly at: number;
  /** What was kept over a restart. */
  readonly health?: ProviderHealth;
  readonly disabledByHand?: boolean;
}

export interface ProviderContext {
  readonly id: string;
  readonly enabled: boolean;
  readonly disabledByHand: boolean;
  readonly policy: HealthPolicy;
  readonly health: ProviderHealth;
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

export type ProviderEvent =
  | AttemptEvent
  | {
      readonly type: 'settings.changed';
      readonly enabled: boolean;
      readonly policy: HealthPolicy;
      /** Address or credential are others now: what was known of the old one is forgotten. */
      readonly identityChanged: boolean;
      readonly at: number;
    }
  | { readonly type: 'operator.reset'; readonly at: number }
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
