import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, outOfTime } from '../../../src/domain/decision/decide.ts';
import type { Decision, DecisionPolicy } from '../../../src/domain/decision/decision.ts';
import type { Progress } from '../../../src/domain/decision/progress.ts';
import type { AttemptTrace } from '../../../src/domain/decision/trace.ts';
import { FAILURE_TABLE, isRefusal } from '../../../src/domain/failures/failure-table.ts';
import { FAILURE_KINDS, type Failure, type FailureKind } from '../../../src/domain/failures/outcome.ts';
import type { Availability } from '../../../src/domain/health/availability.ts';
import { type Candidate, candidateKey } from '../../../src/domain/routing/candidate.ts';
import { failure } from '../../support/health-samples.ts';

const NOW = 1_000_000;

function candidate(provider: string): Candidate {
  return { provider, model: 'opus', route: '*', priority: 1, weight: 1 };
}

const A = candidate('a');
const B = candidate('b');
const C = candidate('c');

const POLICY: DecisionPolicy = {
  stream: true,
  holdMs: 20_000,
  maxAttempts: 4,
  failoverBelowThreshold: true,
  patient: true,
};

const READY: Availability = { kind: 'ready' };
const DUE: Availability = { kind: 'trial_due' };
const RUNNING: Availability = { kind: 'trial_running' };
const DISABLED: Availability = { kind: 'disabled' };

type Basis = 'suspicion' | 'certain' | 'window';

function cooling(inMs: number, basis: Basis = 'suspicion', lastTryAt?: number): Availability {
  const cause = { suspicion: 'unreachable', certain: 'quota', window: 'rate_limited' } as const;
  const base = { kind: 'cooling', until: NOW + inMs, basis, cause: cause[basis] } as const;
  return lastTryAt === undefined ? base : { ...base, lastTryAt };
}

function attempt(
  number: number,
  tried: Candidate,
  outcome: FailureKind | Failure,
  facts: Partial<AttemptTrace> = {},
): AttemptTrace {
  return {
    number,
    candidate: tried,
    mode: 'normal',
    round: 1,
    startedAt: NOW - 100,
    endedAt: NOW,
    outcome: typeof outcome === 'string' ? failure(outcome) : outcome,
    ...facts,
  };
}

interface Situation {
  /** How the candidates stand, in order of preference: a, b, c. */
  readonly stand: readonly Availability[];
  readonly attempts?: readonly AttemptTrace[];
  readonly round?: number;
  readonly waitedMs?: number;
  readonly policy?: Partial<DecisionPolicy>;
}

function decided({ stand, attempts = [], round = 1, waitedMs = 0, policy = {} }: Situation): Decision {
  const order = [A, B, C].slice(0, stand.length);
  const standing = new Map(order.map((one, index) => [one.provider, stand[index] ?? DISABLED]));
  const availabilityOf = (one: Candidate) => standing.get(one.provider) ?? DISABLED;
  return decide(order, availabilityOf, { round, attempts, waitedMs }, { ...POLICY, ...policy }, NOW);
}

/** The gist of a decision, short enough for a table. */
function gist(decision: Decision): string {
  switch (decision.kind) {
    case 'try': {
      const extras = [decision.mode, decision.hurried ? 'hurried' : '', decision.repair ?? ''];
      return [`try ${decision.candidate.provider}`, ...extras.filter((word) => word !== '')].join(' ');
    }
    case 'wait':
      return `wait ${decision.forMs}${decision.newRound ? ' round' : ''}`;
    case 'refuse':
      return `refuse ${decision.attempt}`;
    case 'exhausted':
      return 'exhausted';
  }
}

type Row = readonly [fact: string, situation: Situation, expected: string];

function holds(rows: readonly Row[]): void {
  it.each(rows)('%s', (_fact, situation, expected) => {
    expect(gist(decided(situation))).toBe(expected);
  });
}

describe('choosing among those that are open', () => {
  holds([
    ['the first in order is tried', { stand: [READY, READY] }, 'try a normal'],
    ['one that cools is passed over', { stand: [cooling(9e4), READY] }, 'try b normal'],
    ['one whose trial runs is passed over', { stand: [RUNNING, READY] }, 'try b normal'],
    ['one that is disabled is passed over', { stand: [DISABLED, READY] }, 'try b normal'],
    [
      'a failed one is left for the next',
      { stand: [READY, READY], attempts: [attempt(1, A, 'stalled')] },
      'try b normal',
    ],
    ['nobody at all is exhausted', { stand: [] }, 'exhausted'],
    ['all disabled is exhausted', { stand: [DISABLED, DISABLED] }, 'exhausted'],
  ]);
});

