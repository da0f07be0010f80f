import { type ActorRefFrom, assertEvent, assign, enqueueActions, type SnapshotFrom, setup } from 'xstate';
import type { Availability } from '../src/domain/health/availability.ts';
import { cooledByHand, healed } from '../src/domain/health/health.ts';
import {
  type AttemptTarget,
  candidateAvailability,
  HEALTHY_PROVIDER,
} from '../src/domain/health/provider-health.ts';
import { NOTHING_LEARNED } from '../src/domain/learning/learned-parts.ts';
import {
  attemptChanges,
  cooledChanges,
  forgottenChanges,
  quietHealed,
  trialDue,
} from './provider-changes.ts';
import type {
  ProviderContext,
  ProviderEvent,
  ProviderHealthChanged,
  ProviderInput,
  ProviderLearned,
} from './provider-events.ts';
import { learning } from './provider-learning.ts';
import {
  becomes,
  changesNothing,
  claims,
  cooldownLeftMs,
  countsAgain,
  handsOver,
  isAttemptEvent,
  movesCooldown,
  quietLeftMs,
  recorded,
  stateOf,
} from './provider-rules.ts';

/**
 * One provider's health as a chart: healthy → degraded → cooling → trial → healthy. The rules are pure functions of
 * `src/domain`; the chart says what happens when. Time and chance come with the events.
 */

export type ProviderRef = ActorRefFrom<typeof providerMachine>;
export type ProviderSnapshot = SnapshotFrom<typeof providerMachine>;

/** What a provider's snapshot allows for a target at `now`. Read by selection; costs nanoseconds. */
export function availabilityOf(snapshot: ProviderSnapshot, target: AttemptTarget, now: number): Availability {
  const { context } = snapshot;
  if (isDisabled(context) || snapshot.hasTag('leaving')) return { kind: 'disabled' };
  return candidateAvailability(context.health, target, now);
}

function isDisabled(context: Pick<ProviderContext, 'enabled' | 'disabledByHand'>): boolean {
  return !context.enabled || context.disabledByHand;
}

const providerSetup = setup({
  types: {
    input: {} as ProviderInput,
    context: {} as ProviderContext,
    events: {} as ProviderEvent,
    emitted: {} as ProviderHealthChanged | ProviderLearned,
    tags: {} as 'leaving',
  },
  actions: {
    takeSettings: assign(({ context, event }) => {
      assertEvent(event, 'settings.changed');
      const { enabled, policy, at, identityChanged } = event;
      return { enabled, policy, at, revision: context.revision + (identityChanged ? 1 : 0) };
    }),
    forgetLearned: assign(({ event }) =>
      event.type === 'settings.changed' && !event.identityChanged ? {} : { learned: NOTHING_LEARNED },
    ),
    switchOff: assign({ disabledByHand: true }),
    switchOn: assign({ disabledByHand: false }),
    keepTime: assign(({ event }) => ('at' in event ? { at: event.at } : {})),
    /** Records an attempt's event that changes nothing visible: there is nothing to tell. */
    note: assign(({ context, event }) => (isAttemptEvent(event) ? recorded(context, event) : {})),
  },
  guards: {
    changesNothing: ({ context, event }) => changesNothing(context, event),
    isDisabled: ({ context }) => isDisabled(context),
    isCooling: ({ context }) => stateOf(context) === 'cooling',
    isOnTrial: ({ context }) => stateOf(context) === 'trial',
    isDegraded: ({ context }) => stateOf(context) === 'degraded',
    trips: ({ context, event }) => becomes(context, event, 'cooling'),
    leavesDoubt: ({ context, event }) => becomes(context, event, 'degraded'),
    heals: ({ context, event }) => becomes(context, event, 'healthy'),
    claims: ({ context, event }) => claims(context, event),
    handsOver: ({ context, event }) => handsOver(context, event),
    movesCooldown: ({ context, event }) => movesCooldown(context, event),
    countsAgain: ({ context, event }) => countsAgain(context, event),
    isClaimed: ({ context }) => context.health.provider.trial !== undefined,
    identityChanged: ({ event }) => event.type === 'settings.changed' && event.identityChanged,
    noneInFlight: ({ context }) => context.inFlight === 0,
    quietClears: ({ context }) =>
      context.policy.unhealthyResetTimeoutMs > 0 && context.health.provider.cooling === undefined,
  },
  delays: {
    cooldown: ({ context }) => cooldownLeftMs(context),
    quiet: ({ context }) => quietLeftMs(context),
  },
});

