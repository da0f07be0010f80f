import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Availability } from '../../../src/domain/health/availability.ts';
import { remember } from '../../../src/domain/routing/affinity.ts';
import type { Candidate } from '../../../src/domain/routing/candidate.ts';
import { orderCandidates, type SelectionInput } from '../../../src/domain/routing/selection.ts';
import { createSelectionMemory } from '../../../src/domain/routing/selection-memory.ts';
import type { SelectionStrategy } from '../../../src/domain/settings/settings.ts';
import { candidate } from '../../support/routing-samples.ts';

const READY: Availability = { kind: 'ready' };
const COOLING: Availability = { kind: 'cooling', until: 1e6, basis: 'suspicion', cause: 'server_error' };
const STRATEGIES: readonly SelectionStrategy[] = [
  'priority',
  'round_robin',
  'weighted_round_robin',
  'random',
];

/** A selection over one tier in which everyone is ready, unless said otherwise. */
function selection(changes: Partial<SelectionInput> = {}): SelectionInput {
  return {
    tiers: [
      [candidate('A', { priority: 1 }), candidate('B', { priority: 2 }), candidate('C', { priority: 3 })],
    ],
    availability: () => READY,
    strategy: 'priority',
    randomTop: 3,
    memory: createSelectionMemory(),
    now: 0,
    random: () => 0,
    stickyMs: 300_000,
    ...changes,
  };
}

/** All but these are ready. */
function cooling(...names: readonly string[]): (candidate: Candidate) => Availability {
  return ({ provider }) => (names.includes(provider) ? COOLING : READY);
}

const names = (input: SelectionInput) =>
  orderCandidates(input)
    .order.map((each) => each.provider)
    .join('');

/** Who goes first in each of `count` requests. */
function firsts(input: SelectionInput, count: number): string {
  return Array.from({ length: count }, () => orderCandidates(input).order[0]?.provider ?? '-').join('');
}

