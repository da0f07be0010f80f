import { describe, expect, it } from 'vitest';
import { FAILURE_TABLE } from '../../../src/domain/failures/failure-table.ts';
import type { Failure } from '../../../src/domain/failures/outcome.ts';
import {
  availability,
  claimTrial,
  commitTrial,
  HEALTHY,
  type HealthRecord,
} from '../../../src/domain/health/health.ts';
import {
  afterFailure,
  afterNoFault,
  afterQuiet,
  afterSuccess,
  ruleOf,
} from '../../../src/domain/health/health-verdict.ts';
import { failure, POLICY, SUCCESS, verdict, window } from '../../support/health-samples.ts';

/** One record through a failure, by the row of its kind. */
function fail(
  record: HealthRecord,
  failed: Failure,
  sequence: number,
  at: number,
  facts: Parameters<typeof verdict>[3] = {},
  policy = POLICY,
): HealthRecord {
  return afterFailure(record, verdict(sequence, at, failed, facts), failed, ruleOf(failed), policy);
}

/** A record that cools from `at` on because of `failed`. */
function cooled(failed: Failure, at = 0): HealthRecord {
  return fail(HEALTHY, failed, 1, at, {}, { ...POLICY, unhealthyThreshold: 1 });
}

const CUT = failure('cut_early');

describe('counting', () => {
  it('cools at the threshold, not before', () => {
    const once = fail(HEALTHY, CUT, 1, 10);
    expect(once).toMatchObject({ failures: 1, trips: 0 });
    expect(once.cooling).toBeUndefined();
    const twice = fail(once, CUT, 2, 20);
    expect(twice).toMatchObject({ failures: 2, cooling: { since: 20, until: 60_020, basis: 'suspicion' } });
  });

  it('takes attempts that died together for one incident', () => {
    let record = HEALTHY;
    for (let sequence = 1; sequence <= 10; sequence += 1)
      record = fail(record, CUT, sequence, 10, { latestSequence: 10 });
    expect(record.failures).toBe(1);
    expect(fail(record, CUT, 11, 20).failures).toBe(2);
  });

  it('counts a request that fails twice at one provider once', () => {
    const once = fail(HEALTHY, CUT, 1, 10, { requestId: 'a' });
    expect(fail(once, CUT, 2, 20, { requestId: 'a', attemptId: 'a#2' }).failures).toBe(1);
  });

  it('counts a request once even when another failed between its two failures', () => {
    const policy = { ...POLICY, unhealthyThreshold: 3 };
    let record = fail(HEALTHY, CUT, 1, 10, { requestId: 'a' }, policy);
    record = fail(record, CUT, 2, 20, { requestId: 'b' }, policy);
    record = fail(record, CUT, 3, 30, { requestId: 'a' }, policy);
    expect(record.failures).toBe(2);
    expect(record.cooling).toBeUndefined();
    expect(fail(record, CUT, 4, 40, { requestId: 'c' }, policy).cooling).toBeDefined();
  });

  it('remembers no more requests than the threshold', () => {
    const policy = { ...POLICY, unhealthyThreshold: 3 };
    let record = HEALTHY;
    for (let sequence = 1; sequence <= 50; sequence += 1)
      record = fail(record, CUT, sequence, sequence, {}, policy);
    expect(record.countedRequests?.length).toBe(3);
  });

  it('remembers few requests under a threshold that nobody reaches', () => {
    const policy = { ...POLICY, unhealthyThreshold: 1_000_000 };
    let record = HEALTHY;
    for (let sequence = 1; sequence <= 500; sequence += 1) {
      record = fail(record, CUT, sequence, sequence, { requestId: `q${sequence}` }, policy);
    }
    expect(record.failures).toBe(500);
    expect(record.countedRequests?.length).toBe(64);
  });

  it.each(['credentials', 'quota', 'model_missing'] as const)('%s cools with its first failure', (kind) => {
    expect(fail(HEALTHY, failure(kind), 1, 0).cooling).toMatchObject({ basis: 'certain', cause: kind });
  });

  it('hears what is sure from an attempt older than a failure that was only counted', () => {
    const counted = fail(HEALTHY, CUT, 1, 10, { latestSequence: 2 });
    const limited = failure('rate_limited', { window: window(500_000) });
    expect(fail(counted, limited, 2, 20).cooling).toMatchObject({ until: 500_000, basis: 'window' });
    expect(fail(counted, failure('credentials'), 2, 20).cooling).toMatchObject({ basis: 'certain' });
  });

  it('notes the last error even when it counts for nothing', () => {
    const once = fail(HEALTHY, CUT, 1, 10, { latestSequence: 2 });
    const late = failure('server_error');
    expect(fail(once, late, 2, 20).lastError).toEqual({ at: 20, failure: late, requestId: 'r2' });
  });
});