describe('trials', () => {
  holds([
    ['of a stream are hurried while another is left', { stand: [DUE, READY] }, 'try a trial hurried'],
    ['are hurried while another trial is left', { stand: [DUE, DUE] }, 'try a trial hurried'],
    ['have their full time where nothing else is left', { stand: [DUE, cooling(9e4)] }, 'try a trial'],
    [
      'have their full time where the other was tried',
      { stand: [READY, DUE], attempts: [attempt(1, A, 'stalled')] },
      'try b trial',
    ],
    [
      'have their full time after one was cut short',
      { stand: [{ kind: 'trial_due', unhurried: true }, READY] },
      'try a trial',
    ],
    [
      'of a non-stream request come only where nothing else is left',
      { stand: [DUE, READY], policy: { stream: false } },
      'try b normal',
    ],
    [
      'of a non-stream request have their normal times',
      { stand: [DUE, cooling(9e4)], policy: { stream: false } },
      'try a trial',
    ],
    [
      'of a non-stream request are never hurried',
      { stand: [DUE, DUE], policy: { stream: false } },
      'try a trial',
    ],
    ['of others are waited for where there is nowhere else', { stand: [RUNNING] }, 'wait 20000'],
    [
      'of others are waited for only as long as the hold',
      { stand: [RUNNING], waitedMs: 15_000 },
      'wait 5000',
    ],
    [
      'of others lock nobody out for longer than the hold',
      { stand: [RUNNING], waitedMs: 20_000 },
      'try a desperate',
    ],
  ]);
});

describe('repairs', () => {
  const reset = attempt(1, A, 'reset_reused');
  const signature = attempt(1, A, 'foreign_signature');
  holds([
    [
      'a reset of a reused connection is repeated on one of its own',
      { stand: [READY, READY], attempts: [reset] },
      'try a normal fresh_connection',
    ],
    [
      'foreign thinking is taken out, at the same candidate',
      { stand: [READY, READY], attempts: [signature] },
      'try a normal without_thinking',
    ],
    [
      'a repair keeps the mode of its attempt',
      { stand: [RUNNING], attempts: [{ ...reset, mode: 'trial' }] },
      'try a trial fresh_connection',
    ],
    [
      'a repair happens once',
      {
        stand: [READY, READY],
        attempts: [reset, attempt(2, A, 'reset_reused', { repair: 'fresh_connection' })],
      },
      'try b normal',
    ],
    [
      'foreign thinking that can’t be mended is a refusal',
      {
        stand: [READY],
        attempts: [signature, attempt(2, A, 'foreign_signature', { repair: 'without_thinking' })],
      },
      'refuse 1',
    ],
    [
      'a reset after its repair is worth another round',
      { stand: [READY], attempts: [reset, attempt(2, A, 'reset_reused', { repair: 'fresh_connection' })] },
      'wait 1000 round',
    ],
  ]);
});

describe('refusals', () => {
  const refused = attempt(1, A, 'refused');
  holds([
    [
      'another provider may take what one refused',
      { stand: [READY, READY], attempts: [refused] },
      'try b normal',
    ],
    [
      'the first answer is returned when all refuse',
      { stand: [READY, READY], attempts: [refused, attempt(2, B, 'too_large')] },
      'refuse 1',
    ],
    [
      'a refusal beats outages, without another round',
      { stand: [READY, READY], attempts: [attempt(1, A, 'unreachable'), attempt(2, B, 'refused')] },
      'refuse 2',
    ],
    [
      'a refusal does not wait for those that cool',
      { stand: [READY, cooling(1_000)], attempts: [refused] },
      'refuse 1',
    ],
    [
      'what no provider could accept is returned at once',
      { stand: [READY, READY], attempts: [attempt(1, A, 'refused_for_sure')] },
      'refuse 1',
    ],
    [
      'the client’s own credentials refused by all are returned',
      { stand: [READY], attempts: [attempt(1, A, 'client_credentials')] },
      'refuse 1',
    ],
    [
      'the client’s own credentials refused by one do not keep another from coming back',
      {
        stand: [READY, READY],
        attempts: [attempt(1, A, 'client_credentials'), attempt(2, B, 'unreachable')],
      },
      'wait 1000 round',
    ],
    [
      'a request out of time gives back an earlier refusal',
      { stand: [READY, READY, READY], attempts: [refused, attempt(2, B, 'out_of_time')] },
      'refuse 1',
    ],
    [
      'a request out of time without a refusal is exhausted',
      { stand: [READY, READY], attempts: [attempt(1, A, 'out_of_time')] },
      'exhausted',
    ],
    [
      'our own fault is not tried elsewhere',
      { stand: [READY, READY], attempts: [attempt(1, A, 'balancer_fault')] },
      'exhausted',
    ],
  ]);

  it('time that is over between attempts gives back a refusal too', () => {
    const progress: Progress = { round: 1, waitedMs: 0, attempts: [refused] };
    expect(gist(outOfTime(progress))).toBe('refuse 1');
    expect(gist(outOfTime({ ...progress, attempts: [] }))).toBe('exhausted');
  });
});