/** A generator of chance that repeats from its seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
const tierOf = (given: readonly number[], route = '*') =>
  given.map((weight, index) => candidate(`P${index}`, { weight, priority: index, route }));
const availabilities = fc.constantFrom<Availability>(
  READY,
  { kind: 'trial_due' },
  { kind: 'trial_running' },
  COOLING,
  { kind: 'disabled' },
);

describe('the order of the candidates', () => {
  const anySelection = fc.record({
    strategy: fc.constantFrom(...STRATEGIES),
    first: weights,
    second: weights,
    states: fc.array(availabilities, { minLength: 12, maxLength: 12 }),
    seed: fc.nat(),
    requests: fc.integer({ min: 1, max: 8 }),
    session: fc.option(fc.constantFrom('s1', 's2'), { nil: undefined }),
    served: fc.integer({ min: 0, max: 5 }),
  });

  function build(given: typeof anySelection extends fc.Arbitrary<infer T> ? T : never): SelectionInput {
    const second = tierOf(given.second, 'other').map((each) => ({ ...each, model: 'another' }));
    const tiers = [tierOf(given.first), second];
    const all = tiers.flat();
    const input = selection({
      tiers,
      strategy: given.strategy,
      random: seeded(given.seed),
      session: given.session,
      availability: (each) => given.states[all.indexOf(each)] ?? READY,
    });
    const provider = `P${given.served}`;
    remember(input.memory.affinity, {
      session: given.session,
      route: '*',
      provider,
      at: 0,
      preferred: provider,
    });
    return input;
  }

  it('names every candidate exactly once, and nobody who cools before one who may be chosen', () => {
    fc.assert(
      fc.property(anySelection, (given) => {
        const input = build(given);
        for (let request = 0; request < given.requests; request++) {
          const { order } = orderCandidates(input);
          expect(new Set(order)).toEqual(new Set(input.tiers.flat()));
          expect(order).toHaveLength(input.tiers.flat().length);
          const open = order.map((each) => ['ready', 'trial_due'].includes(input.availability(each).kind));
          expect(open).toEqual(open.toSorted((a, b) => Number(b) - Number(a)));
        }
      }),
    );
  });

  it('is the same again from the same seed and history', () => {
    fc.assert(
      fc.property(anySelection, (given) => {
        const run = () => {
          const input = build(given);
          return Array.from({ length: given.requests }, () => orderCandidates(input));
        };
        expect(run()).toEqual(run());
      }),
    );
  });

  it('offers the next route only behind whoever is left of the first one', () => {
    const tiers = [[candidate('A', { route: 'opus' })], [candidate('B', { priority: 0 })]];
    expect(names(selection({ tiers }))).toBe('AB');
    expect(orderCandidates(selection({ tiers, availability: cooling('A') }))).toMatchObject({
      order: [{ provider: 'B' }, { provider: 'A' }],
      reason: 'priority; nobody of route "opus" is available, next route "*"',
    });
  });

  it('is by priority, and says so, when nobody is available', () => {
    const nobody = selection({ availability: () => COOLING, strategy: 'round_robin' });
    expect(orderCandidates(nobody).reason).toBe('nobody is available: by priority');
    expect(names(nobody)).toBe('ABC');
    expect(orderCandidates(selection({ tiers: [] })).order).toEqual([]);
  });

  it('leaves the turn alone for those who only look on', () => {
    for (const strategy of ['round_robin', 'weighted_round_robin'] as const) {
      const input = selection({ strategy });
      expect(firsts({ ...input, takesTurn: false }, 3)).toBe('AAA');
      expect(firsts(input, 3)).toBe('ABC');
    }
  });
});

describe('priority', () => {
  it('goes up the priorities, ties in file order, whatever the order of the list', () => {
    const tiers = [[candidate('C', { priority: 9 }), candidate('A'), candidate('B')]];
    expect(names(selection({ tiers }))).toBe('ABC');
    expect(orderCandidates(selection({ tiers })).reason).toBe('priority');
  });

  it('gives a provider its trial in its place', () => {
    const availability = (each: Candidate): Availability =>
      each.provider === 'A' ? { kind: 'trial_due' } : READY;
    expect(names(selection({ availability }))).toBe('ABC');
  });
});

describe('round robin', () => {
  it('puts each first in turn, the rest by priority', () => {
    const input = selection({ strategy: 'round_robin' });
    expect([names(input), names(input), names(input), names(input)]).toEqual(['ABC', 'BAC', 'CAB', 'ABC']);
    expect(orderCandidates(input).reason).toBe('round robin');
  });

  it('visits all eligible ones equally, wherever in the cycle it begins', () => {
    const sizes = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(
        sizes,
        fc.nat({ max: 20 }),
        fc.array(fc.nat({ max: 7 })),
        fc.integer({ min: 1, max: 4 }),
        (size, before, out, rounds) => {
          const input = selection({ tiers: [tierOf(Array<number>(size).fill(1))], strategy: 'round_robin' });
          firsts(input, before);
          const cooled = out.map((index) => `P${index}`);
          const left = Array.from({ length: size }, (_, index) => `P${index}`).filter(
            (name) => !cooled.includes(name),
          );
          fc.pre(left.length > 0);
          const availability = cooling(...cooled);
          const visits = Array.from(
            { length: left.length * rounds },
            () => orderCandidates({ ...input, availability }).order[0]?.provider,
          );
          for (const name of left) expect(visits.filter((visit) => visit === name)).toHaveLength(rounds);
        },
      ),
    );
  });

  it('goes on for the others when one cools, and lets it in again when it returns', () => {
    const input = selection({ strategy: 'round_robin' });
    expect(firsts(input, 2)).toBe('AB');
    expect(firsts({ ...input, availability: cooling('A') }, 4)).toBe('CBCB');
    expect(firsts(input, 4)).toBe('ACBA');
  });

  it('keeps a turn for each route', () => {
    const input = selection({ strategy: 'round_robin' });
    const tiers = [['A', 'B'].map((name) => candidate(name, { route: 'haiku' }))];
    expect(firsts(input, 1) + firsts({ ...input, tiers }, 2) + firsts(input, 2)).toBe('AABBC');
  });

  it('starves nobody where models of one route have different providers', () => {
    const input = selection({ strategy: 'round_robin' });
    const few = { ...input, tiers: [input.tiers.flat().slice(0, 2)] };
    const visits = Array.from({ length: 30 }, () => firsts(few, 1) + firsts(input, 1)).join('');
    for (const name of ['A', 'B', 'C']) expect(visits.split(name).length - 1).toBeGreaterThanOrEqual(15);
  });
});

describe('weighted round robin', () => {
  it('chooses each exactly as often as its weight says in every cycle', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (given, cycles) => {
        const input = selection({ tiers: [tierOf(given)], strategy: 'weighted_round_robin' });
        const cycle = given.reduce((sum, weight) => sum + weight, 0);
        for (let count = 0; count < cycles; count++) {
          const visits = Array.from({ length: cycle }, () => orderCandidates(input).order[0]?.provider);
          given.forEach((weight, index) => {
            expect(visits.filter((visit) => visit === `P${index}`)).toHaveLength(weight);
          });
        }
      }),
    );
  });

  it('spreads the heavy one over the cycle instead of serving it in a row', () => {
    const tiers = [[candidate('A', { weight: 5 }), candidate('B'), candidate('C')]];
    expect(firsts(selection({ tiers, strategy: 'weighted_round_robin' }), 7)).toBe('AABACAA');
  });

  it('shares by weight among those who are left', () => {
    const tiers = [[candidate('A', { weight: 5 }), candidate('B', { weight: 2 }), candidate('C')]];
    const input = selection({ tiers, strategy: 'weighted_round_robin', availability: cooling('A') });
    expect(firsts(input, 6)).toBe('BCBBCB');
  });

  it('keeps its books by the configuration, not by the model names that clients invent', () => {
    const input = selection({ strategy: 'weighted_round_robin' });
    for (let index = 0; index < 100; index++) {
      const tiers = [['A', 'B'].map((name) => candidate(name, { model: `invented-${index}` }))];
      orderCandidates({ ...input, tiers });
    }
    expect(input.memory.turns.runningWeights.get('*')?.size).toBe(2);
  });

  it('gives a turn to each place of a provider that a route names twice', () => {
    const tiers = [[candidate('A', { model: 'x' }), candidate('A', { model: 'y' })]];
    for (const strategy of ['round_robin', 'weighted_round_robin'] as const) {
      const input = selection({ tiers, strategy });
      const models = Array.from({ length: 4 }, () => orderCandidates(input).order[0]?.model).join('');
      expect(models).toBe('xyxy');
    }
  });
});

describe('random', () => {
  const four = [['A', 'B', 'C', 'D'].map((name, index) => candidate(name, { priority: index }))];

  it('is uniform among the first few by priority that may be chosen', () => {
    const counts = new Map<string, number>();
    const input = selection({
      tiers: four,
      strategy: 'random',
      random: seeded(7),
      availability: cooling('A'),
    });
    for (const name of firsts({ ...input, randomTop: 2 }, 10_000))
      counts.set(name, (counts.get(name) ?? 0) + 1);
    expect([...counts.keys()].toSorted()).toEqual(['B', 'C']);
    for (const count of counts.values()) expect(Math.abs(count - 5_000)).toBeLessThan(250);
  });

  it('leaves the rest behind by priority', () => {
    const input = selection({ tiers: four, strategy: 'random', random: () => 0.99 });
    expect(names(input)).toBe('CABD');
    expect(names({ ...input, randomTop: 0 })).toBe('ABCD');
    expect(names({ ...input, randomTop: 9 })).toBe('DABC');
  });
});
