import type { Availability } from '../health/availability.ts';
import type { SelectionStrategy } from '../settings/settings.ts';
import type { Random } from '../time.ts';
import { type AffinityKey, affinityOf, isKnownSession, renew } from './affinity.ts';
import type { Candidate } from './candidate.ts';
import type { SelectionMemory } from './selection-memory.ts';
import { STRATEGIES } from './strategies.ts';

export interface SelectionInput {
  /** From routing: the matching routes' candidates, first route first. */
  readonly tiers: readonly (readonly Candidate[])[];
  /** A candidate's health at this moment. Asked once each. */
  readonly availability: (candidate: Candidate) => Availability;
  readonly strategy: SelectionStrategy;
  readonly randomTop: number;
  readonly memory: SelectionMemory;
  /** The client's session, if it named one. */
  readonly session?: string | undefined;
  /** Wall clock, ms. */
  readonly now: number;
  readonly random: Random;
  /** How long affinity lasts after the last request; 0: none. */
  readonly stickyMs: number;
  /** `false` leaves turns and affinity as they are: for side requests and for looking on. Default true. */
  readonly takesTurn?: boolean;
}

/** The whole failover order: every candidate once, those that may be tried now before all others. */
export interface Selection {
  readonly order: readonly Candidate[];
  /** Why the first one is first, in words; of those that have room. */
  readonly reason: string;
  /**
   * The provider that the affinity points to, where it is only full: it stands first, for when it has room, and the
   * affinity stays with it whoever else serves this request.
   */
  readonly passedOver?: string;
}

/**
 * Orders a request's candidates. To be asked once a request: it takes the route's turn and renews the affinity.
 *
 * The strategy rules over the first tier that has anybody; the rest follows by tier and priority. Affinity goes before
 * the strategy. A session leaves its provider when that one is not available, when `stickyMs` passed since its last
 * request, or – so that nobody stays on a fallback all day – when `stickyMs` passed since it moved there and a
 * preferred one can be had: an earlier route's, or under `priority` one with a lower number. It does not leave one that
 * is only full: that one is passed over.
 */
export function orderCandidates(input: SelectionInput): Selection {
  const tiers = input.tiers.map((tier) => standingsOf(tier, input));
  const inUse = tiers.findIndex((tier) => tier.eligible.length > 0);
  const tier = tiers[inUse];
  const affinity = affinityChoice(input, tiers);
  if (tier === undefined) return unavailable(tiers, affinity);
  if (affinity.kind === 'stay') {
    return { order: orderBehind(affinity.candidate, tiers), reason: affinity.reason };
  }
  const { choose, label } = STRATEGIES[input.strategy];
  const chosen = choose({
    turns: input.memory.turns,
    takesTurn: input.takesTurn ?? true,
    randomTop: input.randomTop,
    random: input.random,
    ...tier,
  });
  const skipped = skippedRoutes(tiers.slice(0, inUse), tier);
  if (affinity.kind === 'full') {
    const reason = `${affinity.candidate.provider}, where it belongs, is full: ${label}${skipped}`;
    return behindFull(affinity.candidate, orderBehind(chosen, tiers), reason);
  }
  const reason = affinity.kind === 'return' ? 'returned to the preferred provider' : label;
  return { order: orderBehind(chosen, tiers), reason: reason + skipped };
}

function unavailable(tiers: readonly Tier[], affinity: AffinityChoice): Selection {
  const order = tiers.flatMap((each) => each.candidates);
  return affinity.kind === 'full'
    ? behindFull(affinity.candidate, order, 'nobody is available: affinity, then by priority')
    : { order, reason: 'nobody is available: by priority' };
}

/** A session whose provider is full waits for that one first, and loses nothing by being served elsewhere. */
function behindFull(home: Candidate, others: readonly Candidate[], reason: string): Selection {
  const order = [home, ...others.filter((candidate) => candidate !== home)];
  return { order, reason, passedOver: home.provider };
}

/** Whether a request may choose it now: it is ready, or its trial is due. */
function isEligible(availability: Availability): boolean {
  return availability.kind === 'ready' || availability.kind === 'trial_due';
}

/** One tier as it stands now; its lists by ascending priority. */
interface Tier {
  readonly route: string;
  readonly candidates: readonly Candidate[];
  readonly eligible: readonly Candidate[];
  readonly unavailable: readonly Candidate[];
  /** Those of the unavailable that lack nothing but room. */
  readonly full: readonly Candidate[];
}

