import { describe, expect, test } from 'vitest';
import { changedSettings } from '../../src/config/changed-settings.ts';
import { SettingsSchema } from '../../src/config/schema-settings.ts';
import type { Settings } from '../../src/domain/settings/settings.ts';
import { configurationOf } from './support.ts';

const settings = (text: string): Settings =>
  configurationOf(
    `providers:\n  - { name: a, base_url: "https://a.example", auth_value: k }\nsettings: { ${text} }\n`,
  ).settings;

describe('changed settings', () => {
  test('are none between equal ones', () => {
    expect(changedSettings(settings('log_level: ERROR'), settings('log_level: ERROR'))).toEqual([]);
  });

  test('have the names that the file has for them', () => {
    const after = settings(
      'log_level: ERROR, hold_while_cooling: 5, unhealthy_http_codes: [418], max_attempts: 1, port: 9, state_file: x',
    );
    expect([...changedSettings(settings(''), after)].sort()).toEqual([
      'hold_while_cooling',
      'log_level',
      'max_attempts',
      'port',
      'state_file',
      'unhealthy_http_codes',
    ]);
  });

  test.each([
    ['cache: { routes: { "*haiku*": 5 } }', 'cache: { routes: { "*haiku*": 6 } }', ['cache']],
    ['cache: { routes: { "*haiku*": 5 } }', 'cache: { routes: { "*opus*": 5 } }', ['cache']],
    ['cache: { routes: { a: 5, b: 6 } }', 'cache: { routes: { b: 6, a: 5 } }', []],
  ])('of routes: from %s to %s', (before, after, names) => {
    expect(changedSettings(settings(before), settings(after))).toEqual(names);
  });

  test('are told by name alone: a key of the balancer is no name', () => {
    const names = changedSettings(
      settings(''),
      settings('auth: { enabled: true, api_keys: [secret-key-1] }'),
    );
    expect(names).toEqual(['auth']);
  });

  test('are all keys of the file, whichever they are', () => {
    const before = settings('');
    const other = Object.fromEntries(
      Object.entries(before).map(([key, value]) => [
        key,
        key === 'resilience' || key === 'unhealthy' || key === 'cache'
          ? Object.fromEntries(Object.keys(value as object).map((name) => [name, 'another']))
          : 'another',
      ]),
    ) as unknown as Settings;
    const names = changedSettings(before, other);
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !(name in SettingsSchema.entries))).toEqual([]);
  });
});
