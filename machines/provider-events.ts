import type { HealthPolicy, Verdict } from '../src/domain/health.ts';
import type { HealthChange } from '../src/domain/health-changes.ts';
import { ruleOf } from '../src/domain/health-verdict.ts';
import type { Failure } from '../src/domain/outcome.ts';
import {
  type AttemptTarget,
  attemptCommitted,
  attemptSettled,
  attemptStarted,
  type ProviderHealth,
} from '../src/domain/provider-health.ts';
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

export type ProviderEvent =
  | AttemptStarted
  | AttemptCommitted
  | AttemptSettled
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

/** The health after an attempt's verdict; one about a former address or credential changes nothing. */
function settledHealth(context: ProviderContext, event: AttemptSettled): ProviderHealth {
  if (event.revision !== context.revision) return context.health;
  const verdict: Verdict = { ...event, latestSequence: context.latestSequence };
  return attemptSettled(context.health, event.target, verdict, context.policy);
}

/** The health after an attempt has begun. */
export function startedHealth(context: ProviderContext, event: AttemptStarted): ProviderHealth {
  return attemptStarted(context.health, event.target, event.attemptId, event.mode, event.at);
}

function committedHealth(context: ProviderContext, event: AttemptCommitted): ProviderHealth {
  return attemptCommitted(context.health, event.target, event.attemptId);
}

/** The health that an attempt's event leads to. */
export function healthAfter(
  context: ProviderContext,
  event: AttemptStarted | AttemptCommitted | AttemptSettled,
): ProviderHealth {
  switch (event.type) {
    case 'attempt.started':
      return startedHealth(context, event);
    case 'attempt.committed':
      return committedHealth(context, event);
    case 'attempt.settled':
      return settledHealth(context, event);
  }
}

function settledRule({ outcome, mode }: AttemptSettled, change: HealthChange, threshold: number): string {
  if (outcome.kind === 'success') return mode === 'normal' ? 'a success' : 'its trial succeeded';
  const { kind } = outcome;
  const { counts } = ruleOf(outcome);
  if (mode !== 'normal' && counts === 'never') return `its trial ended without fault: ${kind}`;
  if (mode === 'trial')
    return outcome.cutShort === true ? `its trial was cut short: ${kind}` : `its trial failed: ${kind}`;
  if (mode === 'desperate') return `tried while it cools: ${kind}`;
  if (outcome.window !== undefined) return `${kind}: stated window`;
  return counts === 'at_once' ? `${kind}: at once` : `${kind}: counted ${change.failures}/${threshold}`;
}

/** Why a change happened, in words. */
export function ruleText(event: ProviderEvent, change: HealthChange, threshold: number): string {
  switch (event.type) {
    case 'attempt.settled':
      return settledRule(event, change, threshold);
    case 'attempt.committed':
      return 'first content of its trial';
    case 'operator.reset':
      return 'reset by hand';
    case 'settings.changed':
      return 'address or credential changed';
    default:
      return event.type;
  }
}
