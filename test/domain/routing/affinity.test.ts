import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Availability } from '../../../src/domain/health/availability.ts';
import {
  affinityOf,
  createAffinityMemory,
  forgetStays,
  remember,
} from '../../../src/domain/routing/affinity.ts';
import type { Candidate } from '../../../src/domain/routing/candidate.ts';
import { orderCandidates, type Selection } from '../../../src/domain/routing/selection.ts';
import { createSelectionMemory } from '../../../src/domain/routing/selection-memory.ts';
import type { SelectionStrategy } from '../../../src/domain/settings/settings.ts';
import { candidate } from '../../support/routing-samples.ts';

const STICKY_MS = 300_000;

interface Request {
  readonly at: number;
  readonly session?: string;
  /** Who cools at that moment. */
  readonly cooling?: readonly string[];
  /** Who is well, and has no room. */
  readonly full?: readonly string[];
  /** Who fails although it is chosen. */
  readonly failing?: readonly string[];
  /** Sent and never answered. */
  readonly lost?: boolean;
}

/** A small balancer around selection: sends requests one after the other, remembers who served them. */
function balancer(strategy: SelectionStrategy, tiers: readonly (readonly Candidate[])[]) {
  const memory = createSelectionMemory();
  const route = tiers[0]?.[0]?.route ?? '';

  function order(request: Request): Selection {
    const availability = ({ provider }: Candidate): Availability => {
      if (request.cooling?.includes(provider))
        return { kind: 'cooling', until: request.at + 1, basis: 'suspicion', cause: 'stalled' };
      return request.full?.includes(provider) ? { kind: 'full', inFlight: 1, limit: 1 } : { kind: 'ready' };
    };
    const { session, at: now } = request;
    const random = () => 0;
    return orderCandidates({
      tiers,
      availability,
      strategy,
      randomTop: 3,
      memory,
      session,
      now,
      random,
      stickyMs: STICKY_MS,
    });
  }

  function send(request: Request): string {
    const { order: candidates, reason, passedOver } = order(request);
    const unable = [...(request.failing ?? []), ...(request.full ?? [])];
    const served = candidates.find(({ provider }) => !unable.includes(provider))?.provider ?? '';
    const preferred = candidates[0]?.provider ?? '';
    if (request.lost !== true && (passedOver === undefined || passedOver === served)) {
      remember(memory.affinity, {
        session: request.session,
        route,
        provider: served,
        at: request.at,
        preferred,
      });
    }
    return `${served}: ${reason}`;
  }

  return { memory, send, order };
}

const A = candidate('A', { priority: 1 });
const B = candidate('B', { priority: 2 });
const C = candidate('C', { priority: 3 });
const STAYS = 'affinity to this session';
const RETURNED = 'returned to the preferred provider';

