import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configurationOf, parse, told } from './support.ts';

const file = (version: string) =>
  readFileSync(new URL(`../fixtures/config/${version}.yaml`, import.meta.url), 'utf8');

/** Path and rule of everything that is said about a file, in its order. */
const remarks = (version: string) =>
  parse(file(version)).diagnostics.flatMap(({ start, code, path }) =>
    start === 'silent' ? [] : [`${start} ${code} ${path}`],
  );

describe.each(['0.3.0', '0.5.0', '0.1.6', '0.1.7'])('a file of version %s', (version) => {
  test('loads', () => {
    expect(parse(file(version)).ok).toBe(true);
  });

  test('has no error in a check either', () => {
    expect(parse(file(version)).diagnostics.filter(({ check }) => check === 'error')).toEqual([]);
  });
});

test('0.3.0: what is not served any more is told once for each place', () => {
  expect(remarks('0.3.0')).toEqual([
    'warning retired-key providers[0].big_model',
    'warning retired-key providers[0].small_model',
    'warning retired-key providers[1].big_model',
    'warning retired-key providers[1].small_model',
    'warning not-served providers[2].type',
    'warning retired-key providers[2].big_model',
    'warning retired-key providers[2].small_model',
    'warning retired-key settings.request_timeout',
  ]);
});

test('0.5.0: providers, routes and settings mean what they meant', () => {
  const { providers, routes, settings } = configurationOf(file('0.5.0'));
  expect(providers.map(({ name, type, credential }) => [name, type, credential.kind])).toEqual([
    ['Claude Code Official', 'anthropic', 'api_key'],
    ['GAC', 'anthropic', 'api_key'],
    ['AnyRouter', 'anthropic', 'auth_token'],
    ['OpenRouter', 'openai', 'api_key'],
  ]);
  expect(routes[1]).toEqual({
    pattern: '*haiku*',
    targets: [
      { provider: 'GAC', model: 'passthrough', priority: 1, enabled: true },
      { provider: 'OpenRouter', model: 'anthropic/claude-3.5-haiku', priority: 2, enabled: true },
    ],
  });
  expect(settings).toMatchObject({ port: 8080, logLevel: 'info', resilience: { failureCooldownMs: 90_000 } });
  expect(remarks('0.5.0')).toEqual([
    'warning not-served providers[3].type',
    'warning retired-key settings.request_timeout',
    'warning retired-key settings.enable_deduplication',
  ]);
});

test('0.1.6: an enabled provider with an empty credential starts unused', () => {
  const { providers } = configurationOf(file('0.1.6'));
  expect(providers.map(({ credential }) => credential.kind)).toEqual([
    'api_key',
    'passthrough',
    'oauth',
    'missing',
  ]);
});

test('0.1.6: the lock that its documents show at the top level locks', () => {
  expect(configurationOf(file('0.1.6')).settings.auth).toMatchObject({
    enabled: true,
    apiKeys: ['your-key'],
  });
});

test('0.1.6: of its seven body patterns the one that matches every error is left out', () => {
  const { responseBodyPatterns } = configurationOf(file('0.1.6')).settings.unhealthy;
  expect(responseBodyPatterns).toHaveLength(6);
  expect(responseBodyPatterns.some((pattern) => pattern.test('{"detail": "现在没有可用token"}'))).toBe(true);
});

test('0.1.6: everything that is ignored is told with its reason', () => {
  expect(remarks('0.1.6')).toEqual([
    'warning not-served providers[2].auth_value',
    'warning empty-credential providers[3].auth_value',
    'warning old-boolean settings.unhealthy_reset_on_success',
    'warning body-pattern settings.unhealthy_response_body_patterns[4]',
    'warning retired-key settings.app_version',
    'warning retired-key settings.reload_includes',
  ]);
});

test('0.1.7: providers of one name are told apart by their account', () => {
  const { providers, routes } = configurationOf(file('0.1.7'));
  expect(providers.map(({ id }) => id)).toEqual([
    'Claude Code Official#one@mail.example',
    'Claude Code Official#two@mail.example',
    'GAC',
  ]);
  expect(routes.map(({ targets }) => targets.map(({ provider }) => provider))).toEqual([
    ['Claude Code Official#two@mail.example'],
    ['Claude Code Official#one@mail.example', 'Claude Code Official#two@mail.example', 'GAC'],
  ]);
});

test('a key with a new name is read under it', () => {
  const text =
    'providers: [{ name: a, base_url: "https://a.example", auth_value: k }]\nsettings:\n  idle_recovery_interval: 7\n';
  expect(configurationOf(text).settings.stickyProviderDurationMs).toBe(7000);
  expect(told(text)).toEqual([
    '3:3: warning: settings.idle_recovery_interval: an older name of `sticky_provider_duration`, read as that',
  ]);
});

test('the new name goes before the older one', () => {
  const text =
    'providers: [{ name: a, base_url: "https://a.example", auth_value: k }]\nsettings: { sticky_provider_duration: 5, idle_recovery_interval: 7 }\n';
  expect(configurationOf(text).settings.stickyProviderDurationMs).toBe(5000);
});