describe('failover_below_threshold: false', () => {
  const policy = { failoverBelowThreshold: false };
  holds([
    [
      'gives back a failure that did not cool its candidate',
      { stand: [READY, READY], attempts: [attempt(1, A, 'server_error')], policy },
      'refuse 1',
    ],
    [
      'fails over once the candidate cools',
      { stand: [cooling(6e4), READY], attempts: [attempt(1, A, 'server_error')], policy },
      'try b normal',
    ],
    [
      'fails over what speaks against nobody',
      { stand: [READY, READY], attempts: [attempt(1, A, 'refused')], policy },
      'try b normal',
    ],
    [
      'leaves side requests their local answer',
      {
        stand: [READY],
        attempts: [attempt(1, A, 'endpoint_missing')],
        policy: { ...policy, patient: false },
      },
      'exhausted',
    ],
  ]);
});

describe('side requests', () => {
  const policy = { patient: false };
  holds([
    ['go to whoever is ready', { stand: [cooling(10), READY], policy }, 'try b normal'],
    ['never wait', { stand: [cooling(10)], policy }, 'exhausted'],
    ['never wait for a trial', { stand: [RUNNING], policy }, 'exhausted'],
    ['are never tried at one that cools', { stand: [cooling(9e9)], policy }, 'exhausted'],
    [
      'never go round again',
      { stand: [READY], attempts: [attempt(1, A, 'unreachable')], policy },
      'exhausted',
    ],
  ]);
});

