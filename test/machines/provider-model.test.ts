import { describe, expect, it } from 'vitest';
import type { SnapshotFrom } from 'xstate';
import { TestModel } from 'xstate/graph';
import { availabilityOf, providerMachine } from '../../machines/provider.ts';
import type { ProviderEvent, ProviderHealthChanged } from '../../machines/provider-events.ts';
import type { AttemptMode } from '../../src/domain/decision/trace.ts';
import type { Outcome } from '../../src/domain/failures/outcome.ts';
import type { Availability } from '../../src/domain/health/availability.ts';
import { healthState } from '../../src/domain/health/health-changes.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, MESSAGES, NO_JITTER, POLICY, SUCCESS } from '../support/health-samples.ts';
import { clockAt, START, type StartedProvider, startProvider } from '../support/provider-actor.ts';
import { WalkedTransitions } from '../support/transitions.ts';

failOnWarnings();

/** Learned or not, the chart goes the same ways: it is no part of what the guards read. */
const PART = { kind: 'field', name: 'context_management', because: 'refused' } as const;

type Snapshot = SnapshotFrom<typeof providerMachine>;
const THRESHOLD = 3;
const MODEL_POLICY = { ...POLICY, unhealthyThreshold: THRESHOLD };

type ModelEvent =
  | ProviderEvent
  | { readonly type: 'xstate.after.cooldown.provider.cooling' }
  | { readonly type: 'xstate.after.quiet.provider.degraded' };

/** Two attempts are enough to walk everywhere: one tries, another one runs beside it. */
const ATTEMPTS = ['one', 'two'] as const;
/** How a request would begin where it finds the provider so. */
const MODES: Readonly<Record<Availability['kind'], readonly AttemptMode[]>> = {
  ready: ['normal'],
  // A request may have looked before another one made the provider cool.
  trial_due: ['trial', 'normal'],
  trial_running: ['desperate'],
  cooling: ['desperate'],
  // Not from a provider's health: a full one gets nobody.
  full: [],
  disabled: [],
};
const ENDS: readonly Outcome[] = [
  SUCCESS,
  failure('server_error'),
  failure('credentials'),
  failure('client_left'),
  failure('stalled', { cutShort: true }),
];

/** Everything that can happen to a provider in this state, at the moment of its last event. */
function eventsIn(snapshot: Snapshot): readonly ModelEvent[] {
  const { at, latestSequence, health, revision } = snapshot.context;
  const modes = MODES[availabilityOf(snapshot, MESSAGES, at).kind];
  const until = health.provider.cooling?.until ?? at;
  const attempts = ATTEMPTS.flatMap((attemptId): ModelEvent[] => [
    ...modes.map(
      (mode): ModelEvent => ({
        type: 'attempt.started',
        attemptId,
        target: MESSAGES,
        mode,
        sequence: latestSequence + 1,
        at,
      }),
    ),
    // The timer of a cooldown is late: the wall clock is past its end already.
    {
      type: 'attempt.started',
      attemptId,
      target: MESSAGES,
      mode: 'trial',
      sequence: latestSequence + 1,
      at: until,
    },
    { type: 'attempt.committed', attemptId, target: MESSAGES, at },
    ...(attemptId === 'one' ? ENDS : ENDS.slice(0, 2)).map(
      (outcome): ModelEvent => ({
        type: 'attempt.settled',
        attemptId,
        requestId: `${attemptId} ${latestSequence}`,
        target: MESSAGES,
        mode:
          health.provider.trial?.attemptId !== attemptId
            ? 'normal'
            : health.provider.trial.desperate
              ? 'desperate'
              : 'trial',
        sequence: latestSequence,
        revision,
        at,
        outcome,
        chance: NO_JITTER,
      }),
    ),
  ]);
  const settings = {
    type: 'settings.changed',
    enabled: true,
    policy: MODEL_POLICY,
    identityChanged: false,
    at,
  } as const;
  return [
    ...attempts,
    settings,
    { ...settings, identityChanged: true },
    { ...settings, enabled: false },
    { type: 'parts.learned', model: MESSAGES.model, parts: [PART], requestId: 'q', revision, at },
    { type: 'operator.forget', at },
    { type: 'operator.cool', at },
    { type: 'operator.reset', at },
    { type: 'operator.disable', at },
    { type: 'operator.enable', at },
    { type: 'provider.retired', at },
    { type: 'xstate.after.cooldown.provider.cooling' },
    { type: 'xstate.after.quiet.provider.degraded' },
  ];
}

/** What the guards read, with times and numbers relative so that the model stays finite. */
function serialize({ value, context }: Snapshot): string {
  const { health, at, inFlight, enabled, disabledByHand, latestSequence } = context;
  const { failures, cooling, trial, lastCounted } = health.provider;
  const pair = health.pairs.get(MESSAGES.model);
  return JSON.stringify({
    value,
    enabled,
    disabledByHand,
    inFlight: inFlight,
    failures: Math.min(failures, THRESHOLD),
    cools: cooling === undefined ? undefined : cooling.until > at,
    trial,
    pair: pair === undefined ? undefined : 'known',
    isOld: lastCounted !== undefined && lastCounted.sequence >= latestSequence,
  });
}

