import type { Verdict } from '../src/domain/health/health.ts';
import { type HealthState, healthState } from '../src/domain/health/health-changes.ts';
import {
  attemptCommitted,
  attemptSettled,
  attemptStarted,
  type ProviderHealth,
} from '../src/domain/health/provider-health.ts';
import { MAX_TIMER_MS } from '../src/domain/time.ts';
import type {
  AttemptCommitted,
  AttemptEvent,
  AttemptSettled,
  AttemptStarted,
  ProviderContext,
  ProviderEvent,
} from './provider-events.ts';

/** An attempt's beginning, commit or end. */
export function isAttemptEvent(event: ProviderEvent): event is AttemptEvent {
  return 'attemptId' in event;
}

/** The health after an attempt's verdict; one about a former address or credential changes nothing. */
function settledHealth(context: ProviderContext, event: AttemptSettled): ProviderHealth {
  if (event.revision !== context.revision) return context.health;
  const verdict: Verdict = { latestSequence: context.latestSequence, ...event };
  return attemptSettled(context.health, event.target, verdict, context.policy);
}

/** The health after an attempt has begun. */
function startedHealth(context: ProviderContext, event: AttemptStarted): ProviderHealth {
  return attemptStarted(context.health, event.target, event.attemptId, event.mode, event.at);
}

function committedHealth(context: ProviderContext, event: AttemptCommitted): ProviderHealth {
  return attemptCommitted(context.health, event.target, event.attemptId);
}

/** The health that an attempt's event leads to. */
function healthAfter(context: ProviderContext, event: AttemptEvent): ProviderHealth {
  switch (event.type) {
    case 'attempt.started':
      return startedHealth(context, event);
    case 'attempt.committed':
      return committedHealth(context, event);
    case 'attempt.settled':
      return settledHealth(context, event);
  }
}

/** What the context becomes by an attempt's event. */
export function recorded(context: ProviderContext, event: AttemptEvent) {
  return {
    health: healthAfter(context, event),
    at: event.at,
    latestSequence:
      'sequence' in event ? Math.max(context.latestSequence, event.sequence) : context.latestSequence,
    inFlight: inFlightAfter(context.inFlight, event),
  };
}

function inFlightAfter(inFlight: number, event: AttemptEvent): number {
  if (event.type === 'attempt.committed') return inFlight;
  return event.type === 'attempt.started' ? inFlight + 1 : Math.max(0, inFlight - 1);
}

/** The provider's state as its last event left it. */
export function stateOf(context: ProviderContext): HealthState {
  return healthState(context.health.provider, context.at);
}

/** Whether this event leaves the provider in `state`. */
export function becomes(context: ProviderContext, event: ProviderEvent, state: HealthState): boolean {
  return isAttemptEvent(event) && healthState(healthAfter(context, event).provider, event.at) === state;
}

/** Whether an attempt's event leaves health as it is. */
export function changesNothing(context: ProviderContext, event: ProviderEvent): boolean {
  return isAttemptEvent(event) && healthAfter(context, event) === context.health;
}

/** Whether the attempt that begins is the provider's trial. */
export function claims(context: ProviderContext, event: ProviderEvent): boolean {
  return (
    event.type === 'attempt.started' &&
    startedHealth(context, event).provider.trial?.attemptId === event.attemptId &&
    becomes(context, event, 'trial')
  );
}

/** Whether a trial ends without having decided anything: the next request is one. */
export function handsOver(context: ProviderContext, event: ProviderEvent): boolean {
  return (
    becomes(context, event, 'trial') &&
    isAttemptEvent(event) &&
    healthAfter(context, event).provider.trial === undefined
  );
}

/** Whether a verdict changes the cooldown that runs. */
export function movesCooldown(context: ProviderContext, event: ProviderEvent): boolean {
  return (
    becomes(context, event, 'cooling') &&
    isAttemptEvent(event) &&
    healthAfter(context, event).provider.cooling !== context.health.provider.cooling
  );
}

/** Whether one more failure is counted below the threshold. */
export function countsAgain(context: ProviderContext, event: ProviderEvent): boolean {
  return (
    becomes(context, event, 'degraded') &&
    isAttemptEvent(event) &&
    healthAfter(context, event).provider.failures !== context.health.provider.failures
  );
}

/** What is left of the cooldown since the last event, ms. */
export function cooldownLeftMs({ health, at }: ProviderContext): number {
  return timerMs((health.provider.cooling?.until ?? 0) - at);
}

/** What is left, since the last event, of the quiet after which counted failures are forgotten, ms. */
export function quietLeftMs({ health, policy, at }: ProviderContext): number {
  const lastAt = health.provider.lastCounted?.at ?? at;
  return timerMs(lastAt + policy.unhealthyResetTimeoutMs - at);
}

function timerMs(ms: number): number {
  return Math.min(MAX_TIMER_MS, Math.max(0, ms));
}