describe('never worse than no balancer', () => {
  const far = 9e6;
  const passing = attempt(1, A, 'unreachable');
  holds([
    ['a return within the hold is waited for', { stand: [cooling(15_000), cooling(far)] }, 'wait 15000'],
    [
      'the earliest return counts, whoever it is',
      { stand: [cooling(15_000), cooling(4_000, 'window')] },
      'wait 4000',
    ],
    ['a return at the very end of the hold is waited for', { stand: [cooling(20_000)] }, 'wait 20000'],
    [
      'what was waited already is taken off the hold',
      { stand: [cooling(6_000)], waitedMs: 15_000 },
      'try a desperate',
    ],
    [
      'with no return in the hold those on suspicion are tried at once',
      { stand: [cooling(far, 'certain'), cooling(far)] },
      'try b desperate',
    ],
    [
      'without a hold they are tried at once',
      { stand: [cooling(1_000)], policy: { holdMs: 0 } },
      'try a desperate',
    ],
    [
      'then those that cool for sure',
      { stand: [cooling(far, 'window'), cooling(far, 'certain')] },
      'try b desperate',
    ],
    ['of those at most one try in 10 s', { stand: [cooling(far, 'certain', NOW - 9_999)] }, 'exhausted'],
    ['and another after 10 s', { stand: [cooling(far, 'certain', NOW - 10_000)] }, 'try a desperate'],
    [
      'one on suspicion may be tried by every request',
      { stand: [cooling(far, 'suspicion', NOW - 1)] },
      'try a desperate',
    ],
    [
      'never inside a stated window',
      { stand: [cooling(far, 'window'), cooling(far, 'window')] },
      'exhausted',
    ],
    [
      'each is tried once a round',
      { stand: [cooling(far), cooling(far)], attempts: [attempt(1, A, 'stalled', { mode: 'desperate' })] },
      'try b desperate',
    ],
    [
      'a failure in passing is worth another round after 1 s',
      { stand: [READY], attempts: [passing] },
      'wait 1000 round',
    ],
    [
      'the next pauses are 2 s …',
      { stand: [READY], attempts: [passing, attempt(2, A, 'cut_early', { round: 2 })], round: 2 },
      'wait 2000 round',
    ],
    [
      '… and 4 s',
      { stand: [READY], attempts: [passing, attempt(2, A, 'cut_early', { round: 3 })], round: 3 },
      'wait 4000 round',
    ],
    [
      'a pause ends with the hold',
      { stand: [READY], attempts: [passing], waitedMs: 19_500 },
      'wait 500 round',
    ],
    ['no round after the hold', { stand: [READY], attempts: [passing], waitedMs: 20_000 }, 'exhausted'],
    [
      'who is woken in the pause waits only for the rest of it',
      { stand: [READY], attempts: [{ ...passing, endedAt: NOW - 700 }], waitedMs: 700 },
      'wait 300 round',
    ],
    [
      'a failure not in passing ends it',
      { stand: [READY], attempts: [attempt(1, A, 'stalled')] },
      'exhausted',
    ],
    [
      'a provider that forbids retries is not asked again',
      { stand: [READY], attempts: [attempt(1, A, failure('burst_limited', { noRetry: true }))] },
      'exhausted',
    ],
    [
      'a new round begins with those that failed in passing',
      { stand: [READY, READY], attempts: [attempt(1, A, 'stalled'), attempt(2, B, 'overloaded')], round: 2 },
      'try b normal',
    ],
    ['the pause is cut by a return', { stand: [READY, cooling(400)], attempts: [passing] }, 'wait 400'],
    [
      'a return after the pause does not delay the round',
      { stand: [READY, cooling(4_000)], attempts: [passing] },
      'wait 1000 round',
    ],
    [
      'no more than max_attempts after the first round',
      {
        stand: [READY],
        attempts: [passing, ...[2, 3, 4, 5].map((n) => attempt(n, A, 'unreachable', { round: n }))],
        round: 5,
      },
      'exhausted',
    ],
    [
      'a window met on the way is waited for if it ends within the hold',
      { stand: [cooling(3_000, 'window')], attempts: [attempt(1, A, 'rate_limited')] },
      'wait 3000 round',
    ],
    [
      'a window met on the way that outlasts the hold is not waited for',
      { stand: [cooling(30_000, 'window')], attempts: [attempt(1, A, 'rate_limited')] },
      'exhausted',
    ],
    [
      'who was limited for a time is tried again in the next round',
      { stand: [DUE], attempts: [attempt(1, A, 'rate_limited')], round: 2, waitedMs: 3_000 },
      'try a trial',
    ],
    [
      'a second desperate try does not join one that runs, also when the hold is used up',
      { stand: [{ kind: 'trial_running', desperate: true }], waitedMs: 20_000 },
      'exhausted',
    ],
    [
      'max_attempts: 0 means one round',
      { stand: [READY], attempts: [passing], policy: { maxAttempts: 0 } },
      'exhausted',
    ],
  ]);

  it.each(FAILURE_KINDS)('%s is repeated only if its row says it failed in passing', (kind) => {
    const { passing: again, failover } = FAILURE_TABLE[kind];
    if (failover === 'none') return expect(again).toBe(false);
    const repair = failover === 'same_once' ? { repair: 'fresh_connection' as const } : {};
    const next = decided({ stand: [READY], attempts: [attempt(1, A, kind, repair)] });
    const otherwise = isRefusal(kind) ? 'refuse 1' : 'exhausted';
    return expect(gist(next)).toBe(again ? 'wait 1000 round' : otherwise);
  });
});

