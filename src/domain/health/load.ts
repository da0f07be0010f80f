import type { Availability, Full } from './availability.ts';

/**
 * A candidate's availability with what its provider's limit adds to its health: over it the candidate is passed over,
 * and that is no failure. One that cools is told as cooling still, but must not be tried for want of others either.
 *
 * @param full undefined: there is room, or no limit
 */
export function withLoad(availability: Availability, full: Full | undefined): Availability {
  if (full === undefined) return availability;
  switch (availability.kind) {
    case 'ready':
    case 'trial_due':
      return { kind: 'full', ...full };
    case 'cooling':
    case 'trial_running':
      return { ...availability, full };
    case 'full':
    case 'disabled':
      return availability;
  }
}

/** Whether a slot is all that it lacks: it could be tried, or could be for want of others. */
export function lacksOnlyRoom(availability: Availability): boolean {
  switch (availability.kind) {
    case 'full':
      return true;
    case 'cooling':
      return availability.full !== undefined && availability.basis !== 'window';
    case 'trial_running':
      return availability.full !== undefined && availability.desperate !== true;
    default:
      return false;
  }
}
