import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptMode } from '../../../src/domain/decision/trace.ts';
import { FAILURE_TABLE } from '../../../src/domain/failures/failure-table.ts';
import { FAILURE_KINDS, type Outcome } from '../../../src/domain/failures/outcome.ts';
import {
  type AttemptTarget,
  attemptCommitted,
  attemptStarted,
  candidateAvailability,
  HEALTHY_PROVIDER,
  MAX_PAIRS,
  type ProviderHealth,
} from '../../../src/domain/health/provider-health.ts';
import { failure, MESSAGES, POLICY, SUCCESS, settle, verdict, window } from '../../support/health-samples.ts';

const AT_ONCE = { ...POLICY, unhealthyThreshold: 1 };
const SONNET: AttemptTarget = { model: 'sonnet', endpoint: 'messages' };
const COUNTING: AttemptTarget = { model: 'opus', endpoint: 'count_tokens' };

/** A provider after one failure that was enough. */
function failedOnce(outcome: Outcome, target = MESSAGES, at = 0): ProviderHealth {
  return settle(HEALTHY_PROVIDER, verdict(1, at, outcome), target, AT_ONCE);
}

function kindAt(health: ProviderHealth, target: AttemptTarget, now: number): string {
  return candidateAvailability(health, target, now).kind;
}

describe('whom a failure speaks against', () => {
  it.each(FAILURE_KINDS)('%s: exactly the records that its row names', (kind) => {
    const rule = FAILURE_TABLE[kind];
    const target = rule.blame === 'endpoint' ? COUNTING : MESSAGES;
    const outcome = failure(kind, rule.blame === 'window' ? { window: window(1e6) } : {});
    const health = failedOnce(outcome, target);
    const cooling = {
      provider: health.provider.cooling !== undefined,
      pair: health.pairs.get('opus')?.cooling !== undefined,
      endpoint: health.endpoints.get('count_tokens')?.cooling !== undefined,
    };
    expect(cooling).toEqual({
      provider: rule.blame === 'provider',
      pair: rule.blame === 'pair' || rule.blame === 'window',
      endpoint: rule.blame === 'endpoint',
    });
    if (rule.blame === 'nobody') expect(health).toBe(HEALTHY_PROVIDER);
  });

  it('a pair that cools leaves the other models of its provider alone', () => {
    const health = failedOnce(failure('overloaded'));
    expect(kindAt(health, MESSAGES, 1)).toBe('cooling');
    expect(kindAt(health, SONNET, 1)).toBe('ready');
  });

  it('a provider that cools takes all its models along', () => {
    const health = failedOnce(failure('server_error'));
    expect([kindAt(health, MESSAGES, 1), kindAt(health, SONNET, 1)]).toEqual(['cooling', 'cooling']);
  });

  it('a window of the whole account cools the provider', () => {
    const health = failedOnce(failure('rate_limited', { window: window(90_000, 'provider') }));
    expect(candidateAvailability(health, SONNET, 1)).toMatchObject({ until: 90_000, basis: 'window' });
  });

  it('shows the surer basis and the later end where both provider and pair cool', () => {
    let health = failedOnce(failure('server_error'));
    health = settle(health, verdict(2, 0, failure('rate_limited', { window: window(20_000) })));
    expect(candidateAvailability(health, MESSAGES, 1)).toMatchObject({ basis: 'window', until: 60_000 });
  });
});

describe('side endpoints', () => {
  const missing = failure('endpoint_missing');

  it('cool for an hour where the endpoint is not there', () => {
    const health = failedOnce(missing, COUNTING);
    expect(candidateAvailability(health, COUNTING, 1)).toMatchObject({ kind: 'cooling', until: 3_600_000 });
  });

  it('cool as the same failure would on messages, but only themselves', () => {
    const broken = failure('endpoint_missing', { as: 'server_error' });
    const once = settle(HEALTHY_PROVIDER, verdict(1, 0, broken), COUNTING);
    expect(kindAt(once, COUNTING, 1)).toBe('ready');
    const twice = settle(once, verdict(2, 10, broken), COUNTING);
    expect(candidateAvailability(twice, COUNTING, 11)).toMatchObject({ until: 60_010, basis: 'suspicion' });
    expect(kindAt(twice, MESSAGES, 11)).toBe('ready');
  });

  it('keep a stated window to themselves', () => {
    const limited = failure('endpoint_missing', { as: 'rate_limited', window: window(70_000, 'provider') });
    const health = failedOnce(limited, COUNTING);
    expect(candidateAvailability(health, COUNTING, 1)).toMatchObject({ until: 70_000 });
    expect(kindAt(health, MESSAGES, 1)).toBe('ready');
  });

  it('leave no trace where the same failure would be nobody’s fault on messages', () => {
    const refused = failure('endpoint_missing', { as: 'refused' });
    expect(failedOnce(refused, COUNTING)).toBe(HEALTHY_PROVIDER);
  });

  it('never touch messages, whatever happens to them', () => {
    const step = fc.record({
      kind: fc.constantFrom(...FAILURE_KINDS, 'success' as const),
      as: fc.constantFrom(...FAILURE_KINDS, undefined),
      endpoint: fc.constantFrom('count_tokens' as const, 'models' as const),
      mode: fc.constantFrom<AttemptMode>('normal', 'trial', 'desperate'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, cools) => {
        const start = cools ? failedOnce(failure('server_error')) : HEALTHY_PROVIDER;
        let health = start;
        steps.forEach(({ kind, as, endpoint, mode }, index) => {
          const target = { model: 'opus', endpoint };
          const at = index * 10_000;
          const outcome =
            kind === 'success'
              ? SUCCESS
              : failure('endpoint_missing', as === undefined ? {} : { as, window: window(at + 5_000) });
          health = attemptStarted(health, target, `r${index}#1`, mode, at);
          health = attemptCommitted(health, target, `r${index}#1`);
          health = settle(health, verdict(index, at, outcome, { mode }), target, AT_ONCE);
        });
        expect(health.provider).toBe(start.provider);
        expect(health.pairs).toBe(start.pairs);
      }),
    );
  });

  it('are no trial of a provider: they stay away until messages have proved it well', () => {
    const health = failedOnce(failure('server_error'));
    expect(kindAt(health, MESSAGES, 60_000)).toBe('trial_due');
    expect(kindAt(health, COUNTING, 60_000)).toBe('trial_running');
  });
});