describe('whatever happens', () => {
  const availability = fc.oneof(
    fc.constantFrom<Availability>(READY, DUE, RUNNING, DISABLED, { kind: 'trial_due', unhurried: true }),
    fc.record({
      kind: fc.constant('cooling' as const),
      until: fc.integer({ min: NOW + 1, max: NOW + 60_000 }),
      basis: fc.constantFrom<Basis>('suspicion', 'certain', 'window'),
      cause: fc.constant('unreachable' as const),
    }),
  );
  const run = fc.record({
    stand: fc.array(fc.array(availability, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
    kinds: fc.array(fc.constantFrom(...FAILURE_KINDS), { minLength: 1, maxLength: 12 }),
    woken: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    policy: fc.record({
      stream: fc.boolean(),
      holdMs: fc.constantFrom(0, 500, 20_000),
      maxAttempts: fc.integer({ min: 0, max: 6 }),
      failoverBelowThreshold: fc.boolean(),
      patient: fc.boolean(),
    }),
  });
  type Run = typeof run extends fc.Arbitrary<infer Value> ? Value : never;

  /** Lives through a request whose every attempt fails; calls `look` at each decision. Gives all attempts. */
  function live(
    { stand, kinds, woken, policy }: Run,
    look: (decision: Decision, progress: Progress, standing: (one: Candidate) => Availability) => void,
  ): readonly AttemptTrace[] {
    const order = [A, B, C];
    const attempts: AttemptTrace[] = [];
    let round = 1;
    let waitedMs = 0;
    let now = NOW;
    for (let step = 0; step < 1_000; step += 1) {
      const row = stand[step % stand.length] ?? [];
      const standing = (one: Candidate): Availability => {
        const found = row[order.findIndex(({ provider }) => provider === one.provider)] ?? DISABLED;
        return found.kind === 'cooling' && found.until <= now ? DUE : found;
      };
      const progress: Progress = { round, attempts, waitedMs };
      const decision = decide(order, standing, progress, policy, now);
      look(decision, progress, standing);
      if (decision.kind === 'refuse' || decision.kind === 'exhausted') return attempts;
      if (decision.kind === 'wait') {
        expect(decision.forMs).toBeGreaterThanOrEqual(0);
        expect(waitedMs + decision.forMs).toBeLessThanOrEqual(policy.holdMs);
        const early = woken[step % woken.length] === true && decision.forMs > 1;
        const slept = early ? decision.forMs - 1 : decision.forMs;
        waitedMs += slept;
        now += slept;
        if (!early && decision.newRound) round += 1;
        continue;
      }
      const kind = kinds[attempts.length % kinds.length] ?? 'stalled';
      attempts.push({
        number: attempts.length + 1,
        candidate: decision.candidate,
        mode: decision.mode,
        round,
        startedAt: now,
        endedAt: now,
        outcome: failure(kind),
        ...(decision.repair === undefined ? {} : { repair: decision.repair }),
      });
    }
    throw new Error('a request went on for ever');
  }

  it('a request ends, within its hold and its attempts', () => {
    fc.assert(
      fc.property(run, (one) => {
        const attempts = live(one, () => {});
        const later = attempts.filter(({ round, repair }) => round > 1 && repair === undefined);
        expect(later.length).toBeLessThanOrEqual(one.policy.maxAttempts);
      }),
    );
  });

  it('no candidate is tried twice in a round, but for its one repair', () => {
    fc.assert(
      fc.property(run, (one) => {
        const seen = new Map<string, number>();
        for (const { candidate: tried, round, repair } of live(one, () => {})) {
          const key = `${round} ${candidateKey(tried)} ${repair === undefined ? '' : 'repair'}`;
          expect(seen.has(key)).toBe(false);
          seen.set(key, 1);
        }
      }),
    );
  });

  it('one that cools is never tried while another that is ready was not', () => {
    fc.assert(
      fc.property(run, (one) => {
        live(one, (decision, { attempts, round }, standing) => {
          if (decision.kind !== 'try' || decision.repair !== undefined) return;
          const untried = [A, B, C].filter(
            (other) =>
              !attempts.some((past) => past.round === round && past.candidate.provider === other.provider),
          );
          const ready = untried.some(
            (other) =>
              standing(other).kind === 'ready' &&
              !attempts.some((past) => past.candidate.provider === other.provider),
          );
          if (ready) expect(decision.mode).not.toBe('desperate');
          if (decision.mode === 'normal') expect(standing(decision.candidate).kind).toBe('ready');
          if (decision.mode === 'trial') expect(standing(decision.candidate).kind).toBe('trial_due');
          const now = standing(decision.candidate);
          expect(now.kind === 'cooling' && now.basis === 'window').toBe(false);
          expect(now.kind).not.toBe('disabled');
        });
      }),
    );
  });
});
