import { describe, expect, it } from 'vitest';
import { afterCutShort } from '../../src/domain/health/cooldown.ts';
import { HEALTHY, type Verdict } from '../../src/domain/health/health.ts';
import { HEALTHY_PROVIDER } from '../../src/domain/health/provider-health.ts';
import { encodeState, parseState, restoreState } from '../../src/engine/state-codec.ts';
import { configurationOf } from '../support/msw-bench.ts';

const POLICY = {
  failureCooldownMs: 60_000,
  maxCooldownMs: 1_800_000,
  unhealthyThreshold: 2,
  unhealthyResetOnSuccess: true,
  unhealthyResetTimeoutMs: 300_000,
};
const HOUR_MS = 3_600_000;

function provider() {
  const [only] = configurationOf({
    providers: [{ name: 'only', type: 'anthropic', base_url: 'http://x', auth_value: 'sk-123456' }],
  }).providers;
  if (only === undefined) throw new Error('no provider');
  return only;
}

describe('a cooldown that was kept before the clock was set back', () => {
  it('is repeated as long as it was when its trial is cut short', () => {
    const then = 1_700_000_000_000;
    const now = then - HOUR_MS;
    const cooling = { since: then, until: then + 60_000, basis: 'suspicion', cause: 'stalled' } as const;
    const health = { ...HEALTHY_PROVIDER, provider: { ...HEALTHY, failures: 2, trips: 1, cooling } };
    const kept = encodeState([{ provider: provider(), health, disabledByHand: false }], 'salt');
    const restored = restoreState(parseState(JSON.stringify(kept)), provider(), now)?.health.provider;
    expect(restored?.cooling?.until).toBe(now + 60_000);

    const at = now + 75_000;
    const trial = { attemptId: 'r#1', desperate: false, committed: false };
    const failure = { kind: 'stalled', phase: 'headers', detail: 'slow', cutShort: true } as const;
    const verdict: Verdict = {
      attemptId: 'r#1',
      requestId: 'r',
      mode: 'trial',
      sequence: 1,
      latestSequence: 1,
      at,
      outcome: failure,
      chance: 0.5,
    };
    const after = afterCutShort({ ...HEALTHY, ...restored, trial }, verdict, failure, POLICY);
    expect(after.cooling?.until).toBe(at + 60_000);
  });
});
