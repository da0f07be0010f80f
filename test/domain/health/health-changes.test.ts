import { describe, expect, it } from 'vitest';
import { HEALTHY, type HealthRecord } from '../../../src/domain/health/health.ts';
import { healthChanges, healthState } from '../../../src/domain/health/health-changes.ts';
import { HEALTHY_PROVIDER, type ProviderHealth } from '../../../src/domain/health/provider-health.ts';

const COOLING: HealthRecord = {
  failures: 2,
  trips: 1,
  cooling: { since: 0, until: 1_000, basis: 'suspicion', cause: 'unreachable' },
};
const TRIAL = { attemptId: 'r1#1', desperate: false, committed: false };

describe('the state of a record', () => {
  it.each<[string, HealthRecord, number, string]>([
    ['without failures is healthy', HEALTHY, 0, 'healthy'],
    ['with counted failures is degraded', { failures: 1, trips: 0 }, 0, 'degraded'],
    ['within its cooldown is cooling', COOLING, 999, 'cooling'],
    ['after its cooldown is on trial', COOLING, 1_000, 'trial'],
    ['whose trial runs is on trial', { ...COOLING, trial: TRIAL }, 1_000, 'trial'],
    [
      'whose trial has content is degraded',
      { ...COOLING, trial: { ...TRIAL, committed: true } },
      1_000,
      'degraded',
    ],
  ])('%s', (_fact, record, now, state) => {
    expect(healthState(record, now)).toBe(state);
  });
});

describe('visible changes', () => {
  const provider = (record: HealthRecord): ProviderHealth => ({ ...HEALTHY_PROVIDER, provider: record });

  it('are none where nothing differs that anyone sees', () => {
    const noted = provider({ ...HEALTHY, lastTryAt: 5 });
    expect(healthChanges(HEALTHY_PROVIDER, HEALTHY_PROVIDER, 0)).toEqual([]);
    expect(healthChanges(HEALTHY_PROVIDER, noted, 0)).toEqual([]);
    expect(healthChanges(provider(COOLING), provider({ ...COOLING, trial: TRIAL }), 1_000)).toEqual([]);
  });

  it('are another state, with the end of a cooldown', () => {
    expect(healthChanges(HEALTHY_PROVIDER, provider(COOLING), 10)).toEqual([
      { scope: 'provider', from: 'healthy', to: 'cooling', failures: 2, coolingUntil: 1_000 },
    ]);
  });

  it('are another count, and another end of a cooldown', () => {
    const more = provider({ failures: 2, trips: 0 });
    expect(healthChanges(provider({ failures: 1, trips: 0 }), more, 0)).toEqual([
      { scope: 'provider', from: 'degraded', to: 'degraded', failures: 2 },
    ]);
    const longer: HealthRecord = {
      ...COOLING,
      cooling: { since: 0, until: 5_000, basis: 'window', cause: 'rate_limited' },
    };
    expect(healthChanges(provider(COOLING), provider(longer), 10)).toMatchObject([
      { from: 'cooling', to: 'cooling', coolingUntil: 5_000 },
    ]);
  });

  it('name models and endpoints, also those that are forgotten', () => {
    const before: ProviderHealth = { ...HEALTHY_PROVIDER, pairs: new Map([['opus', COOLING]]) };
    const after: ProviderHealth = { ...HEALTHY_PROVIDER, endpoints: new Map([['count_tokens', COOLING]]) };
    expect(healthChanges(before, after, 10).map(({ scope, from, to }) => [scope, from, to])).toEqual([
      ['model opus', 'cooling', 'healthy'],
      ['endpoint count_tokens', 'healthy', 'cooling'],
    ]);
  });
});