describe('trials', () => {
  const STALLED_CUT = failure('stalled', { cutShort: true });

  it('take their place in the provider and in the pair at once, and free both', () => {
    let health = failedOnce(failure('server_error'));
    health = settle(health, verdict(2, 0, failure('overloaded')), MESSAGES, AT_ONCE);
    health = attemptStarted(health, MESSAGES, 'r3#1', 'trial', 60_000);
    expect(health.provider.trial?.attemptId).toBe('r3#1');
    expect(health.pairs.get('opus')?.trial?.attemptId).toBe('r3#1');
    health = settle(health, verdict(3, 61_000, SUCCESS, { mode: 'trial' }));
    expect(kindAt(health, MESSAGES, 61_000)).toBe('ready');
  });

  it('hand the provider’s turn on where only the pair failed', () => {
    let health = attemptStarted(failedOnce(failure('server_error')), MESSAGES, 'r2#1', 'trial', 60_000);
    health = settle(health, verdict(2, 61_000, failure('overloaded'), { mode: 'trial' }), MESSAGES, AT_ONCE);
    expect(kindAt(health, SONNET, 61_000)).toBe('trial_due');
    expect(kindAt(health, MESSAGES, 61_000)).toBe('cooling');
  });

  it('cut short repeat the cooldown without growing it', () => {
    let health = failedOnce(failure('server_error'));
    for (let trial = 2; trial <= 4; trial += 1) {
      const at = trial * 100_000;
      health = attemptStarted(health, MESSAGES, `r${trial}#1`, 'trial', at);
      health = settle(health, verdict(trial, at, STALLED_CUT, { mode: 'trial' }));
      expect(health.provider.cooling).toMatchObject({ since: at, until: at + 60_000 });
    }
    health = attemptStarted(health, MESSAGES, 'r9#1', 'trial', 900_000);
    health = settle(health, verdict(9, 900_000, failure('stalled'), { mode: 'trial' }));
    expect(health.provider.cooling?.until).toBe(1_020_000);
  });

  it('of a pair cut short repeat the pair’s cooldown and leave the provider alone', () => {
    let health = failedOnce(failure('overloaded'));
    health = attemptStarted(health, MESSAGES, 'r2#1', 'trial', 10_000);
    health = settle(health, verdict(2, 25_000, STALLED_CUT, { mode: 'trial' }));
    expect(health.provider.failures).toBe(0);
    expect(health.pairs.get('opus')?.cooling).toMatchObject({ since: 25_000, until: 35_000 });
  });

  it('cut short after a stated window cool for failure_cooldown, as a suspicion', () => {
    let health = failedOnce(failure('rate_limited', { window: window(1_000_000) }));
    health = attemptStarted(health, MESSAGES, 'r2#1', 'trial', 1_000_000);
    health = settle(health, verdict(2, 1_015_000, STALLED_CUT, { mode: 'trial' }));
    expect(candidateAvailability(health, MESSAGES, 1_015_000)).toMatchObject({
      until: 1_075_000,
      basis: 'suspicion',
      cause: 'stalled',
    });
  });

  it('are cut short at most every third time', () => {
    let health = failedOnce(failure('server_error'));
    const hurried: boolean[] = [];
    for (let trial = 2; trial <= 10; trial += 1) {
      const at = trial * 10_000_000;
      const now = candidateAvailability(health, MESSAGES, at);
      const mayCut = now.kind === 'trial_due' && now.unhurried !== true;
      hurried.push(mayCut);
      health = attemptStarted(health, MESSAGES, `r${trial}#1`, 'trial', at);
      const outcome = mayCut ? STALLED_CUT : failure('stalled');
      health = settle(health, verdict(trial, at, outcome, { mode: 'trial' }));
    }
    expect(hurried).toEqual([true, false, false, true, false, false, true, false, false]);
  });
});

