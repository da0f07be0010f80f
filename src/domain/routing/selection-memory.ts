import { type AffinityMemory, createAffinityMemory } from './affinity.ts';
import { createTurnMemory, type TurnMemory } from './strategies.ts';

/** What selection remembers from one request to the next. One for each running balancer; it outlives a reload. */
export interface SelectionMemory {
  readonly affinity: AffinityMemory;
  readonly turns: TurnMemory;
}

/** @param limits `sessions`: how many sessions' affinity is kept; the longest unused leaves first. */
export function createSelectionMemory(
  limits: { readonly sessions: number } = { sessions: 10_000 },
): SelectionMemory {
  return { affinity: createAffinityMemory(limits.sessions), turns: createTurnMemory() };
}