function model() {
  return new TestModel<Snapshot, ModelEvent, unknown>(
    // The time events are xstate's own, unknown to the machine's type of events.
    providerMachine as unknown as ConstructorParameters<typeof TestModel<Snapshot, ModelEvent, unknown>>[0],
    {
      input: { id: 'p', enabled: true, policy: MODEL_POLICY, at: START },
      events: eventsIn,
      serializeState: serialize,
      filterEvents: (snapshot, event) => snapshot.status === 'active' && canHappen(snapshot, event),
      limit: 200_000,
    },
  );
}

/** What the world allows: attempts end only after they began, and time events belong to their state. */
function canHappen(snapshot: Snapshot, event: ModelEvent): boolean {
  const { inFlight, health, enabled, disabledByHand } = snapshot.context;
  const isAway = !enabled || disabledByHand || snapshot.hasTag('leaving');
  switch (event.type) {
    case 'attempt.started':
      return inFlight < 2 && !isAway && event.attemptId !== health.provider.trial?.attemptId;
    case 'attempt.committed':
      return inFlight > 0;
    case 'attempt.settled':
      return inFlight > 0;
    case 'xstate.after.cooldown.provider.cooling':
      return snapshot.matches('cooling');
    case 'xstate.after.quiet.provider.degraded':
      return snapshot.matches('degraded');
    case 'provider.retired':
      // Who is away needn't go again; one attempt under way is as good as two.
      return !isAway && inFlight < 2;
    case 'operator.disable':
      return !disabledByHand && inFlight === 1;
    case 'settings.changed':
      return event.enabled ? inFlight < 2 : !isAway && inFlight === 1;
    default:
      return inFlight < 2;
  }
}

interface Walk {
  readonly events: readonly ModelEvent[];
  /** Where the model ends. */
  readonly expected: Snapshot['value'];
}

/** Every edge of the model, each with the shortest way to where it begins. */
function walks(): Walk[] {
  const edges = model().getAdjacencyMap();
  const start = Object.keys(edges)[0] ?? '';
  const ways = new Map<string, readonly ModelEvent[]>([[start, []]]);
  const found: Walk[] = [];
  // A map is walked in the order in which its keys came: nearest states first.
  for (const [key, way] of ways) {
    for (const { event, state } of Object.values(edges[key as keyof typeof edges]?.transitions ?? {})) {
      const events = [...way, event];
      found.push({ events, expected: state.value });
      const next = serialize(state);
      if (!ways.has(next)) ways.set(next, events);
    }
  }
  return found;
}

/** Lives through a walk on a live actor, whose timers a simulated clock fires. */
function live({ events }: Walk, walked: WalkedTransitions): StartedProvider {
  const provider = startProvider({ policy: MODEL_POLICY }, { clock: clockAt(), walked });
  const { actor, clock } = provider;
  for (const event of events) {
    if (event.type === 'xstate.after.cooldown.provider.cooling') {
      const { health, at } = actor.getSnapshot().context;
      // After a late start the wall clock is ahead of the timers, after a quiet time behind them.
      clock.increment((health.provider.cooling?.until ?? at) - Math.min(at, clock.now()));
    } else if (event.type === 'xstate.after.quiet.provider.degraded') {
      clock.increment(MODEL_POLICY.unhealthyResetTimeoutMs);
    } else {
      actor.send(event);
    }
  }
  return provider;
}

/** The state that the health of a provider speaks of; nothing where another reason rules (off, retired, a late timer). */
function stateOfHealth({ value, context }: Snapshot): string | undefined {
  const { cooling } = context.health.provider;
  if (value === 'disabled' || value === 'retiring' || value === 'retired') return undefined;
  if (value === 'cooling' && cooling !== undefined && cooling.until <= context.at) return undefined;
  return healthState(context.health.provider, context.at);
}

function hasCause(change: ProviderHealthChanged): boolean {
  if (change.rule === '' || /^(attempt|operator|settings)\./.test(change.rule)) return false;
  return change.failure === undefined || (change.attemptId !== undefined && change.requestId !== undefined);
}

describe('the chart of a provider, walked along every edge of its model', () => {
  const walked = new WalkedTransitions();
  const lived = walks().map((walk) => ({ walk, provider: live(walk, walked) }));

  it('ends every walk where the model does', () => {
    expect(lived.length).toBeGreaterThan(500);
    const astray = lived.filter(
      ({ walk, provider }) => JSON.stringify(provider.state()) !== JSON.stringify(walk.expected),
    );
    expect(astray.map(({ walk }) => walk)).toEqual([]);
  });

  it('is always in the state that its health speaks of', () => {
    const torn = lived.filter(({ provider }) => {
      const snapshot = provider.actor.getSnapshot();
      const state = stateOfHealth(snapshot);
      return state !== undefined && !snapshot.matches(state as 'healthy' | 'degraded' | 'cooling' | 'trial');
    });
    expect(torn.map(({ walk }) => walk)).toEqual([]);
  });

  it('tells every change of health with its cause', () => {
    const changes = lived.flatMap(({ provider }) => provider.emitted);
    expect(changes.length).toBeGreaterThan(500);
    expect(changes.filter((change) => !hasCause(change))).toEqual([]);
  });

  it('leaves no transition out', () => {
    expect(walked.missing(providerMachine)).toEqual([]);
  });
});