describe('affinity of a session', () => {
  it('keeps each session with its provider while the strategy spreads the sessions', () => {
    const { send } = balancer('round_robin', [[A, B, C]]);
    const sessions = ['s1', 's2', 's3', 's4'];
    expect(sessions.map((session) => send({ at: 0, session }))).toEqual([
      'A: round robin',
      'B: round robin',
      'C: round robin',
      'A: round robin',
    ]);
    expect(sessions.map((session) => send({ at: 1_000, session }))).toEqual(
      ['A', 'B', 'C', 'A'].map((name) => `${name}: ${STAYS}`),
    );
    expect(send({ at: 2_000, session: 's5' })).toBe('B: round robin');
  });

  it('lasts until the time has passed since the last request, which each request renews', () => {
    const { send } = balancer('weighted_round_robin', [[A, B]]);
    send({ at: 0, session: 's1' });
    expect(send({ at: STICKY_MS - 1, session: 's1' })).toBe(`A: ${STAYS}`);
    expect(send({ at: 2 * STICKY_MS - 2, session: 's1' })).toBe(`A: ${STAYS}`);
    expect(send({ at: 3 * STICKY_MS - 2, session: 's1' })).toBe('B: weighted round robin');
  });

  it('is renewed also by a request that is sent and never answered, but not set by one', () => {
    const { send } = balancer('round_robin', [[A, B]]);
    send({ at: 0, session: 's1' });
    send({ at: STICKY_MS - 1, session: 's1', lost: true });
    expect(send({ at: STICKY_MS + 1, session: 's1' })).toBe(`A: ${STAYS}`);
    expect(send({ at: STICKY_MS + 1, session: 's2', lost: true })).toBe('B: round robin');
    expect(send({ at: STICKY_MS + 1, session: 's2' })).toBe('A: round robin');
  });

  it('is kept for each route apart', () => {
    const { memory } = balancer('priority', []);
    remember(memory.affinity, { session: 's1', route: 'opus', provider: 'A', at: 0, preferred: 'A' });
    expect(affinityOf(memory.affinity, { session: 's1', route: 'haiku' }, 1, STICKY_MS)).toBeUndefined();
    expect(affinityOf(memory.affinity, { session: 's1', route: 'opus' }, 1, STICKY_MS)?.provider).toBe('A');
  });

  it('is broken by a cooldown, and is there again if nobody else served the session meanwhile', () => {
    const { send } = balancer('round_robin', [[A, B, C]]);
    send({ at: 0, session: 's1' });
    expect(send({ at: 1_000, session: 's1', cooling: ['A'], lost: true })).toBe('B: round robin');
    expect(send({ at: 2_000, session: 's1' })).toBe(`A: ${STAYS}`);
    expect(send({ at: 3_000, session: 's1', cooling: ['A'] })).toBe('C: round robin');
    expect(send({ at: 4_000, session: 's1' })).toBe(`C: ${STAYS}`);
  });

  it('puts nobody first whom the routes do not name', () => {
    const { memory, send } = balancer('priority', [[A, B]]);
    remember(memory.affinity, { session: 's1', route: '*', provider: 'gone', at: 0, preferred: 'gone' });
    expect(send({ at: 1, session: 's1' })).toBe('A: priority');
  });

  it('is off with a time of 0', () => {
    const memory = createAffinityMemory(10);
    remember(memory, { session: 's1', route: '*', provider: 'A', at: 5, preferred: 'A' });
    expect(affinityOf(memory, { session: 's1', route: '*' }, 5, 0)).toBeUndefined();
  });
});

describe('the return to a preferred provider', () => {
  it('comes that long after the move, however busy the session is', () => {
    const { send } = balancer('priority', [[A, B]]);
    const session = 's1';
    expect(send({ at: 0, session })).toBe('A: priority');
    expect(send({ at: 1_000, session, failing: ['A'] })).toBe(`B: ${STAYS}`);
    for (let at = 2_000; at < STICKY_MS + 1_000; at += 1_000)
      expect(send({ at, session })).toBe(`B: ${STAYS}`);
    expect(send({ at: STICKY_MS + 1_000, session })).toBe(`A: ${RETURNED}`);
    expect(send({ at: STICKY_MS + 2_000, session })).toBe(`A: ${STAYS}`);
  });

  it('waits for the preferred one while that cools', () => {
    const { send } = balancer('priority', [[A, B]]);
    for (let at = 0; at <= 3 * STICKY_MS; at += 60_000) send({ at, session: 's1', cooling: ['A'] });
    expect(send({ at: 3 * STICKY_MS + 1, session: 's1' })).toBe(`A: ${RETURNED}`);
  });

  it('is a new move if the preferred one fails once more', () => {
    const { send } = balancer('priority', [[A, B]]);
    const session = 's1';
    send({ at: 0, session, failing: ['A'] });
    send({ at: STICKY_MS - 1, session });
    expect(send({ at: STICKY_MS, session, failing: ['A'] })).toBe(`B: ${RETURNED}`);
    expect(send({ at: STICKY_MS + 60_000, session })).toBe(`B: ${STAYS}`);
    expect(send({ at: 2 * STICKY_MS - 1, session })).toBe(`B: ${STAYS}`);
    expect(send({ at: 2 * STICKY_MS, session })).toBe(`A: ${RETURNED}`);
  });

  it('never happens between equal priorities, nor under the strategies that spread', () => {
    const equals = balancer('priority', [[A, candidate('B', { priority: 1 })]]);
    const spread = balancer('round_robin', [[A, B]]);
    for (const { send } of [equals, spread]) {
      send({ at: 0, session: 's1', failing: ['A'] });
      for (let at = 60_000; at < 4 * STICKY_MS; at += 60_000) {
        expect(send({ at, session: 's1' })).toBe(`B: ${STAYS}`);
      }
    }
  });

  it('also leads back from a later route, under any strategy', () => {
    for (const strategy of ['priority', 'round_robin'] as const) {
      const { send } = balancer(strategy, [[candidate('A', { route: 'opus' })], [B]]);
      const session = 's1';
      expect(send({ at: 0, session, cooling: ['A'] })).toMatch(/^B: .*next route "\*"$/);
      expect(send({ at: STICKY_MS - 1, session })).toBe(`B: ${STAYS}`);
      expect(send({ at: STICKY_MS, session })).toBe(`A: ${RETURNED}`);
    }
  });

  it('is made by every busy session within twice the time, whatever happened before', () => {
    const step = fc.record({
      gap: fc.integer({ min: 1, max: STICKY_MS - 1 }),
      cooling: fc.subarray(['A', 'B']),
      failing: fc.subarray(['A', 'B']),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { send } = balancer('priority', [[A, B, C]]);
        const session = 's1';
        let at = 0;
        for (const { gap, ...state } of steps) {
          at += gap;
          send({ at, session, ...state });
        }
        let last = '';
        for (const end = at + 2 * STICKY_MS; at <= end; at += 50_000) last = send({ at, session });
        expect(last).toMatch(/^A: /);
      }),
    );
  });
});

