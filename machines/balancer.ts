import { assertEvent, assign, enqueueActions, setup } from 'xstate';
import type { HealthPolicy } from '../src/domain/health/health.ts';
import type { ProviderHealth } from '../src/domain/health/provider-health.ts';
import type { LearnedParts } from '../src/domain/learning/learned-parts.ts';
import { MAX_TIMER_MS } from '../src/domain/time.ts';
import { providerMachine } from './provider.ts';

/**
 * The root of the provider system: spawns the providers, takes new configuration, restarts what failed, drains.
 * Requests are roots of their own; the engine tells this chart how many are left.
 */

/** What the chart needs to know of one configured provider. */
export interface ProviderPlan {
  readonly id: string;
  readonly enabled: boolean;
  /** Address or credential differ from those the running actor stands for. */
  readonly identityChanged?: boolean;
  /** What was kept over a restart. */
  readonly health?: ProviderHealth;
  readonly learned?: LearnedParts;
  readonly disabledByHand?: boolean;
}

export interface BalancerInput {
  readonly providers: readonly ProviderPlan[];
  readonly policy: HealthPolicy;
  readonly shutdownTimeoutMs: number;
  /** Wall clock, ms. */
  readonly at: number;
}

interface BalancerContext {
  readonly plans: readonly ProviderPlan[];
  readonly policy: HealthPolicy;
  readonly shutdownTimeoutMs: number;
  readonly at: number;
  /** System ids of the provider actors that live. */
  readonly running: readonly string[];
}

export type BalancerEvent =
  | { readonly type: 'server.listening' }
  | {
      readonly type: 'config.changed';
      readonly providers: readonly ProviderPlan[];
      readonly policy: HealthPolicy;
      readonly shutdownTimeoutMs: number;
      readonly at: number;
    }
  | { readonly type: 'operator.drain'; readonly inFlight: number }
  | { readonly type: 'operator.stop' }
  | { readonly type: 'requests.ended' };

export type BalancerEmitted =
  | { readonly type: 'provider.spawned'; readonly id: string }
  | { readonly type: 'provider.restarted'; readonly id: string; readonly error: unknown };

/** The system id of a provider's actor. */
export function providerSystemId(id: string): string {
  return `provider:${id}`;
}

const balancerSetup = setup({
  types: {
    input: {} as BalancerInput,
    context: {} as BalancerContext,
    events: {} as BalancerEvent,
    emitted: {} as BalancerEmitted,
    children: {} as Record<string, 'provider'>,
  },
  actors: { provider: providerMachine },
  actions: {
    takePlans: assign(({ event }) => {
      assertEvent(event, 'config.changed');
      const { providers, policy, shutdownTimeoutMs, at } = event;
      return { plans: providers, policy, shutdownTimeoutMs, at };
    }),
  },
  guards: {
    nothingInFlight: ({ event }) => event.type === 'operator.drain' && event.inFlight === 0,
  },
  delays: {
    shutdownTimeout: ({ context }) => Math.min(MAX_TIMER_MS, context.shutdownTimeoutMs),
  },
});

/** Brings the actors in line with the plans: spawns the new, updates the known, retires the rest. */
const reconcile = balancerSetup.createAction(
  enqueueActions(({ context, enqueue }) => {
    const { plans, policy, at } = context;
    const wanted = new Set(plans.map(({ id }) => providerSystemId(id)));
    for (const plan of plans) {
      const id = providerSystemId(plan.id);
      if (context.running.includes(id)) {
        const { enabled, identityChanged = false } = plan;
        enqueue.sendTo(id, { type: 'settings.changed', enabled, policy, identityChanged, at });
      } else {
        enqueue.spawnChild('provider', { id, systemId: id, input: { ...plan, policy, at } });
        enqueue.emit({ type: 'provider.spawned', id: plan.id });
      }
    }
    for (const id of context.running)
      if (!wanted.has(id)) enqueue.sendTo(id, { type: 'provider.retired', at });
    enqueue.assign({ running: [...new Set([...context.running, ...wanted])] });
  }),
);

/** A provider that retired is gone; one that failed by a bug of ours begins anew, healthy. */
const removeChild = balancerSetup.createAction(
  enqueueActions(({ context, event, enqueue, self }) => {
    const id = 'actorId' in event && typeof event.actorId === 'string' ? event.actorId : '';
    enqueue.stopChild(id);
    const running = context.running.filter((other) => other !== id);
    const plan = context.plans.find((candidate) => providerSystemId(candidate.id) === id);
    if (plan === undefined) {
      enqueue.assign({ running });
      return;
    }
    const { policy, at } = context;
    const { id: provider, enabled } = plan;
    // What an operator switched off stays off.
    const disabledByHand = self.getSnapshot().children[id]?.getSnapshot().context.disabledByHand ?? false;
    const input = { id: provider, enabled, policy, at, disabledByHand };
    enqueue.spawnChild('provider', { id, systemId: id, input });
    enqueue.emit({
      type: 'provider.restarted',
      id: provider,
      error: 'error' in event ? event.error : undefined,
    });
  }),
);

const machineSetup = balancerSetup.extend({ actions: { reconcile, removeChild } });

export const balancerMachine = machineSetup.createMachine({
  id: 'balancer',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    plans: input.providers,
    policy: input.policy,
    shutdownTimeoutMs: input.shutdownTimeoutMs,
    at: input.at,
    running: [],
  }),
  initial: 'starting',
  on: {
    'config.changed': { actions: ['takePlans', 'reconcile'] },
    'operator.stop': '.stopped',
    'xstate.done.actor.*': { actions: 'removeChild' },
    'xstate.error.actor.*': { actions: 'removeChild' },
  },
  states: {
    starting: {
      entry: 'reconcile',
      on: { 'server.listening': 'serving', 'operator.drain': 'stopped' },
    },
    serving: {
      on: {
        'operator.drain': [{ guard: 'nothingInFlight', target: 'stopped' }, { target: 'draining' }],
      },
    },
    /** Running requests finish, new ones are turned away. */
    draining: {
      after: { shutdownTimeout: 'stopped' },
      on: { 'requests.ended': 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
