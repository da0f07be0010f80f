import type { SelectionStrategy } from '../settings/settings.ts';
import type { Random } from '../time.ts';
import type { Candidate } from './candidate.ts';

/**
 * Whose turn it is, for each route, and in it for each of its places. Routes and places come from the configuration,
 * never from clients, so it stays as small as that.
 */
export interface TurnMemory {
  /** Round robin: the number of the turn in which each place was last chosen. */
  readonly lastTurns: Map<string, Map<string, number>>;
  /** Weighted round robin: each place's running weight. */
  readonly runningWeights: Map<string, Map<string, number>>;
}

/** What a strategy may look at. */
interface StrategyInput {
  /** Turns are kept under this name. */
  readonly route: string;
  /** All candidates of the route, by ascending priority. */
  readonly candidates: readonly Candidate[];
  /** Those of them that may be chosen now, in the same order. */
  readonly eligible: readonly Candidate[];
  readonly randomTop: number;
  readonly random: Random;
  readonly turns: TurnMemory;
  /** `false`: who would be chosen, without taking the turn. */
  readonly takesTurn: boolean;
}

interface NamedStrategy {
  /** Chooses who goes first, and takes the turn for it. The rest follows by priority. Nobody only of nobody. */
  readonly choose: (input: StrategyInput) => Candidate | undefined;
  /** For the decision trace. */
  readonly label: string;
}

/** The strategies of `selection_strategy`. */
export const STRATEGIES: Readonly<Record<SelectionStrategy, NamedStrategy>> = {
  priority: { choose: ({ eligible }) => eligible[0], label: 'priority' },
  round_robin: { choose: nextInTurn, label: 'round robin' },
  weighted_round_robin: { choose: nextByWeight, label: 'weighted round robin' },
  random: { choose: oneOfTheTop, label: 'random' },
};

export function createTurnMemory(): TurnMemory {
  return { lastTurns: new Map(), runningWeights: new Map() };
}

/**
 * Whoever was chosen longest ago; at first by priority. For a steady list that is its cycle; a provider that cools,
 * returns, or serves only some of the route's models does not start the turn over for the others.
 */
function nextInTurn({ route, candidates, eligible, turns, takesTurn }: StrategyInput): Candidate | undefined {
  const lastTurns = turns.lastTurns.get(route) ?? new Map<string, number>();
  const names = placeNames(candidates);
  let chosen: Candidate | undefined;
  let longestAgo = Number.POSITIVE_INFINITY;
  for (const candidate of eligible) {
    const turn = lastTurns.get(nameOf(candidate, names)) ?? 0;
    if (turn >= longestAgo) continue;
    chosen = candidate;
    longestAgo = turn;
  }
  if (chosen !== undefined && takesTurn) {
    lastTurns.set(nameOf(chosen, names), Math.max(0, ...lastTurns.values()) + 1);
    turns.lastTurns.set(route, lastTurns);
  }
  return chosen;
}

/**
 * Smooth weighted round robin: everyone eligible gains its weight, the richest is chosen and pays the sum of all. Over
 * a cycle (the sum of the weights) each is chosen exactly as often as its weight says, spread evenly.
 */
function nextByWeight({
  route,
  candidates,
  eligible,
  turns,
  takesTurn,
}: StrategyInput): Candidate | undefined {
  const running = new Map(turns.runningWeights.get(route));
  const names = placeNames(candidates);
  let total = 0;
  let chosen: Candidate | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of eligible) {
    const name = nameOf(candidate, names);
    const gained = (running.get(name) ?? 0) + candidate.weight;
    running.set(name, gained);
    total += candidate.weight;
    if (gained <= most) continue;
    chosen = candidate;
    most = gained;
  }
  if (chosen !== undefined && takesTurn) {
    running.set(nameOf(chosen, names), most - total);
    turns.runningWeights.set(route, running);
  }
  return chosen;
}

function oneOfTheTop({ eligible, randomTop, random }: StrategyInput): Candidate | undefined {
  const top = Math.max(1, Math.min(randomTop, eligible.length));
  return eligible[Math.floor(random() * top)];
}

/**
 * A candidate's turns are kept under its provider, as its model may be a name that the client invented. Where a route
 * names a provider several times, its second, third … place has a name of its own, found here.
 */
function placeNames(candidates: readonly Candidate[]): ReadonlyMap<Candidate, string> {
  const names = new Map<Candidate, string>();
  const counts = new Map<string, number>();
  for (const candidate of candidates) {
    const count = (counts.get(candidate.provider) ?? 0) + 1;
    counts.set(candidate.provider, count);
    if (count > 1) names.set(candidate, `${candidate.provider} (place ${count})`);
  }
  return names;
}

function nameOf(candidate: Candidate, names: ReadonlyMap<Candidate, string>): string {
  return names.get(candidate) ?? candidate.provider;
}
