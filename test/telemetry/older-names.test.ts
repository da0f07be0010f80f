import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BalancerEvent, HealthChanged, RequestEnded } from '../../src/telemetry/events.ts';
import { logLine } from '../../src/telemetry/log-line.ts';
import { OLDER_ENDINGS, OLDER_NAMES, OLDER_STATES, olderName } from '../../src/telemetry/older-names.ts';
import { ONE_OF_EACH, SERVED } from './events.ts';

const nameOf = (event: BalancerEvent) => olderName(logLine(event, 0));

function change(to: string, rule: string): HealthChanged {
  return { type: 'health.changed', provider: 'A', scope: 'provider', from: 'degraded', to, rule };
}

describe('the older name of an event', () => {
  it('is that of how a request ended', () => {
    const ended = (result: RequestEnded['result']) => nameOf({ ...SERVED, result });
    expect(
      (['served', 'exhausted', 'refused', 'broken', 'faulted', 'local', 'cancelled'] as const).map(ended),
    ).toEqual([
      'request_completed',
      'all_providers_failed',
      'request_failure',
      'request_failure',
      'request_failure',
      'count_tokens_fallback',
      undefined,
    ]);
  });

  it('is that of what became of a provider, and by which rule it healed', () => {
    expect(nameOf(change('cooling', '2nd counted failure'))).toBe('provider_marked_unhealthy');
    expect(nameOf(change('degraded', '1st counted failure'))).toBe('provider_health_error_recorded');
    expect(nameOf(change('healthy', 'a success'))).toBe('provider_health_error_count_reset');
    expect(nameOf(change('healthy', 'quiet since its last failure'))).toBe(
      'provider_health_error_count_timeout_reset',
    );
    expect(nameOf(change('trial', 'its cooldown is over'))).toBeUndefined();
  });

  it('is that of why somebody was not let in', () => {
    const refused = (reason: string) => nameOf({ type: 'auth.refused', requestId: 'r', path: '/', reason });
    expect(refused('Invalid API key.')).toBe('auth_invalid_token');
    expect(refused('This balancer asks for an API key: send it.')).toBe('auth_missing_token');
    expect(refused('HOST_NOT_ALLOWED: The host name is not known.')).toBe('auth_failed');
  });

  it('is absent for what the older products had no name for', () => {
    const unnamed = ONE_OF_EACH.filter((event) => nameOf(event) === undefined).map(({ type }) => type);
    expect(unnamed).toContain('server.listening');
    expect(unnamed).not.toContain('request.received');
  });

  it('stands in docs/logs.md, every one of them', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'logs.md'), 'utf8');
    for (const tables of [OLDER_NAMES, OLDER_ENDINGS, OLDER_STATES])
      for (const [ours, older] of Object.entries(tables)) {
        const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${ours}\``));
        expect(row, ours).toContain(`\`${older}\``);
      }
    for (const { type } of ONE_OF_EACH) expect(page).toContain(`\`${type}\``);
  });
});
