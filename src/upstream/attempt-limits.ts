import type { AttemptControl, Stage } from './attempt-types.ts';
import type { Limits } from './watchdog.ts';

/** Times of `docs/failures.md`, ms. */
const HURRIED_START_MS = 15_000;
const HIDDEN_THINKING_MS = 600_000;
const ERROR_BODY_MS = 10_000;

/**
 * The limits that hold while an attempt waits.
 *
 * @param sent whether its request is on its way: waiting for a connection and connecting have limits of their own
 */
export function limitsOf(stage: Stage, params: AttemptControl['params'], sent: boolean): Limits {
  const { timeouts, asksStream, hurried, endpoint } = params;
  if (endpoint !== 'messages') return { totalMs: timeouts.countMs };
  const { connectMs, poolMs, firstContentMs, readMs } = timeouts.streaming;
  switch (stage) {
    case 'start':
      if (!asksStream) return { totalMs: timeouts.nonStreaming.readMs };
      if (hurried) return { totalMs: HURRIED_START_MS };
      return { totalMs: sent ? firstContentMs : connectMs + poolMs + firstContentMs };
    case 'content':
      return { totalMs: HIDDEN_THINKING_MS, gapMs: readMs };
    case 'gap':
      return { gapMs: readMs };
    case 'message':
      return { totalMs: timeouts.nonStreaming.readMs };
    case 'error_body':
      return { totalMs: ERROR_BODY_MS };
  }
}