describe('affinity to a provider that is full', () => {
  it('passes it over, and stays: the session is back as soon as there is room', () => {
    const { send } = balancer('priority', [[A, B, C]]);
    send({ at: 0, session: 's', cooling: ['A'] });
    expect(send({ at: 1, session: 's', full: ['B'] })).toBe('A: B, where it belongs, is full: priority');
    expect(send({ at: 2, session: 's', full: ['B'] })).toBe('A: B, where it belongs, is full: priority');
    expect(send({ at: 3, session: 's' })).toBe(`B: ${STAYS}`);
  });

  it('puts it first, for when it has room, whoever is asked meanwhile', () => {
    const { send, order } = balancer('round_robin', [[A, B, C]]);
    send({ at: 0, session: 's' });
    const one = order({ at: 1, session: 's', full: ['A'] });
    expect(one.order.map(({ provider }) => provider)).toEqual(['A', 'B', 'C']);
    expect(one.passedOver).toBe('A');
    const all = order({ at: 1, session: 's', full: ['A', 'B', 'C'] });
    expect(all).toMatchObject({ order: [A, B, C], passedOver: 'A' });
  });

  it('puts it before all others that are full too', () => {
    const { send, order } = balancer('priority', [[A, B, C]]);
    send({ at: 0, session: 's', cooling: ['A', 'B'] });
    expect(order({ at: 1, session: 's', full: ['A', 'B', 'C'] }).order).toEqual([C, A, B]);
  });

  it('lasts only its time: whoever serves the session then keeps it', () => {
    const { send } = balancer('priority', [[A, B, C]]);
    send({ at: 0, session: 's', cooling: ['A', 'B'] });
    for (let at = 1_000; at < STICKY_MS; at += 1_000) send({ at, session: 's', full: ['A', 'C'] });
    expect(send({ at: STICKY_MS, session: 's', full: ['A', 'C'] })).toBe('B: priority');
    expect(send({ at: STICKY_MS + 1, session: 's', full: ['A'] })).toBe(`B: ${STAYS}`);
  });

  it('lets those who know none go elsewhere, and stay there', () => {
    const { send } = balancer('priority', [[A, B, C]]);
    expect(send({ at: 0, session: 's', full: ['A'] })).toBe('B: priority');
    expect(send({ at: 1, session: 's' })).toBe(`B: ${STAYS}`);
  });

  it('does not lead a session back to a preferred one that is full', () => {
    const { send } = balancer('priority', [[A, B]]);
    send({ at: 0, session: 's', cooling: ['A'] });
    for (let at = 1_000; at < STICKY_MS; at += 1_000) send({ at, session: 's' });
    expect(send({ at: STICKY_MS, session: 's', full: ['A'] })).toBe(`B: ${STAYS}`);
    expect(send({ at: STICKY_MS + 1, session: 's' })).toBe(`A: ${RETURNED}`);
  });
});

