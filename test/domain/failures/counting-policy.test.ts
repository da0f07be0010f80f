import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyFor, ruleFor } from '../../../src/domain/failures/counting-policy.ts';
import { FAILURE_KINDS, type Failure, type FailureKind } from '../../../src/domain/failures/outcome.ts';
import type { HealthPolicy } from '../../../src/domain/health/health.ts';
import { ruleOf } from '../../../src/domain/health/health-verdict.ts';
import {
  type AttemptTarget,
  HEALTHY_PROVIDER,
  type ProviderHealth,
} from '../../../src/domain/health/provider-health.ts';
import { failure, MESSAGES, POLICY, settle, verdict, window } from '../../support/health-samples.ts';

const COUNTING: AttemptTarget = { model: 'opus', endpoint: 'count_tokens' };
const MODELS: AttemptTarget = { model: '', endpoint: 'models' };
const OWN: HealthPolicy = { ...POLICY, counting: { failureThreshold: 3, failureCooldownMs: 300_000 } };

const as = (kind: FailureKind, facts: Partial<Failure> = {}): Failure =>
  failure('endpoint_missing', { as: kind, ...facts });

/** Each failure comes a second after the one before. */
function healthAfter(failures: readonly Failure[], target = COUNTING, policy = OWN): ProviderHealth {
  return failures.reduce(
    (health, each, index) => settle(health, verdict(index + 1, index * 1000, each), target, policy),
    HEALTHY_PROVIDER,
  );
}

/** Until when counting rests, ms; undefined: it does not. */
function restsUntil(health: ProviderHealth): number | undefined {
  return health.endpoints.get('count_tokens')?.cooling?.until;
}

const COUNTED = ['server_error', 'unreachable', 'stalled', 'overloaded', 'burst_limited'] as const;

describe('a failure to count tokens, where the user names threshold and cooldown,', () => {
  it.each(COUNTED)('rests that long after so many failures (%s)', (kind) => {
    expect(restsUntil(healthAfter([as(kind), as(kind)]))).toBeUndefined();
    expect(restsUntil(healthAfter([as(kind), as(kind), as(kind)]))).toBe(302_000);
  });

  it.each(['credentials', 'quota', 'model_missing'] as const)(
    'that is sure rests that long at once (%s)',
    (kind) => {
      expect(restsUntil(healthAfter([as(kind)]))).toBe(300_000);
    },
  );

  it('keeps a stated time, and the hour of an endpoint that is not there', () => {
    expect(restsUntil(healthAfter([as('rate_limited', { window: window(7000) })]))).toBe(7000);
    expect(restsUntil(healthAfter([failure('endpoint_missing')]))).toBe(3_600_000);
  });

  it('begins the same time anew where its trial fails', () => {
    const resting = healthAfter([as('server_error'), as('server_error'), as('server_error')]);
    const trial = { mode: 'trial' } as const;
    const again = settle(resting, verdict(9, 400_000, as('server_error'), trial), COUNTING, OWN);
    expect(restsUntil(again)).toBe(700_000);
  });

  it('may rest longer than the longest cooldown, and not at all', () => {
    const resting = (failureCooldownMs: number) =>
      restsUntil(
        healthAfter([as('server_error')], COUNTING, {
          ...OWN,
          counting: { failureThreshold: 1, failureCooldownMs },
        }),
      );
    expect(resting(7_200_000)).toBe(7_200_000);
    expect(resting(0)).toBe(0);
  });

  it('is judged as on messages in what the user does not name', () => {
    const threshold = { ...POLICY, counting: { failureThreshold: 1 } };
    expect(restsUntil(healthAfter([as('server_error')], COUNTING, threshold))).toBe(60_000);
    expect(restsUntil(healthAfter([as('overloaded')], COUNTING, threshold))).toBe(10_000);
    const cooldown = { ...POLICY, counting: { failureCooldownMs: 300_000 } };
    expect(restsUntil(healthAfter([as('overloaded')], COUNTING, cooldown))).toBeUndefined();
    expect(restsUntil(healthAfter([as('overloaded'), as('overloaded')], COUNTING, cooldown))).toBe(301_000);
  });
});

describe('what the user says of counting', () => {
  it('changes nothing for other endpoints', () => {
    const kinds = fc.array(fc.constantFrom(...FAILURE_KINDS), { maxLength: 6 });
    fc.assert(
      fc.property(kinds, fc.boolean(), (list, isModels) => {
        const target = isModels ? MODELS : MESSAGES;
        const failures = list.map((kind) => (isModels ? as(kind) : failure(kind)));
        expect(healthAfter(failures, target)).toEqual(healthAfter(failures, target, POLICY));
      }),
    );
  });

  it('changes nothing where it says nothing', () => {
    const silent = { ...POLICY, counting: {} };
    expect(policyFor('count_tokens', silent)).toBe(silent);
    for (const kind of FAILURE_KINDS)
      expect(ruleFor(as(kind), 'count_tokens', silent)).toEqual(ruleOf(as(kind)));
  });
});
