import { describe, expect, it } from 'vitest';
import { asOffline, mayBeOffline } from '../../../src/domain/failures/network-blame.ts';
import { failure } from '../../support/health-samples.ts';

describe('a failure that may be this machine’s own network', () => {
  it.each(['ENETUNREACH', 'EHOSTUNREACH', 'EAI_AGAIN', 'ENOTFOUND'])('is %s within 2 s', (code) => {
    const failed = failure('unreachable', { code });
    expect(mayBeOffline(failed, 0)).toBe(true);
    expect(mayBeOffline(failed, 2_000)).toBe(true);
    expect(mayBeOffline(failed, 2_001)).toBe(false);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'CERT_HAS_EXPIRED'])(
    'is not %s: the other end spoke, or was slow',
    (code) => {
      expect(mayBeOffline(failure('unreachable', { code }), 10)).toBe(false);
    },
  );

  it('is no other outcome, and none without a code', () => {
    expect(mayBeOffline(failure('stalled', { code: 'ENETUNREACH' }), 10)).toBe(false);
    expect(mayBeOffline(failure('unreachable'), 10)).toBe(false);
  });

  it('becomes nobody’s fault with its facts kept', () => {
    const failed = failure('unreachable', { code: 'EAI_AGAIN', phase: 'connect', detail: 'no such name' });
    expect(asOffline(failed)).toEqual({
      kind: 'offline',
      code: 'EAI_AGAIN',
      phase: 'connect',
      detail: "no such name (this machine's network)",
    });
  });
});
