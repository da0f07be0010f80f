import { describe, expect, it } from 'vitest';
import { availabilityOf } from '../../machines/provider.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../../src/domain/health/provider-health.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, MESSAGES, POLICY, SUCCESS, window } from '../support/health-samples.ts';
import { START, type StartedProvider, startProvider } from '../support/provider-actor.ts';

failOnWarnings();

const BROKEN = failure('server_error');
const LEFT = failure('client_left');

/** A provider that has just begun to cool for 60 s. */
function cooledProvider(): StartedProvider {
  const provider = startProvider();
  provider.endAll(BROKEN, POLICY.unhealthyThreshold);
  expect(provider.state()).toBe('cooling');
  return provider;
}

/** A provider whose cooldown is over. */
function dueProvider(): StartedProvider {
  const provider = cooledProvider();
  provider.clock.increment(60_000);
  expect(provider.state()).toEqual({ trial: 'due' });
  return provider;
}

function kindNow({ actor, clock }: StartedProvider): string {
  return availabilityOf(actor.getSnapshot(), MESSAGES, clock.now()).kind;
}

describe('a healthy provider', () => {
  it('stays so through successes and faultless ends', () => {
    const provider = startProvider();
    provider.endAll(SUCCESS, 3);
    provider.endAll(failure('refused'), 3);
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted).toEqual([]);
  });

  it('is degraded by a counted failure and cools at the threshold', () => {
    const provider = startProvider();
    provider.endAll(BROKEN, 1);
    expect(provider.state()).toBe('degraded');
    provider.endAll(BROKEN, 1);
    expect(provider.state()).toBe('cooling');
    expect(provider.emitted.map(({ from, to, rule }) => [from, to, rule])).toEqual([
      ['healthy', 'degraded', 'server_error: counted 1/2'],
      ['degraded', 'cooling', 'server_error: counted 2/2'],
    ]);
  });

  it('cools at once for what is sure', () => {
    const provider = startProvider();
    provider.endAll(failure('credentials'), 1);
    expect(provider.state()).toBe('cooling');
    expect(provider.emitted).toMatchObject([{ to: 'cooling', rule: 'credentials: at once' }]);
  });

  it('stays healthy where only one of its models cools, and tells so', () => {
    const provider = startProvider();
    provider.endAll(failure('rate_limited', { window: window(START + 30_000) }), 1);
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted).toMatchObject([
      {
        scope: 'model opus',
        to: 'cooling',
        rule: 'rate_limited: stated window',
        coolingUntil: START + 30_000,
      },
    ]);
    provider.clock.increment(30_000);
    expect(kindNow(provider)).toBe('trial_due');
  });
});

describe('a degraded provider', () => {
  it('is healed by a success', () => {
    const provider = startProvider();
    provider.endAll(BROKEN, 1);
    provider.endAll(SUCCESS, 1);
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted.at(-1)).toMatchObject({ to: 'healthy', rule: 'a success', failures: 0 });
  });

  it('is healed by quiet', () => {
    const provider = startProvider();
    provider.endAll(BROKEN, 1);
    provider.clock.increment(POLICY.unhealthyResetTimeoutMs - 1);
    expect(provider.state()).toBe('degraded');
    provider.clock.increment(1);
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted.at(-1)).toMatchObject({ to: 'healthy', rule: 'quiet since its last failure' });
  });

  it('waits for its quiet anew after every counted failure', () => {
    const provider = startProvider({ policy: { ...POLICY, unhealthyThreshold: 5 } });
    provider.endAll(BROKEN, 1);
    provider.clock.increment(200_000);
    provider.endAll(BROKEN, 1);
    provider.clock.increment(200_000);
    expect(provider.state()).toBe('degraded');
    provider.clock.increment(100_000);
    expect(provider.state()).toBe('healthy');
  });

  it('is never cleared by quiet where the timeout is 0', () => {
    const provider = startProvider({ policy: { ...POLICY, unhealthyResetTimeoutMs: 0 } });
    provider.endAll(BROKEN, 1);
    provider.clock.increment(1e9);
    expect(provider.state()).toBe('degraded');
  });
});

