import type { ShownHeader } from '../domain/inspection/inspection.ts';
import { mayHoldSecret } from '../domain/secrets/client-secrets.ts';

/**
 * Headers for people to look at. A list of what may be shown, not of what may not: a secret that nobody has thought of
 * stays hidden. Of the others the name is told.
 */

const SHOWN: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'age',
  'cache-control',
  'cf-cache-status',
  'cf-ray',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'openai-model',
  'openai-processing-ms',
  'openai-version',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'server',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'x-app',
  'x-balancer-attempts',
  'x-balancer-cache',
  'x-balancer-provider',
  'x-balancer-request-id',
  'x-cache',
  'x-claude-code-agent-id',
  'x-claude-code-session-id',
  'x-envoy-upstream-service-time',
  'x-provider',
  'x-request-id',
  'x-should-retry',
]);

const SHOWN_PREFIXES = ['anthropic-', 'x-ratelimit-', 'ratelimit-', 'x-stainless-'] as const;

/** A longer value is cut. */
const LONGEST = 1_000;

/** A flat list (name, value, …) with the values that may be shown. */
export function shownHeaders(headers: readonly string[], redact: (text: string) => string): ShownHeader[] {
  const shown: ShownHeader[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = redact((headers[at] ?? '').slice(0, 200)).toLowerCase();
    const value = headers[at + 1] ?? '';
    shown.push([name, mayBeShown(name) ? redact(value).slice(0, LONGEST) : null]);
  }
  return shown;
}

function mayBeShown(name: string): boolean {
  if (SHOWN.has(name)) return true;
  // Numbers of tokens are no secret.
  if (/^(?:anthropic|x)-ratelimit-/.test(name)) return true;
  // Names that begin so and would be shown, but for what else is in them.
  const isHidden = mayHoldSecret(name) || name.includes('organization');
  return SHOWN_PREFIXES.some((prefix) => name.startsWith(prefix)) && !isHidden;
}
