import { describe, expect, it } from 'vitest';
import type { BalancerEvent } from '../../src/telemetry/events.ts';
import { observeAll } from '../../src/telemetry/observe.ts';
import { isSecretName, redactDeep } from '../../src/telemetry/redaction.ts';

const EVENT: BalancerEvent = { type: 'server.stopped' };

describe('observer', () => {
  it('hands an event to everyone, also after one has thrown, and tells who', () => {
    const seen: string[] = [];
    const failures: unknown[] = [];
    const error = new Error('first');
    const observe = observeAll(
      [
        () => {
          throw error;
        },
        (event) => seen.push(event.type),
      ],
      (failure) => failures.push(failure),
    );
    observe(EVENT);
    expect(seen).toEqual(['server.stopped']);
    expect(failures).toEqual([error]);
  });

  it('cannot throw, even if reporting the failure fails', () => {
    const fail = () => {
      throw new Error('always');
    };
    expect(() => observeAll([fail], fail)(EVENT)).not.toThrow();
  });
});

describe('redaction', () => {
  const keep = (text: string) => text;

  it('knows the names of secrets in any spelling', () => {
    const names = [
      'x-api-key',
      'X-Api-Key',
      'api_key',
      'Authorization',
      'auth_value',
      'refreshToken',
      'Cookie',
    ];
    expect(names.every(isSecretName)).toBe(true);
    expect(['model', 'inputTokens', 'session', 'key'].some(isSecretName)).toBe(false);
  });

  it('strikes values out under secret names, at any depth and in flat header lists', () => {
    const value = {
      headers: ['accept', '*/*', 'Authorization', 'Bearer abc'],
      deep: [{ provider: { auth_value: 'abc', name: 'GAC' } }],
    };
    expect(redactDeep(value, keep)).toEqual({
      headers: ['accept', '*/*', 'Authorization', '***'],
      deep: [{ provider: { auth_value: '***', name: 'GAC' } }],
    });
  });

  it('applies the value filter to every text and leaves the rest alone', () => {
    const value = { a: 'k1', b: 2, c: [true, null, 'k1'] };
    expect(redactDeep(value, (text) => text.replace('k1', '*'))).toEqual({
      a: '*',
      b: 2,
      c: [true, null, '*'],
    });
  });
});