describe('length of a cooldown', () => {
  const table: [Failure['kind'], number[]][] = [
    ['unreachable', [60, 120, 240, 480, 960, 1800, 1800]],
    ['quota', [60, 120, 240, 480, 960, 1800, 1800]],
    ['credentials', [60, 120, 240, 480, 960, 1800, 1800]],
    ['overloaded', [10, 20, 40, 60, 60]],
    ['burst_limited', [5, 10, 20, 40, 60, 60]],
    ['model_missing', [600, 1200, 1800, 1800]],
    ['endpoint_missing', [3600, 3600]],
  ];
  it.each(table)('%s grows with each failed trial: %j s', (kind, seconds) => {
    let record = cooled(failure(kind));
    const lengths: number[] = [];
    for (let trial = 2; lengths.length < seconds.length; trial += 1) {
      const { since = 0, until = 0 } = record.cooling ?? {};
      lengths.push((until - since) / 1000);
      record = claimTrial(record, `r${trial}#1`, 'trial', until);
      record = fail(record, failure(kind), trial, until, { mode: 'trial' });
    }
    expect(lengths).toEqual(seconds);
  });

  it('is spread by a tenth to both sides', () => {
    const policy = { ...POLICY, unhealthyThreshold: 1 };
    const length = (chance: number) => fail(HEALTHY, CUT, 1, 0, { chance }, policy).cooling?.until;
    expect([length(0), length(0.5), length(0.999_999)]).toEqual([54_000, 60_000, 66_000]);
  });

  it('is spread within max_cooldown once it has grown to it', () => {
    const grown = { ...HEALTHY, trips: 9 };
    const policy = { ...POLICY, unhealthyThreshold: 1 };
    const length = (chance: number) => fail(grown, CUT, 1, 0, { chance }, policy).cooling?.until ?? 0;
    const lengths = [0, 0.25, 0.5, 0.75, 0.999_999].map(length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(POLICY.maxCooldownMs);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(POLICY.maxCooldownMs * 0.9);
    expect(length(0.9)).not.toBe(length(0.7));
  });

  it('never shortens a row of its own below a small failure_cooldown', () => {
    const policy = { ...POLICY, unhealthyThreshold: 1, failureCooldownMs: 1_000 };
    const record = fail(HEALTHY, failure('overloaded'), 1, 0, {}, policy);
    expect(record.cooling?.until).toBe(10_000);
  });

  it('starts anew after a success', () => {
    let record = cooled(CUT);
    record = claimTrial(record, 'r2#1', 'trial', 60_000);
    record = fail(record, CUT, 2, 60_000, { mode: 'trial' });
    record = claimTrial(record, 'r3#1', 'trial', 200_000);
    record = afterSuccess(record, verdict(3, 200_000, SUCCESS, { mode: 'trial' }), POLICY);
    record = fail(fail(record, CUT, 4, 300_000), CUT, 5, 300_000);
    expect(record.cooling).toMatchObject({ since: 300_000, until: 360_000 });
  });
});

describe('stated windows', () => {
  const limited = (until: number) => failure('rate_limited', { window: window(until) });

  it('cools until the hint, at once and without jitter', () => {
    expect(fail(HEALTHY, limited(45_000), 1, 1_000, { chance: 0 }).cooling).toMatchObject({
      since: 1_000,
      until: 45_000,
      basis: 'window',
    });
  });

  it('cools at most max_cooldown, and keeps the hint to be shown', () => {
    const inADay = 36 * 3_600_000;
    expect(fail(HEALTHY, limited(inADay), 1, 0).cooling).toMatchObject({
      until: POLICY.maxCooldownMs,
      statedUntil: inADay,
    });
  });

  it('a longer window of the same incident extends the cooldown, a shorter one changes nothing', () => {
    const record = fail(HEALTHY, limited(30_000), 1, 0, { latestSequence: 3 });
    expect(fail(record, limited(90_000), 2, 10).cooling).toMatchObject({
      until: 90_000,
      statedUntil: 90_000,
    });
    expect(fail(record, limited(20_000), 3, 10).cooling?.until).toBe(30_000);
    expect(fail(record, limited(90_000), 2, 10).trips).toBe(record.trips);
  });

  it('an extension too is capped at max_cooldown', () => {
    const record = fail(HEALTHY, limited(30_000), 1, 0, { latestSequence: 2 });
    expect(fail(record, limited(1e12), 2, 10).cooling?.until).toBe(10 + POLICY.maxCooldownMs);
  });

  it('a hint in the past makes a trial due at once', () => {
    const record = fail(HEALTHY, limited(500), 1, 1_000);
    expect(availability(record, 1_000)).toEqual({ kind: 'trial_due' });
  });
});

describe('trials', () => {
  const due = cooled(CUT);

  it('are due as soon as the wall clock is past the cooldown', () => {
    expect(availability(due, 59_999)).toEqual({
      kind: 'cooling',
      until: 60_000,
      basis: 'suspicion',
      cause: 'cut_early',
    });
    expect(availability(due, 60_000)).toEqual({ kind: 'trial_due' });
  });

  it('are one request: the second finds the place taken', () => {
    const first = claimTrial(due, 'a#1', 'trial', 60_000);
    expect(availability(first, 60_000)).toEqual({ kind: 'trial_running' });
    expect(claimTrial(first, 'b#1', 'trial', 60_000)).toBe(first);
  });

  it('let others come at their first content', () => {
    const first = claimTrial(due, 'a#1', 'trial', 60_000);
    expect(availability(commitTrial(first, 'a#1'), 60_001)).toEqual({ kind: 'ready' });
    expect(commitTrial(first, 'b#1')).toBe(first);
  });

  it('heal with their success', () => {
    const running = claimTrial(due, 'r2#1', 'trial', 60_000);
    const healed = afterSuccess(running, verdict(2, 61_000, SUCCESS, { mode: 'trial' }), POLICY);
    expect(healed).toMatchObject({ failures: 0, trips: 0 });
    expect(healed.cooling).toBeUndefined();
    expect(healed.trial).toBeUndefined();
  });

  it('hand their turn to the next when they end without fault of the provider', () => {
    const running = claimTrial(due, 'a#1', 'trial', 60_000);
    const free = afterNoFault(running, 'a#1');
    expect(free).toEqual(due);
    expect(availability(free, 60_001)).toEqual({ kind: 'trial_due' });
    expect(afterNoFault(running, 'b#1')).toBe(running);
  });

  it('cool with a single counted failure, whatever the threshold', () => {
    const running = claimTrial(due, 'r2#1', 'trial', 60_000);
    const failed = fail(running, CUT, 2, 60_500, { mode: 'trial' }, { ...POLICY, unhealthyThreshold: 99 });
    expect(failed.cooling).toMatchObject({ since: 60_500, until: 180_500 });
  });

  it('that streams on loses its say when a younger request makes it cool again', () => {
    const streaming = commitTrial(claimTrial(due, 'r2#1', 'trial', 60_000), 'r2#1');
    const again = fail(streaming, CUT, 3, 70_000, { latestSequence: 3 });
    expect(availability(again, 70_001).kind).toBe('cooling');
    const ended = afterSuccess(again, verdict(2, 71_000, SUCCESS, { mode: 'trial' }), POLICY);
    expect(availability(ended, 71_001).kind).toBe('cooling');
  });
});

describe('successes', () => {
  it('reset the count', () => {
    const once = fail(HEALTHY, CUT, 1, 0);
    expect(afterSuccess(once, verdict(2, 10, SUCCESS), POLICY).failures).toBe(0);
  });

  it('of attempts older than the last counted failure change nothing', () => {
    const once = fail(HEALTHY, CUT, 1, 0, { latestSequence: 5 });
    expect(afterSuccess(once, verdict(5, 10, SUCCESS), POLICY)).toBe(once);
    const cooling = fail(once, CUT, 6, 10, { latestSequence: 9 });
    expect(afterSuccess(cooling, verdict(9, 20, SUCCESS), POLICY)).toBe(cooling);
  });

  it('reset nothing with unhealthy_reset_on_success: false, but heal after a trial', () => {
    const policy = { ...POLICY, unhealthyResetOnSuccess: false };
    const once = fail(HEALTHY, CUT, 1, 0);
    expect(afterSuccess(once, verdict(2, 10, SUCCESS), policy)).toBe(once);
    const running = claimTrial(cooled(CUT), 'r2#1', 'trial', 60_000);
    const healed = afterSuccess(running, verdict(2, 61_000, SUCCESS, { mode: 'trial' }), policy);
    expect(healed.cooling).toBeUndefined();
  });

  it('do not make attempts of an older incident a new cause', () => {
    const once = fail(HEALTHY, CUT, 1, 0, { latestSequence: 5 });
    const reset = afterSuccess(once, verdict(6, 10, SUCCESS), POLICY);
    expect(fail(reset, CUT, 5, 20).failures).toBe(0);
  });

  it('leave the last error to be shown', () => {
    const once = fail(HEALTHY, CUT, 1, 0);
    expect(afterSuccess(once, verdict(2, 10, SUCCESS), POLICY).lastError?.failure).toEqual(CUT);
  });
});

describe('quiet', () => {
  it('clears the count after unhealthy_reset_timeout', () => {
    const once = fail(HEALTHY, CUT, 1, 0);
    expect(afterQuiet(once, POLICY, 299_999)).toBe(once);
    expect(afterQuiet(once, POLICY, 300_000).failures).toBe(0);
  });

  it('never clears it where the timeout is 0', () => {
    const once = fail(HEALTHY, CUT, 1, 0);
    expect(afterQuiet(once, { ...POLICY, unhealthyResetTimeoutMs: 0 }, 1e12)).toBe(once);
  });

  it('never shortens a cooldown', () => {
    const policy = { ...POLICY, unhealthyResetTimeoutMs: 1 };
    const cooling = cooled(CUT);
    expect(afterQuiet(cooling, policy, 50_000)).toBe(cooling);
    expect(afterQuiet(cooling, policy, 1e9)).toBe(cooling);
  });
});

describe('desperate tries', () => {
  const cooling = cooled(CUT);

  it('are one at a time', () => {
    const first = claimTrial(cooling, 'a#1', 'desperate', 10);
    expect(availability(first, 10)).toEqual({ kind: 'trial_running', desperate: true });
    expect(claimTrial(first, 'b#1', 'desperate', 10)).toBe(first);
  });

  it('never lengthen a cooldown, whatever they end as', () => {
    for (const kind of Object.keys(FAILURE_TABLE) as Failure['kind'][]) {
      const trying = claimTrial(cooling, 'r2#1', 'desperate', 10);
      const failed = failure(kind, { window: window(1e9) });
      const after = fail(trying, failed, 2, 20, { mode: 'desperate' });
      expect(after.cooling?.until, kind).toBe(cooling.cooling?.until);
      expect(after.trips, kind).toBe(cooling.trips);
      expect(after.trial, kind).toBeUndefined();
    }
  });

  it('heal with their success', () => {
    const trying = claimTrial(cooling, 'r2#1', 'desperate', 10);
    const healed = afterSuccess(trying, verdict(2, 20, SUCCESS, { mode: 'desperate' }), POLICY);
    expect(availability(healed, 30)).toEqual({ kind: 'ready' });
  });

  it('hear a stated time: until it is over there is no further one', () => {
    const limited = failure('rate_limited', { window: window(30_000) });
    const after = fail(claimTrial(cooling, 'r2#1', 'desperate', 10), limited, 2, 20, { mode: 'desperate' });
    expect(after.cooling?.statedUntil).toBe(30_000);
    expect(availability(after, 29_999)).toMatchObject({ kind: 'cooling', basis: 'window' });
    expect(availability(after, 30_000)).toMatchObject({ kind: 'cooling', basis: 'suspicion' });
  });

  it('leave the time of the try', () => {
    const after = fail(claimTrial(cooling, 'r2#1', 'desperate', 10), CUT, 2, 20, { mode: 'desperate' });
    expect(availability(after, 30)).toMatchObject({ kind: 'cooling', lastTryAt: 10 });
  });
});