describe('affinity without a session', () => {
  const LAST = "affinity to the route's last provider";

  it("prefers the route's last successful provider for as long, by the same rule of return", () => {
    const { send } = balancer('priority', [[A, B]]);
    expect(send({ at: 0, failing: ['A'] })).toBe('B: priority');
    expect(send({ at: STICKY_MS - 1 })).toBe(`B: ${LAST}`);
    expect(send({ at: STICKY_MS })).toBe(`A: ${RETURNED}`);
    expect(send({ at: STICKY_MS + 1 })).toBe(`A: ${LAST}`);
  });

  it('does not keep the other strategies from spreading', () => {
    const { send } = balancer('round_robin', [[A, B]]);
    expect([0, 1, 2].map((at) => send({ at }))).toEqual([
      'A: round robin',
      'B: round robin',
      'A: round robin',
    ]);
  });

  it('is not moved by sessions, nor moves them', () => {
    const { send } = balancer('priority', [[A, B]]);
    send({ at: 0, session: 's1', failing: ['A'] });
    expect(send({ at: 1 })).toBe('A: priority');
    expect(send({ at: 2, session: 's1' })).toBe(`B: ${STAYS}`);
  });

  it('is what an absurdly long or empty session name gets', () => {
    const { memory, send } = balancer('priority', [[A, B]]);
    send({ at: 0, session: 'x'.repeat(10_000), failing: ['A'] });
    expect(memory.affinity.sessions.size).toBe(0);
    expect(send({ at: 1, session: '' })).toBe(`B: ${LAST}`);
  });
});

describe('forgetting affinities', () => {
  const memoryWith = () => {
    const memory = createAffinityMemory(10);
    const served = { provider: 'A', preferred: 'A' };
    remember(memory, { ...served, session: 'old', route: 'r', at: 0 });
    remember(memory, { ...served, session: 'both', route: 'r', at: 0 });
    remember(memory, { ...served, session: 'both', route: 's', at: STICKY_MS });
    remember(memory, { ...served, session: 'new', route: 'r', at: STICKY_MS });
    remember(memory, { ...served, route: 'r', at: 0 });
    return memory;
  };
  const known = (memory: ReturnType<typeof memoryWith>, session: string | undefined, route: string) =>
    affinityOf(memory, { session, route }, STICKY_MS, Number.POSITIVE_INFINITY)?.provider;

  it('takes those that no request would follow any more, and counts who has none left', () => {
    const memory = memoryWith();
    expect(forgetStays(memory, STICKY_MS, STICKY_MS, false)).toBe(2);
    expect([known(memory, 'old', 'r'), known(memory, undefined, 'r'), known(memory, 'both', 'r')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([known(memory, 'both', 's'), known(memory, 'new', 'r')]).toEqual(['A', 'A']);
  });

  it('by force takes all of them, whatever the clock says', () => {
    const memory = memoryWith();
    expect(forgetStays(memory, -1, STICKY_MS, true)).toBe(4);
    expect(known(memory, 'new', 'r')).toBeUndefined();
  });
});

describe('the bound of sessions', () => {
  it('lets the session go that was unused longest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.nat({ max: 12 })), (limit, sessions) => {
        const memory = createAffinityMemory(limit);
        sessions.forEach((session, at) => {
          remember(memory, { session: `s${session}`, route: '*', provider: 'A', at, preferred: 'A' });
        });
        const newest = [...new Set(sessions.toReversed())].slice(0, limit);
        expect(memory.sessions.size).toBe(newest.length);
        for (const session of newest) {
          const key = { session: `s${session}`, route: '*' };
          expect(affinityOf(memory, key, sessions.length, STICKY_MS)?.provider).toBe('A');
        }
      }),
    );
  });

  it('is ten thousand by default; beyond it the oldest hundred leave at once', () => {
    const { affinity } = createSelectionMemory();
    const serve = (index: number) =>
      remember(affinity, { session: `s${index}`, route: '*', provider: 'A', at: 0, preferred: 'A' });
    for (let index = 0; index < 10_000; index++) serve(index);
    expect(affinity.sessions.size).toBe(10_000);
    serve(10_000);
    expect(affinity.sessions.size).toBe(9_901);
    expect(affinityOf(affinity, { session: 's99', route: '*' }, 0, 1)).toBeUndefined();
    expect(affinityOf(affinity, { session: 's100', route: '*' }, 0, 1)?.provider).toBe('A');
  });
});