describe('a cooling provider', () => {
  it('comes back for a trial when its time is over, not before', () => {
    const provider = cooledProvider();
    provider.clock.increment(59_999);
    expect(kindNow(provider)).toBe('cooling');
    provider.clock.increment(1);
    expect(provider.state()).toEqual({ trial: 'due' });
    expect(kindNow(provider)).toBe('trial_due');
    expect(provider.emitted.at(-1)).toMatchObject({
      from: 'cooling',
      to: 'trial',
      rule: 'its cooldown is over',
    });
  });

  it('is on trial by the wall clock, even if its timer is late', () => {
    const provider = cooledProvider();
    const at = provider.clock.now() + 60_001;
    expect(availabilityOf(provider.actor.getSnapshot(), MESSAGES, at).kind).toBe('trial_due');
    provider.actor.send({
      type: 'attempt.started',
      attemptId: 'late#1',
      target: MESSAGES,
      mode: 'trial',
      sequence: 99,
      at,
    });
    expect(provider.state()).toEqual({ trial: 'running' });
    provider.clock.increment(60_000);
    expect(provider.state()).toEqual({ trial: 'running' });
  });

  it('cools longer for a longer stated window, and its timer with it', () => {
    const provider = startProvider();
    const first = provider.begin();
    const second = provider.begin();
    first.end(failure('rate_limited', { window: window(START + 10_000, 'provider') }));
    second.end(failure('rate_limited', { window: window(START + 90_000, 'provider') }));
    provider.clock.increment(10_000);
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(80_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('is not kept longer by a desperate try that fails', () => {
    const provider = cooledProvider();
    const until = provider.health().provider.cooling?.until;
    provider.clock.increment(30_000);
    const attempt = provider.begin('desperate');
    expect(kindNow(provider)).toBe('trial_running');
    attempt.end(BROKEN);
    expect(provider.state()).toBe('cooling');
    expect(provider.health().provider.cooling?.until).toBe(until);
    provider.clock.increment(30_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('is healed by a desperate try that succeeds, degraded from its first content on', () => {
    const provider = cooledProvider();
    const attempt = provider.begin('desperate');
    attempt.commit();
    expect(provider.state()).toBe('degraded');
    expect(kindNow(provider)).toBe('ready');
    attempt.end(SUCCESS);
    expect(provider.state()).toBe('healthy');
  });

  it('cools on for the rest of its time when a desperate try breaks after its first content', () => {
    const provider = cooledProvider();
    const attempt = provider.begin('desperate');
    attempt.commit();
    provider.clock.increment(20_000);
    attempt.end(failure('cut_late'));
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(39_999);
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(1);
    expect(provider.state()).toEqual({ trial: 'due' });
  });
});

describe('a trial', () => {
  it('is one request, degraded at its first content, healthy at its end', () => {
    const provider = dueProvider();
    const trial = provider.begin('trial');
    expect(provider.state()).toEqual({ trial: 'running' });
    expect(kindNow(provider)).toBe('trial_running');
    trial.commit();
    expect(provider.state()).toBe('degraded');
    expect(kindNow(provider)).toBe('ready');
    trial.end(SUCCESS);
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted.slice(-2)).toMatchObject([
      { from: 'trial', to: 'degraded', rule: 'first content of its trial', attemptId: trial.attemptId },
      { from: 'degraded', to: 'healthy', rule: 'its trial succeeded' },
    ]);
  });

  it('that fails cools again, twice as long', () => {
    const provider = dueProvider();
    provider.begin('trial').end(BROKEN);
    expect(provider.state()).toBe('cooling');
    expect(provider.emitted.at(-1)).toMatchObject({
      from: 'trial',
      to: 'cooling',
      rule: 'its trial failed: server_error',
    });
    provider.clock.increment(119_999);
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(1);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('that ends without fault hands the turn to the next', () => {
    const provider = dueProvider();
    provider.begin('trial').end(LEFT);
    expect(provider.state()).toEqual({ trial: 'due' });
    expect(kindNow(provider)).toBe('trial_due');
  });

  it('that ends without fault after its first content makes a trial due again', () => {
    const provider = dueProvider();
    const trial = provider.begin('trial');
    trial.commit();
    trial.end(LEFT);
    expect(provider.state()).toEqual({ trial: 'due' });
    expect(provider.emitted.at(-1)).toMatchObject({
      to: 'trial',
      rule: 'its trial ended without fault: client_left',
    });
  });

  it('that streams on does not hide a younger failure', () => {
    const provider = dueProvider();
    const trial = provider.begin('trial');
    trial.commit();
    provider.begin().end(BROKEN);
    expect(provider.state()).toBe('cooling');
    trial.end(SUCCESS);
    expect(provider.state()).toBe('cooling');
  });

  it('keeps its place when new settings come', () => {
    const provider = dueProvider();
    const trial = provider.begin('trial');
    provider.actor.send({
      type: 'settings.changed',
      enabled: true,
      policy: POLICY,
      identityChanged: false,
      at: provider.clock.now(),
    });
    expect(provider.state()).toEqual({ trial: 'running' });
    trial.end(SUCCESS);
    expect(provider.state()).toBe('healthy');
  });

  it('cut short repeats its cooldown', () => {
    const provider = dueProvider();
    provider.begin('trial').end(failure('stalled', { cutShort: true }));
    expect(provider.emitted.at(-1)?.rule).toBe('its trial was cut short: stalled');
    provider.clock.increment(60_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });
});

describe('health from before a restart', () => {
  const kept = (until: number): ProviderHealth => ({
    ...HEALTHY_PROVIDER,
    provider: {
      failures: 2,
      trips: 1,
      cooling: { since: START - 10_000, until, basis: 'suspicion', cause: 'unreachable' },
    },
  });

  it('cools on, and its timer is armed', () => {
    const provider = startProvider({ health: kept(START + 5_000) });
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(5_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('is on trial where the time is over', () => {
    expect(startProvider({ health: kept(START) }).state()).toEqual({ trial: 'due' });
  });

  it('is degraded by kept counts, which quiet clears in time', () => {
    const provider = startProvider({
      health: {
        ...HEALTHY_PROVIDER,
        provider: { failures: 1, trips: 0, lastCounted: { at: START - 100_000, sequence: 0, requestId: '' } },
      },
    });
    expect(provider.state()).toBe('degraded');
    provider.clock.increment(200_000);
    expect(provider.state()).toBe('healthy');
  });

  it('stays off where it was off by hand', () => {
    expect(startProvider({ disabledByHand: true }).state()).toBe('disabled');
  });
});

describe('an operator', () => {
  it('resets a cooling provider', () => {
    const provider = cooledProvider();
    provider.actor.send({ type: 'operator.reset', at: provider.clock.now() });
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted.at(-1)).toMatchObject({ from: 'cooling', to: 'healthy', rule: 'reset by hand' });
    provider.clock.increment(1e6);
    expect(provider.state()).toBe('healthy');
  });

  it('switches it off and on; what it had is still there', () => {
    const provider = cooledProvider();
    provider.actor.send({ type: 'operator.disable', at: provider.clock.now() });
    expect([provider.state(), kindNow(provider)]).toEqual(['disabled', 'disabled']);
    provider.clock.increment(20_000);
    provider.actor.send({ type: 'operator.enable', at: provider.clock.now() });
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(40_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('lets what is under way end in peace, and hears its verdict', () => {
    const provider = startProvider();
    const attempts = [provider.begin(), provider.begin()];
    provider.actor.send({ type: 'operator.disable', at: provider.clock.now() });
    attempts[0]?.end(failure('credentials'));
    attempts[1]?.end(SUCCESS);
    expect([provider.state(), provider.inFlight()]).toEqual(['disabled', 0]);
    provider.actor.send({ type: 'operator.enable', at: provider.clock.now() });
    expect(provider.state()).toBe('cooling');
  });

  it('can’t switch on what the file switches off', () => {
    const provider = startProvider({ enabled: false });
    provider.actor.send({ type: 'operator.enable', at: provider.clock.now() });
    expect(provider.state()).toBe('disabled');
  });
});

describe('new settings', () => {
  const change = (provider: StartedProvider, facts: { enabled?: boolean; identityChanged?: boolean }) =>
    provider.actor.send({
      type: 'settings.changed',
      enabled: true,
      policy: POLICY,
      identityChanged: false,
      at: provider.clock.now(),
      ...facts,
    });

  it('keep health, and the rest of a cooldown', () => {
    const provider = cooledProvider();
    provider.clock.increment(20_000);
    change(provider, {});
    expect(provider.state()).toBe('cooling');
    provider.clock.increment(40_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('forget it where address or credential are others', () => {
    const provider = startProvider();
    provider.endAll(failure('credentials'), 1);
    change(provider, { identityChanged: true });
    expect(provider.state()).toBe('healthy');
    expect(provider.emitted.at(-1)).toMatchObject({ to: 'healthy', rule: 'address or credential changed' });
  });

  it('make verdicts about the old address count for nothing', () => {
    const provider = startProvider();
    const old = provider.begin();
    change(provider, { identityChanged: true });
    old.end(failure('credentials'));
    expect([provider.state(), provider.inFlight()]).toEqual(['healthy', 0]);
  });

  it('switch it off and on', () => {
    const provider = startProvider();
    change(provider, { enabled: false });
    expect(provider.state()).toBe('disabled');
    change(provider, {});
    expect(provider.state()).toBe('healthy');
  });
});

describe('a retired provider', () => {
  const retire = (provider: StartedProvider) =>
    provider.actor.send({ type: 'provider.retired', at: provider.clock.now() });

  it('is gone at once without attempts', () => {
    const provider = startProvider();
    retire(provider);
    expect(provider.actor.getSnapshot()).toMatchObject({ status: 'done', value: 'retired' });
  });

  it('is gone as soon as its last attempt has ended, and takes no new ones', () => {
    const provider = startProvider();
    const attempts = [provider.begin(), provider.begin()];
    retire(provider);
    expect([provider.state(), kindNow(provider)]).toEqual(['retiring', 'disabled']);
    attempts[0]?.end(SUCCESS);
    expect(provider.state()).toBe('retiring');
    attempts[1]?.end(BROKEN);
    expect(provider.actor.getSnapshot().status).toBe('done');
  });

  it('is not brought back, nor kept, by an operator’s word', () => {
    for (const type of ['operator.reset', 'operator.disable', 'operator.enable'] as const) {
      const provider = startProvider();
      const attempt = provider.begin();
      retire(provider);
      provider.actor.send({ type, at: provider.clock.now() });
      expect(provider.state()).toBe('retiring');
      attempt.end(SUCCESS);
      expect(provider.actor.getSnapshot().status).toBe('done');
    }
  });

  it('comes back where the configuration names it again in time', () => {
    const provider = startProvider();
    const attempt = provider.begin();
    retire(provider);
    provider.actor.send({
      type: 'settings.changed',
      enabled: true,
      policy: POLICY,
      identityChanged: false,
      at: provider.clock.now(),
    });
    expect(provider.state()).toBe('healthy');
    attempt.end(SUCCESS);
    expect(provider.inFlight()).toBe(0);
  });
});