/** Records what an attempt's event does to health, and tells every visible change with its cause. */
const record = providerSetup.createAction(
  enqueueActions(({ context, event, enqueue }) => {
    if (!isAttemptEvent(event)) return;
    const facts = recorded(context, event);
    enqueue.assign(facts);
    for (const change of attemptChanges(context, event, facts.health)) enqueue.emit(change);
  }),
);

/** Has it cool because an operator says so. */
const coolByHand = providerSetup.createAction(
  enqueueActions(({ context, event, enqueue }) => {
    const at = 'at' in event ? event.at : context.at;
    const health = { ...context.health, provider: cooledByHand(context.health.provider, at, context.policy) };
    enqueue.assign({ health, at });
    for (const change of cooledChanges(context, health, at)) enqueue.emit(change);
  }),
);

/** Forgets everything: by hand, or because another address or credential stands behind the name now. */
const forget = providerSetup.createAction(
  enqueueActions(({ context, event, enqueue }) => {
    if (event.type === 'settings.changed' && !event.identityChanged) return;
    const at = 'at' in event ? event.at : context.at;
    enqueue.assign({ health: HEALTHY_PROVIDER, at, latestSequence: context.latestSequence });
    for (const change of forgottenChanges(context, event, at)) enqueue.emit(change);
  }),
);

/** Keeps what its present address was found not to know, and tells what is new. */
const learn = providerSetup.createAction(
  enqueueActions(({ context, event, enqueue }) => {
    const news = event.type === 'parts.learned' ? learning(context, event) : undefined;
    if (news === undefined) return;
    enqueue.assign({ learned: news.learned });
    enqueue.emit(news.told);
  }),
);

const forgetCount = providerSetup.createAction(
  enqueueActions(({ context, enqueue }) => {
    enqueue.assign({ health: { ...context.health, provider: healed(context.health.provider) } });
    enqueue.emit(quietHealed(context));
  }),
);

const tellTrialDue = providerSetup.createAction(
  enqueueActions(({ context, enqueue }) => {
    const until = context.health.provider.cooling?.until ?? context.at;
    enqueue.assign({ at: Math.max(context.at, until) });
    enqueue.emit(trialDue(context));
  }),
);

const machineSetup = providerSetup.extend({
  actions: { record, coolByHand, forget, learn, forgetCount, tellTrialDue },
});

