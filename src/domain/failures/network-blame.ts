import type { Failure } from './outcome.ts';

/**
 * Whether the machine's own network failed rather than a provider (`offline` of `docs/failures.md`): every candidate
 * tried in a round, at two hosts or more, failed quickly with a code that speaks of the way, not of the other end.
 */

const CODES_OF_THE_WAY: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETDOWN',
]);
const QUICK_MS = 2_000;

/** A failure that may turn out to be the machine's own: its blame waits for the rest of the round. */
export function mayBeOffline(failure: Failure, durationMs: number): boolean {
  return (
    failure.kind === 'unreachable' &&
    failure.code !== undefined &&
    CODES_OF_THE_WAY.has(failure.code) &&
    durationMs <= QUICK_MS
  );
}

/** The failure as nobody's fault. */
export function asOffline(failure: Failure): Failure {
  return { ...failure, kind: 'offline', detail: `${failure.detail} (this machine's network)` };
}