describe('pairs', () => {
  it(`are at most ${MAX_PAIRS}; the least recently used go first`, () => {
    let health = HEALTHY_PROVIDER;
    for (let index = 0; index < MAX_PAIRS + 10; index += 1) {
      const target: AttemptTarget = { model: `made-up-${index}`, endpoint: 'messages' };
      health = settle(health, verdict(index + 1, index, failure('model_missing')), target);
    }
    expect(health.pairs.size).toBe(MAX_PAIRS);
    expect(health.pairs.has('made-up-9')).toBe(false);
    expect(health.pairs.has('made-up-10')).toBe(true);
  });

  it('are kept while they are used, whatever they are used for', () => {
    const missing = (health: ProviderHealth, model: string, sequence: number): ProviderHealth =>
      settle(health, verdict(sequence, sequence, failure('model_missing')), { model, endpoint: 'messages' });
    let health = missing(missing(HEALTHY_PROVIDER, 'in use', 1), 'unused', 2);
    for (let index = 0; index < MAX_PAIRS - 1; index += 1) {
      const used: AttemptTarget = { model: 'in use', endpoint: 'messages' };
      health = attemptStarted(health, used, `u${index}#1`, 'desperate', 100 + index);
      health = settle(
        health,
        verdict(100 + index, 100 + index, failure('client_left'), {
          attemptId: `u${index}#1`,
          mode: 'desperate',
        }),
        used,
      );
      health = missing(health, `made-up-${index}`, 1_000 + index);
    }
    expect(health.pairs.has('in use')).toBe(true);
    expect(health.pairs.has('unused')).toBe(false);
    // Also an attempt that leaves its record as it is.
    const oldest = [...health.pairs.keys()][1] ?? '';
    const after = attemptStarted(health, { model: oldest, endpoint: 'messages' }, 'n#1', 'normal', 5_000);
    expect([...after.pairs.keys()].at(-1)).toBe(oldest);
  });

  it('are not made by successes or by faultless ends', () => {
    const health = settle(HEALTHY_PROVIDER, verdict(1, 0, SUCCESS));
    expect(settle(health, verdict(2, 0, failure('refused')))).toBe(HEALTHY_PROVIDER);
  });
});

describe('any history', () => {
  const step = fc.record({
    kind: fc.constantFrom(...FAILURE_KINDS, 'success' as const),
    cutShort: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 4_000_000 }),
    model: fc.constantFrom('opus', 'sonnet'),
    commits: fc.boolean(),
    olderBy: fc.integer({ min: 0, max: 3 }),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });

  it('ends with no trial under way once all attempts have ended, and with no cooldown above the limits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let health = HEALTHY_PROVIDER;
        let now = 1_000_000;
        steps.forEach(({ kind, cutShort, waitMs, model, commits, olderBy, chance }, index) => {
          now += waitMs;
          const target: AttemptTarget = { model, endpoint: 'messages' };
          const { kind: is } = candidateAvailability(health, target, now);
          const mode: AttemptMode = is === 'trial_due' ? 'trial' : is === 'cooling' ? 'desperate' : 'normal';
          const id = `r${index}#1`;
          health = attemptStarted(health, target, id, mode, now);
          if (commits) health = attemptCommitted(health, target, id);
          const outcome: Outcome =
            kind === 'success'
              ? SUCCESS
              : failure(kind, {
                  ...(kind === 'rate_limited' ? { window: window(now + waitMs * 5) } : {}),
                  ...(cutShort && mode === 'trial' ? { cutShort } : {}),
                });
          const told = verdict(index + 1 - olderBy, now, outcome, {
            attemptId: id,
            mode,
            latestSequence: index + 1,
            chance,
          });
          health = settle(health, told, target);
          for (const record of [health.provider, ...health.pairs.values()]) {
            expect(record.trial).toBeUndefined();
            expect((record.cooling?.until ?? now) - now).toBeLessThanOrEqual(POLICY.maxCooldownMs);
            if (record.cooling === undefined) expect(record.failures).toBeLessThan(POLICY.unhealthyThreshold);
          }
        });
      }),
    );
  });

  it('of faultless ends leaves everything as it was', () => {
    const faultless = FAILURE_KINDS.filter((kind) => FAILURE_TABLE[kind].counts === 'never');
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...faultless)), fc.boolean(), (kinds, cools) => {
        const start = cools ? failedOnce(failure('server_error')) : HEALTHY_PROVIDER;
        let health = start;
        kinds.forEach((kind, index) => {
          const at = 60_000 + index;
          health = attemptStarted(health, MESSAGES, `r${index}#1`, cools ? 'trial' : 'normal', at);
          health = settle(health, verdict(index, at, failure(kind), { mode: cools ? 'trial' : 'normal' }));
          expect(kindAt(health, MESSAGES, at)).toBe(cools ? 'trial_due' : 'ready');
        });
      }),
    );
  });
});
