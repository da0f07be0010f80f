import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/domain/decision/decide.ts';
import type { Decision, DecisionPolicy } from '../../../src/domain/decision/decision.ts';
import type { AttemptTrace } from '../../../src/domain/decision/trace.ts';
import type { FailureKind } from '../../../src/domain/failures/outcome.ts';
import type { Availability } from '../../../src/domain/health/availability.ts';
import { withLoad } from '../../../src/domain/health/load.ts';
import { exhausted } from '../../../src/domain/refusal/refusal.ts';
import type { Candidate } from '../../../src/domain/routing/candidate.ts';
import { failure } from '../../support/health-samples.ts';

const NOW = 1_000_000;
const FAR = 9e6;
const LOAD = { inFlight: 4, limit: 4 };

const POLICY: DecisionPolicy = {
  stream: true,
  holdMs: 20_000,
  maxAttempts: 4,
  failoverBelowThreshold: true,
  patient: true,
};

const READY: Availability = { kind: 'ready' };
const FULL = withLoad(READY, LOAD);
const RUNNING: Availability = { kind: 'trial_running' };

function candidate(provider: string, model = 'opus'): Candidate {
  return { provider, model, route: '*', priority: 1, weight: 1 };
}

const A = candidate('a');
const B = candidate('b');

function cooling(inMs: number, basis: 'suspicion' | 'certain' | 'window' = 'suspicion'): Availability {
  return { kind: 'cooling', until: NOW + inMs, basis, cause: 'server_error' };
}

function attempt(number: number, tried: Candidate, kind: FailureKind): AttemptTrace {
  const outcome = failure(kind);
  return {
    number,
    candidate: tried,
    mode: 'normal',
    round: 1,
    startedAt: NOW - 100,
    endedAt: NOW,
    outcome,
  };
}

interface Situation {
  readonly stand: readonly Availability[];
  readonly attempts?: readonly AttemptTrace[];
  readonly waitedMs?: number;
  readonly policy?: Partial<DecisionPolicy>;
}

function decided({ stand, attempts = [], waitedMs = 0, policy = {} }: Situation): Decision {
  const order = [A, B].slice(0, stand.length);
  const standing = new Map(order.map((one, index) => [one.provider, stand[index] ?? READY]));
  const availabilityOf = (one: Candidate) => standing.get(one.provider) ?? READY;
  return decide(order, availabilityOf, { round: 1, attempts, waitedMs }, { ...POLICY, ...policy }, NOW);
}

function gist(decision: Decision): string {
  switch (decision.kind) {
    case 'try':
      return `try ${decision.candidate.provider} ${decision.mode}`;
    case 'wait':
      return `wait ${decision.forMs}${decision.newRound ? ' round' : ''} for ${decision.room?.join(',') ?? '-'}`;
    case 'refuse':
      return `refuse ${decision.attempt}`;
    case 'exhausted':
      return `exhausted: ${decision.reason}`;
  }
}

describe('what a limit adds to health', () => {
  it.each<readonly [string, Availability, Availability]>([
    ['one that is ready is full', READY, { kind: 'full', ...LOAD }],
    ['one whose trial is due is full', { kind: 'trial_due' }, { kind: 'full', ...LOAD }],
    ['one that cools cools, and is full', cooling(5), { ...cooling(5), full: LOAD } as Availability],
    ['one on trial is on trial, and is full', RUNNING, { kind: 'trial_running', full: LOAD }],
    ['one that is disabled is disabled', { kind: 'disabled' }, { kind: 'disabled' }],
  ])('%s', (_fact, health, expected) => {
    expect(withLoad(health, LOAD)).toEqual(expected);
    expect(withLoad(health, undefined)).toBe(health);
  });
});

