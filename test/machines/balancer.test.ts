import { describe, expect, it } from 'vitest';
import { createActor, type SimulatedClock } from 'xstate';
import {
  type BalancerEmitted,
  type BalancerInput,
  balancerMachine,
  type ProviderPlan,
  providerSystemId,
} from '../../machines/balancer.ts';
import type { ProviderRef } from '../../machines/provider.ts';
import { HEALTHY_PROVIDER } from '../../src/domain/health/provider-health.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, MESSAGES, NO_JITTER, POLICY } from '../support/health-samples.ts';
import { clockAt } from '../support/provider-actor.ts';
import { WalkedTransitions } from '../support/transitions.ts';

failOnWarnings();

const walked = new WalkedTransitions();

function plan(id: string, facts: Partial<ProviderPlan> = {}): ProviderPlan {
  return { id, enabled: true, ...facts };
}

function startBalancer(input: Partial<BalancerInput> = {}, clock: SimulatedClock = clockAt()) {
  const actor = createActor(balancerMachine, {
    clock,
    inspect: walked.inspect,
    input: {
      providers: [plan('a'), plan('b')],
      policy: POLICY,
      shutdownTimeoutMs: 30_000,
      at: clock.now(),
      ...input,
    },
  });
  const emitted: BalancerEmitted[] = [];
  const errors: unknown[] = [];
  actor.on('provider.spawned', (event) => emitted.push(event));
  actor.on('provider.restarted', (event) => emitted.push(event));
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  const find = (id: string): ProviderRef | undefined => actor.system.get(providerSystemId(id));
  const get = (id: string): ProviderRef => {
    const found = find(id);
    if (found === undefined) throw new Error(`no provider ${id}`);
    return found;
  };
  let sequence = 0;
  return {
    actor,
    clock,
    emitted,
    errors,
    find,
    get,
    state: () => actor.getSnapshot().value,
    /** The providers that live, as the system knows them. */
    living: () => ['a', 'b', 'c'].filter((id) => find(id) !== undefined),
    children: () => Object.keys(actor.getSnapshot().children),
    configure: (...providers: ProviderPlan[]) =>
      actor.send({
        type: 'config.changed',
        providers,
        policy: POLICY,
        shutdownTimeoutMs: 30_000,
        at: clock.now(),
      }),
    /** An attempt at a provider; gives how to end it. */
    begin: (id: string) => {
      sequence += 1;
      const own = sequence;
      const attemptId = `r${own}#1`;
      const base = { attemptId, target: MESSAGES, mode: 'normal', sequence: own, at: clock.now() } as const;
      get(id).send({ type: 'attempt.started', ...base });
      return (kind: Parameters<typeof failure>[0]) =>
        get(id).send({
          type: 'attempt.settled',
          ...base,
          requestId: `r${own}`,
          revision: 0,
          outcome: failure(kind),
          chance: NO_JITTER,
        });
    },
    /** Hands a provider an event that no code of ours would send: it throws, as a bug would. */
    breakProvider: (id: string) =>
      get(id).send(JSON.parse('{"type":"attempt.settled","attemptId":"x","revision":0}')),
  };
}

describe('the start', () => {
  it('spawns a provider for each plan, and serves once the server listens', () => {
    const balancer = startBalancer();
    expect(balancer.state()).toBe('starting');
    expect(balancer.living()).toEqual(['a', 'b']);
    expect(balancer.emitted).toEqual([
      { type: 'provider.spawned', id: 'a' },
      { type: 'provider.spawned', id: 'b' },
    ]);
    balancer.actor.send({ type: 'server.listening' });
    expect(balancer.state()).toBe('serving');
  });

  it('hands each provider what was kept of it', () => {
    const clock = clockAt();
    const provider = {
      failures: 2,
      trips: 1,
      cooling: { since: 0, until: clock.now() + 5_000, basis: 'suspicion', cause: 'unreachable' },
    } as const;
    const balancer = startBalancer(
      {
        providers: [
          plan('a', { health: { ...HEALTHY_PROVIDER, provider } }),
          plan('b', { disabledByHand: true }),
        ],
      },
      clock,
    );
    expect(balancer.get('a').getSnapshot().value).toBe('cooling');
    expect(balancer.get('b').getSnapshot().value).toBe('disabled');
    clock.increment(5_000);
    expect(balancer.get('a').getSnapshot().value).toEqual({ trial: 'due' });
  });

  it('that is broken off stops', () => {
    const balancer = startBalancer();
    balancer.actor.send({ type: 'operator.drain', inFlight: 0 });
    expect(balancer.actor.getSnapshot()).toMatchObject({ status: 'done', value: 'stopped' });
  });
});

