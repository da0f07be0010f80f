import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** Told of each macrostep of an actor; `before` and `event` are absent at its start. What it throws is dropped. */
export type TransitionReport = (
  after: AnyMachineSnapshot,
  before?: AnyMachineSnapshot,
  event?: AnyEventObject,
) => void;

/**
 * A chart that behaves as the given one and reports what it does. Not by XState's `inspect`: that builds several objects
 * for each event of each actor, a tenth of all that a request costs, and an observer that throws wedges the actor.
 */
export function inspected<Logic extends AnyStateMachine>(chart: Logic, report: TransitionReport): Logic {
  const told: TransitionReport = (after, before, event) => {
    try {
      report(after, before, event);
    } catch {
      // What is observed must not notice that its observer failed.
    }
  };
  // The chart itself stays as it is for others.
  const watched = Object.create(chart) as Logic;
  watched.transition = (snapshot, event, scope) => {
    const after = chart.transition(snapshot, event, scope);
    told(after, snapshot, event);
    return after;
  };
  watched.getInitialSnapshot = (scope, input) => {
    const first = chart.getInitialSnapshot(scope, input);
    told(first);
    return first;
  };
  return watched;
}

/** A state as one word: `active.attempting`; parallel ones would be joined by `|`. */
export function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  let name = '';
  for (const outer in value as Record<string, unknown>) {
    const inner = stateName((value as Record<string, unknown>)[outer]);
    name += `${name === '' ? '' : '|'}${outer}${inner === '' ? '' : `.${inner}`}`;
  }
  return name;
}

/** The keys whose values are others. */
export function changedKeys(before: object, after: object): readonly string[] {
  if (before === after) return [];
  const known = before as Record<string, unknown>;
  const keys: string[] = [];
  for (const [key, value] of Object.entries(after)) if (known[key] !== value) keys.push(key);
  return keys;
}