describe('a provider that is full', () => {
  const refused = attempt(1, A, 'refused');
  const rows: readonly (readonly [fact: string, situation: Situation, expected: string])[] = [
    ['is passed over', { stand: [FULL, READY] }, 'try b normal'],
    ['is waited for where there is nobody else', { stand: [FULL, FULL] }, 'wait 20000 for a,b'],
    [
      'is waited for after the others have failed',
      { stand: [READY, FULL], attempts: [attempt(1, A, 'stalled')] },
      'wait 20000 for b',
    ],
    ['is waited for while others cool', { stand: [cooling(FAR), FULL] }, 'wait 20000 for b'],
    [
      'is waited for beside a cooldown that ends sooner',
      { stand: [cooling(3_000), FULL] },
      'wait 3000 for b',
    ],
    ["is waited for beside another's trial", { stand: [RUNNING, FULL] }, 'wait 20000 for b'],
    ['is waited for only as long as the hold', { stand: [FULL], waitedMs: 15_000 }, 'wait 5000 for a'],
    [
      'does not delay the next round',
      { stand: [READY, FULL], attempts: [attempt(1, A, 'unreachable')] },
      'wait 1000 round for b',
    ],
    [
      'is given up after the hold',
      { stand: [FULL, FULL], waitedMs: 20_000 },
      'exhausted: every candidate is full',
    ],
    [
      'is given up at once without a hold',
      { stand: [FULL], policy: { holdMs: 0 } },
      'exhausted: every candidate is full',
    ],
    [
      'is no reason not to try one that cools after the hold',
      { stand: [FULL, cooling(FAR)], waitedMs: 20_000 },
      'try b desperate',
    ],
    [
      'is told beside those that cool',
      { stand: [FULL, cooling(FAR, 'window')], waitedMs: 20_000 },
      'exhausted: every candidate is full or cools',
    ],
    ['is not tried while it cools either', { stand: [withLoad(cooling(FAR), LOAD)] }, 'wait 20000 for a'],
    [
      'is left for another that cools and has room',
      { stand: [withLoad(cooling(FAR), LOAD), cooling(FAR)] },
      'try b desperate',
    ],
    [
      'is not waited for inside its stated window',
      { stand: [withLoad(cooling(FAR, 'window'), LOAD)] },
      'exhausted: every candidate failed or cools',
    ],
    [
      'may yet take what another one refused',
      { stand: [READY, FULL], attempts: [refused] },
      'wait 20000 for b',
    ],
    [
      'is not waited for beyond the hold once another one refused',
      { stand: [READY, FULL], attempts: [refused], waitedMs: 20_000 },
      'refuse 1',
    ],
    [
      'gives back a failure below the threshold, if so configured',
      { stand: [FULL], attempts: [attempt(1, A, 'server_error')], policy: { failoverBelowThreshold: false } },
      'refuse 1',
    ],
    [
      'makes no side request wait',
      { stand: [FULL], policy: { patient: false } },
      'exhausted: no candidate is ready',
    ],
  ];
  it.each(rows)('%s', (_fact, situation, expected) => {
    expect(gist(decided(situation))).toBe(expected);
  });
});

describe('the final error where providers were full', () => {
  const error = (considered: readonly (readonly [Candidate, Availability])[], earliestReturn?: number) =>
    exhausted({
      attempts: [],
      considered: considered.map(([one, availability]) => ({ candidate: one, availability, tried: false })),
      now: NOW,
      requestId: 'req_1',
      ...(earliestReturn === undefined ? {} : { earliestReturn }),
    });

  it('names them with their load, and asks to come back soon', () => {
    const { status, message, headers } = error(
      [
        [A, FULL],
        [B, cooling(30_000)],
      ],
      NOW + 30_000,
    );
    expect(status).toBe(503);
    expect(message).toContain('a (full: 4/4 requests in flight)');
    expect(message).toContain('b (cooling until');
    expect(headers).toEqual(['content-type', 'application/json', 'retry-after', '5']);
  });

  it('asks to come back sooner where one returns sooner', () => {
    expect(
      error(
        [
          [A, FULL],
          [B, cooling(2_000)],
        ],
        NOW + 2_000,
      ).headers,
    ).toContain('2');
  });

  it('lets the client retry though the others need a person', () => {
    const broke: Availability = { kind: 'cooling', until: NOW + FAR, basis: 'certain', cause: 'credentials' };
    expect(
      error(
        [
          [A, broke],
          [B, FULL],
        ],
        NOW + FAR,
      ).headers,
    ).toContain('retry-after');
  });
});
