import type { Candidate } from './candidate.ts';
import type { SelectionStrategy } from './settings.ts';
import type { Random } from './time.ts';

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
export interface StrategyInput {
  /** Turns are kept under this name. */
  readonly route: string;
  /** The candidates of the route that may be chosen now, by ascending priority. */
  readonly eligible: readonly Place[];
  readonly randomTop: number;
  readonly random: Random;
  readonly turns: TurnMemory;
  /** `false`: who would be chosen, without taking the turn. */
  readonly takesTurn: boolean;
}

/** A candidate with the name under which its turns are kept: its own model may be one that the client chose. */
export interface Place {
  readonly name: string;
  readonly candidate: Candidate;
}

interface NamedStrategy {
  /** Chooses who goes first, and takes the turn for it. The rest follows by priority. Nobody only of nobody. */
  readonly choose: (input: StrategyInput) => Candidate | undefined;
  /** For the decision trace. */
  readonly label: string;
}

/** The strategies of `selection_strategy`. */
export const STRATEGIES: Readonly<Record<SelectionStrategy, NamedStrategy>> = {
  priority: { choose: ({ eligible }) => eligible[0]?.candidate, label: 'priority' },
  round_robin: { choose: nextInTurn, label: 'round robin' },
  weighted_round_robin: { choose: nextByWeight, label: 'weighted round robin' },
  random: { choose: oneOfTheTop, label: 'random' },
};

export function createTurnMemory(): TurnMemory {
  return { lastTurns: new Map(), runningWeights: new Map() };
}

/** Names a route's candidates: the provider, and where it stands there several times, its first, second, … place. */
export function placesOf(candidates: readonly Candidate[]): readonly Place[] {
  const counts = new Map<string, number>();
  return candidates.map((candidate) => {
    const count = (counts.get(candidate.provider) ?? 0) + 1;
    counts.set(candidate.provider, count);
    return { name: `${count}:${candidate.provider}`, candidate };
  });
}

/**
 * Whoever was chosen longest ago; at first by priority. For a steady list that is its cycle; a provider that cools,
 * returns, or serves only some of the route's models does not start the turn over for the others.
 */
function nextInTurn({ route, eligible, turns, takesTurn }: StrategyInput): Candidate | undefined {
  const lastTurns = turns.lastTurns.get(route) ?? new Map<string, number>();
  let chosen: Place | undefined;
  let longestAgo = Number.POSITIVE_INFINITY;
  for (const place of eligible) {
    const turn = lastTurns.get(place.name) ?? 0;
    if (turn >= longestAgo) continue;
    chosen = place;
    longestAgo = turn;
  }
  if (chosen !== undefined && takesTurn) {
    lastTurns.set(chosen.name, Math.max(0, ...lastTurns.values()) + 1);
    turns.lastTurns.set(route, lastTurns);
  }
  return chosen?.candidate;
}

/**
 * Smooth weighted round robin: everyone eligible gains its weight, the richest is chosen and pays the sum of all. Over
 * a cycle (the sum of the weights) each is chosen exactly as often as its weight says, spread evenly.
 */
function nextByWeight({ route, eligible, turns, takesTurn }: StrategyInput): Candidate | undefined {
  const running = new Map(turns.runningWeights.get(route));
  let total = 0;
  let chosen: Place | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const place of eligible) {
    const { weight } = place.candidate;
    const gained = (running.get(place.name) ?? 0) + weight;
    running.set(place.name, gained);
    total += weight;
    if (gained <= most) continue;
    chosen = place;
    most = gained;
  }
  if (chosen !== undefined && takesTurn) {
    running.set(chosen.name, most - total);
    turns.runningWeights.set(route, running);
  }
  return chosen?.candidate;
}

function oneOfTheTop({ eligible, randomTop, random }: StrategyInput): Candidate | undefined {
  const top = Math.max(1, Math.min(randomTop, eligible.length));
  return eligible[Math.floor(random() * top)]?.candidate;
}