function standingsOf(given: readonly Candidate[], { availability }: SelectionInput): Tier {
  const candidates = byPriority(given);
  const route = given[0]?.route ?? '';
  // Mostly all are well, and there may be hundreds: no list of them is made but where one is not.
  let eligible: Candidate[] | undefined;
  const unavailable: Candidate[] = [];
  const full: Candidate[] = [];
  for (let at = 0; at < candidates.length; at += 1) {
    const candidate = candidates[at];
    if (candidate === undefined) break;
    const standing = availability(candidate);
    if (isEligible(standing)) {
      eligible?.push(candidate);
      continue;
    }
    eligible ??= candidates.slice(0, at);
    unavailable.push(candidate);
    if (standing.kind === 'full') full.push(candidate);
  }
  return { route, candidates, eligible: eligible ?? candidates, unavailable, full };
}

/** Routing delivers them sorted: with hundreds of providers it pays to look first. */
function byPriority(candidates: readonly Candidate[]): readonly Candidate[] {
  let lowest = Number.NEGATIVE_INFINITY;
  for (const { priority } of candidates) {
    if (priority < lowest) return candidates.toSorted((a, b) => a.priority - b.priority);
    lowest = priority;
  }
  return candidates;
}

type AffinityChoice =
  | { readonly kind: 'none' }
  | { readonly kind: 'stay'; readonly candidate: Candidate; readonly reason: string }
  /** It would stay, but has to be passed over for want of room. */
  | { readonly kind: 'full'; readonly candidate: Candidate }
  | { readonly kind: 'return' };

function affinityChoice(input: SelectionInput, tiers: readonly Tier[]): AffinityChoice {
  const { memory, session, strategy, now, stickyMs } = input;
  const named = isKnownSession(session);
  // Without a session only `priority` keeps to its last provider: the other strategies are there to spread.
  if (!named && strategy !== 'priority') return { kind: 'none' };
  const key: AffinityKey = { session, route: tiers[0]?.route ?? '' };
  const stay = affinityOf(memory.affinity, key, now, stickyMs);
  if (stay === undefined) return { kind: 'none' };

  const candidate = eligibleOf(stay.provider, tiers);
  if (candidate === undefined) {
    const full = tiers.flatMap((tier) => tier.full).find(({ provider }) => provider === stay.provider);
    return full === undefined ? { kind: 'none' } : { kind: 'full', candidate: full };
  }
  const mayLeave = now - stay.since >= stickyMs;
  if (mayLeave && hasPreferred(candidate, tiers, strategy)) return { kind: 'return' };
  if (input.takesTurn !== false) renew(memory.affinity, key, now);
  const reason = named ? 'affinity to this session' : "affinity to the route's last provider";
  return { kind: 'stay', candidate, reason };
}

function eligibleOf(provider: string, tiers: readonly Tier[]): Candidate | undefined {
  for (const { eligible } of tiers) {
    const found = eligible.find((candidate) => candidate.provider === provider);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Equal priorities are equally good: no session leaves its prompt cache for the order in a file. */
function hasPreferred(candidate: Candidate, tiers: readonly Tier[], strategy: SelectionStrategy): boolean {
  const best = tiers.find((tier) => tier.eligible.length > 0)?.eligible ?? [];
  if (!best.includes(candidate)) return best.length > 0;
  return strategy === 'priority' && (best[0]?.priority ?? candidate.priority) < candidate.priority;
}

function orderBehind(first: Candidate | undefined, tiers: readonly Tier[]): readonly Candidate[] {
  const [only] = tiers;
  const isAsGiven = tiers.length === 1 && only?.unavailable.length === 0 && only.candidates[0] === first;
  if (isAsGiven) return only.candidates;
  const order: Candidate[] = first === undefined ? [] : [first];
  for (const { eligible } of tiers) {
    for (const candidate of eligible) if (candidate !== first) order.push(candidate);
  }
  for (const { unavailable } of tiers) order.push(...unavailable);
  return order;
}

function skippedRoutes(skipped: readonly Tier[], inUse: Tier): string {
  if (skipped.length === 0) return '';
  const names = skipped.map((tier) => `"${tier.route}"`).join(', ');
  return `; nobody of route ${names} is available, next route "${inUse.route}"`;
}