export const providerMachine = machineSetup.createMachine({
  id: 'provider',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    id: input.id,
    enabled: input.enabled,
    disabledByHand: input.disabledByHand ?? false,
    policy: input.policy,
    health: input.health ?? HEALTHY_PROVIDER,
    learned: input.learned ?? NOTHING_LEARNED,
    revision: 0,
    inFlight: 0,
    latestSequence: 0,
    at: input.at,
  }),
  initial: 'waking',
  on: {
    // Whoever begins an attempt takes a trial's place at most, and that shows nowhere.
    'attempt.started': { actions: 'note' },
    'attempt.committed': { actions: 'record' },
    'attempt.settled': { actions: 'record' },
    'parts.learned': { actions: 'learn' },
    'settings.changed': { target: '.waking', actions: ['forget', 'forgetLearned', 'takeSettings'] },
    // Delays that run go on from where they are: nothing but what was learned changes.
    'operator.forget': { actions: 'forgetLearned' },
    'operator.cool': { target: '.waking', actions: 'coolByHand' },
    'operator.reset': { target: '.waking', actions: 'forget' },
    'operator.disable': { target: '.disabled', actions: ['switchOff', 'keepTime'] },
    'operator.enable': { target: '.waking', actions: ['switchOn', 'keepTime'] },
    'provider.retired': '.retiring',
  },
  states: {
    /** Finds its place: at the start (health survives a restart), after new settings, after an operator's word. */
    waking: {
      always: [
        { guard: 'isDisabled', target: 'disabled' },
        { guard: 'isCooling', target: 'cooling' },
        { guard: 'isOnTrial', target: 'trial' },
        { guard: 'isDegraded', target: 'degraded' },
        { target: 'healthy' },
      ],
    },
    healthy: {
      on: {
        'attempt.settled': [
          // First: the way of almost every request.
          { guard: 'changesNothing', actions: 'note' },
          { guard: 'trips', target: 'cooling', actions: 'record' },
          { guard: 'leavesDoubt', target: 'degraded', actions: 'record' },
          { actions: 'record' },
        ],
      },
    },
    /** Counted failures below the threshold; or a trial whose first content came and whose end is still out. */
    degraded: {
      after: { quiet: { guard: 'quietClears', target: 'healthy', actions: 'forgetCount' } },
      on: {
        'attempt.settled': [
          { guard: 'trips', target: 'cooling', actions: 'record' },
          { guard: 'heals', target: 'healthy', actions: 'record' },
          { guard: 'handsOver', target: 'trial', actions: 'record' },
          { guard: 'countsAgain', target: 'degraded', reenter: true, actions: 'record' },
          { actions: 'record' },
        ],
      },
    },
    cooling: {
      after: { cooldown: { target: 'trial', actions: 'tellTrialDue' } },
      on: {
        // Timers may be late (the machine slept): the wall clock decides.
        'attempt.started': [
          { guard: 'claims', target: 'trial.running', actions: 'note' },
          { actions: 'note' },
        ],
        'attempt.committed': [
          { guard: 'leavesDoubt', target: 'degraded', actions: 'record' },
          { actions: 'record' },
        ],
        'attempt.settled': [
          { guard: 'heals', target: 'healthy', actions: 'record' },
          { guard: 'movesCooldown', target: 'cooling', reenter: true, actions: 'record' },
          { actions: 'record' },
        ],
      },
    },
    /** The cooldown is over: one request tries it, the others go elsewhere. */
    trial: {
      initial: 'due',
      on: {
        'attempt.committed': [
          { guard: 'leavesDoubt', target: 'degraded', actions: 'record' },
          { actions: 'record' },
        ],
        'attempt.settled': [
          { guard: 'trips', target: 'cooling', actions: 'record' },
          { guard: 'heals', target: 'healthy', actions: 'record' },
          { guard: 'handsOver', target: '.due', actions: 'record' },
          { actions: 'record' },
        ],
      },
      states: {
        due: {
          // New settings or an operator's word don't take a running trial its place.
          always: { guard: 'isClaimed', target: 'running' },
          on: {
            'attempt.started': [{ guard: 'claims', target: 'running', actions: 'note' }, { actions: 'note' }],
          },
        },
        running: {},
      },
    },
    /** Off in the file, or by hand. What is under way ends in peace. */
    disabled: {},
    /** No longer in the configuration: gone as soon as its last attempt has ended. */
    retiring: {
      tags: 'leaving',
      always: { guard: 'noneInFlight', target: 'retired' },
      on: {
        // An operator's word can't bring it back; only a new configuration can.
        'operator.cool': { actions: 'keepTime' },
        'operator.reset': { actions: 'forget' },
        'operator.disable': { actions: ['switchOff', 'keepTime'] },
        'operator.enable': { actions: ['switchOn', 'keepTime'] },
      },
    },
    retired: { tags: 'leaving', type: 'final' },
  },
});
