import type { BalancerEventType } from './events.ts';
import type { LogLine } from './log-line.ts';

/** Events under the names that the older products gave them, where they had one. docs/logs.md shows the same table. */
export const OLDER_NAMES: Readonly<Partial<Record<BalancerEventType, string>>> = {
  'request.received': 'request_received',
  'request.attempt_failed': 'provider_request_error',
  'request.rejected': 'request_failure',
};

/** By how a request ended; who left it half way had no name. */
export const OLDER_ENDINGS: Readonly<Record<string, string>> = {
  served: 'request_completed',
  local: 'count_tokens_fallback',
  refused: 'request_failure',
  broken: 'request_failure',
  faulted: 'request_failure',
  exhausted: 'all_providers_failed',
};

/** By the state that a provider came to. `healthy` is told apart by its rule. */
export const OLDER_STATES: Readonly<Record<string, string>> = {
  cooling: 'provider_marked_unhealthy',
  degraded: 'provider_health_error_recorded',
};

/** The name that an older product would have given to a line's event; undefined: it had none. */
export function olderName({ event, data, message }: LogLine): string | undefined {
  switch (event) {
    case 'request.ended':
      return OLDER_ENDINGS[String(data.result)];
    case 'health.changed':
      return data.to === 'healthy' ? healed(String(data.rule)) : OLDER_STATES[String(data.to)];
    case 'auth.refused':
      return refused(message);
    default:
      return OLDER_NAMES[event];
  }
}

function healed(rule: string): string {
  return rule.startsWith('quiet')
    ? 'provider_health_error_count_timeout_reset'
    : 'provider_health_error_count_reset';
}

function refused(message: string): string {
  if (message.includes('Invalid API key')) return 'auth_invalid_token';
  return message.includes('asks for an API key') ? 'auth_missing_token' : 'auth_failed';
}