describe('a new configuration', () => {
  it('spawns the new, keeps the known with their health, and retires the rest', () => {
    const balancer = startBalancer();
    balancer.begin('a')('server_error');
    const kept = balancer.get('a');
    balancer.configure(plan('a'), plan('c'));
    expect(balancer.get('a')).toBe(kept);
    expect(kept.getSnapshot().value).toBe('degraded');
    expect(balancer.living()).toEqual(['a', 'c']);
    expect(balancer.children().length).toBe(2);
  });

  it('tells a provider that its address or credential are others', () => {
    const balancer = startBalancer();
    balancer.begin('a')('credentials');
    expect(balancer.get('a').getSnapshot().value).toBe('cooling');
    balancer.configure(plan('a', { identityChanged: true }), plan('b', { enabled: false }));
    expect(balancer.get('a').getSnapshot().value).toBe('healthy');
    expect(balancer.get('b').getSnapshot().value).toBe('disabled');
  });

  it('lets a retired provider end its attempts first', () => {
    const balancer = startBalancer();
    const end = balancer.begin('b');
    balancer.configure(plan('a'));
    expect(balancer.get('b').getSnapshot().value).toBe('retiring');
    end('client_left');
    expect(balancer.living()).toEqual(['a']);
    expect(balancer.children()).toEqual(['provider:a']);
  });

  it('that names a retiring provider again brings it back, with its attempts', () => {
    const balancer = startBalancer();
    const end = balancer.begin('b');
    const before = balancer.get('b');
    balancer.configure(plan('a'));
    balancer.configure(plan('a'), plan('b'));
    expect(balancer.get('b')).toBe(before);
    expect(before.getSnapshot().value).toBe('healthy');
    end('client_left');
    expect(before.getSnapshot().context.inFlight).toBe(0);
    expect(balancer.living()).toEqual(['a', 'b']);
  });

  it('that names a gone provider again spawns it anew', () => {
    const balancer = startBalancer();
    balancer.configure(plan('a'));
    balancer.configure(plan('a'), plan('b'));
    expect(balancer.living()).toEqual(['a', 'b']);
    expect(balancer.get('b').getSnapshot().value).toBe('healthy');
    expect(balancer.emitted.filter(({ id }) => id === 'b').length).toBe(2);
  });

  it('is taken in every state but the last', () => {
    const balancer = startBalancer();
    balancer.configure(plan('a'));
    balancer.actor.send({ type: 'server.listening' });
    balancer.configure(plan('a'), plan('b'));
    balancer.actor.send({ type: 'operator.drain', inFlight: 1 });
    balancer.configure(plan('b'));
    expect([balancer.state(), balancer.living()]).toEqual(['draining', ['b']]);
  });
});

describe('a provider that fails by a bug of ours', () => {
  it('begins anew, healthy; its siblings don’t notice', () => {
    const balancer = startBalancer();
    balancer.actor.send({ type: 'server.listening' });
    balancer.begin('a')('credentials');
    balancer.begin('b')('server_error');
    const before = balancer.get('a');
    balancer.breakProvider('a');
    expect(balancer.get('a')).not.toBe(before);
    expect(balancer.get('a').getSnapshot().value).toBe('healthy');
    expect(balancer.get('b').getSnapshot().value).toBe('degraded');
    expect(balancer.emitted.at(-1)).toMatchObject({
      type: 'provider.restarted',
      id: 'a',
      error: expect.any(Error),
    });
    expect([balancer.state(), balancer.errors]).toEqual(['serving', []]);
  });

  it('keeps its settings and can fail again', () => {
    const balancer = startBalancer({ providers: [plan('a', { enabled: false })] });
    balancer.breakProvider('a');
    balancer.breakProvider('a');
    expect(balancer.get('a').getSnapshot().value).toBe('disabled');
    expect(balancer.children()).toEqual(['provider:a']);
  });

  it('stays off where it was off by hand', () => {
    const balancer = startBalancer();
    balancer.get('a').send({ type: 'operator.disable', at: balancer.clock.now() });
    balancer.breakProvider('a');
    expect(balancer.get('a').getSnapshot().value).toBe('disabled');
  });

  it('while it retires is gone', () => {
    const balancer = startBalancer();
    balancer.begin('b');
    balancer.configure(plan('a'));
    balancer.breakProvider('b');
    expect(balancer.living()).toEqual(['a']);
  });
});

describe('the end', () => {
  const serving = () => {
    const balancer = startBalancer();
    balancer.actor.send({ type: 'server.listening' });
    return balancer;
  };

  it('comes at once where nothing is under way', () => {
    const balancer = serving();
    balancer.actor.send({ type: 'operator.drain', inFlight: 0 });
    expect(balancer.state()).toBe('stopped');
  });

  it('comes with the last request', () => {
    const balancer = serving();
    balancer.actor.send({ type: 'operator.drain', inFlight: 2 });
    expect(balancer.state()).toBe('draining');
    balancer.actor.send({ type: 'requests.ended' });
    expect(balancer.actor.getSnapshot()).toMatchObject({ status: 'done', value: 'stopped' });
  });

  it('comes after shutdown_timeout at the latest', () => {
    const balancer = serving();
    balancer.actor.send({ type: 'operator.drain', inFlight: 2 });
    balancer.clock.increment(29_999);
    expect(balancer.state()).toBe('draining');
    balancer.clock.increment(1);
    expect(balancer.state()).toBe('stopped');
  });

  it('comes by an operator’s word, whatever is under way, and takes the providers along', () => {
    const balancer = serving();
    balancer.begin('a');
    const provider = balancer.get('a');
    balancer.actor.send({ type: 'operator.drain', inFlight: 1 });
    balancer.actor.send({ type: 'operator.stop' });
    expect(balancer.state()).toBe('stopped');
    expect(provider.getSnapshot().status).toBe('stopped');
  });
});

describe('the whole chart', () => {
  it('was walked by the tests above: no transition is left out', () => {
    expect(walked.missing(balancerMachine)).toEqual([]);
  });
});
