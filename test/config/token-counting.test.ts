import { describe, expect, test } from 'vitest';
import { changedSettings } from '../../src/config/changed-settings.ts';
import { diffConfigurations } from '../../src/config/diff.ts';
import type { Configuration } from '../../src/domain/settings/settings.ts';
import { olderFile } from './older-fixtures.ts';
import { configurationOf, GOOD_PROVIDER, told } from './support.ts';

const text = (counting: string): string => `${GOOD_PROVIDER}settings:\n  token_counting: ${counting}\n`;
const countMs = ({ providers }: Configuration) => providers.map(({ timeouts }) => timeouts.countMs);

describe('token_counting', () => {
  test('names no threshold and no cooldown unless the file does', () => {
    for (const counting of ['', '{}', '{ always_use_local: false, failure_threshold: }']) {
      const configuration = configurationOf(text(counting));
      expect(configuration.settings.tokenCounting).toEqual({ alwaysLocal: false });
      expect(countMs(configuration)).toEqual([10_000]);
    }
  });

  test('is taken over key by key, in seconds', () => {
    expect(configurationOf(text('{ api_failure_cooldown: 0.5 }')).settings.tokenCounting).toEqual({
      alwaysLocal: false,
      failureCooldownMs: 500,
    });
    expect(configurationOf(text('{ failure_threshold: 1 }')).settings.tokenCounting).toEqual({
      alwaysLocal: false,
      failureThreshold: 1,
    });
    expect(configurationOf(text('{ always_use_local: yes }')).settings.tokenCounting.alwaysLocal).toBe(true);
    expect(countMs(configurationOf(text('{ timeout_override: 2.5 }')))).toEqual([2500]);
  });

  test('of a file of 0.1.7 is served as it stands', () => {
    const configuration = configurationOf(olderFile('0.1.7'));
    expect(configuration.settings.tokenCounting).toEqual({
      alwaysLocal: false,
      failureThreshold: 2,
      failureCooldownMs: 300_000,
    });
    expect(new Set(countMs(configuration))).toEqual(new Set([10_000]));
    expect(told(olderFile('0.1.7'), 'check').filter((line) => line.includes('token_counting'))).toEqual([]);
  });

  test('that does not fit is told of where it stands', () => {
    const counting =
      '{ api_failure_cooldown: -1, failure_threshold: 0, always_use_local: never, timeout_override: 0, cooldown: 3 }';
    expect(told(text(counting))).toEqual([
      '6:43: error: settings.token_counting.api_failure_cooldown: this value does not fit: found -1, expected a number of seconds from 0 up to 2147483',
      '6:66: error: settings.token_counting.failure_threshold: this value does not fit: found 0, expected a whole number from 1 up to 1000000',
      '6:87: error: settings.token_counting.always_use_local: this value does not fit: found "never", expected true or false',
      '6:112: error: settings.token_counting.timeout_override: this value does not fit: found 0, expected a number of seconds above 0 up to 2147483',
      '6:115: warning: settings.token_counting.cooldown: this key is not known; it is ignored',
    ]);
  });

  test('is told by its name where a reload changes it, and leaves what was learnt of providers', () => {
    const before = configurationOf(text('{}'));
    const after = configurationOf(text('{ failure_threshold: 5, timeout_override: 3 }'));
    expect(changedSettings(before.settings, after.settings)).toEqual(['token_counting']);
    expect(diffConfigurations(before, after)).toMatchObject({
      changed: [{ keys: ['timeouts'], identityChanged: false }],
      restart: [],
    });
  });
});
