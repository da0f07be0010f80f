import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError } from '../../src/simulator/errors.ts';

/** Behaviours that many tests of cooldowns use. */

export const DOWN: Behaviour = { kind: 'http', status: 500 };
export const GOOD: Behaviour = { kind: 'message' };
export const SILENCE: Behaviour = { kind: 'break', fault: 'silence' };
export const HELD: Behaviour = { kind: 'message', hold: 'before_content' };
export const HELD_AT_END: Behaviour = { kind: 'message', hold: 'before_last' };

/** A 429 that names its time. */
export function limited(seconds: number): Behaviour {
  return apiError(429, 'rate_limit_error', 'wait', { 'retry-after': String(seconds) });
}
