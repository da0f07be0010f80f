import { describe, expect, test } from 'vitest';
import { olderFile } from './older-fixtures.ts';
import { configurationOf, parse, told } from './support.ts';

const UPSTREAM = 'upstreams:\n  - { name: a, base_url: "https://a.example", token: k }\n';

describe('a file of aiproxy', () => {
  const { providers, routes, settings } = configurationOf(olderFile('aiproxy'));

  test('is balanced by weight, with three failures and half an hour', () => {
    expect(routes).toEqual([]);
    expect(settings.selectionStrategy).toBe('weighted_round_robin');
    expect(settings.resilience).toMatchObject({
      unhealthyThreshold: 3,
      failureCooldownMs: 1_800_000,
      failoverBelowThreshold: true,
    });
  });

  test('listens where it said', () => {
    expect([settings.host, settings.port]).toEqual(['0.0.0.0', 8642]);
  });

  test('gives every upstream as a provider that gets its token as x-api-key', () => {
    expect(providers.map(({ id, baseUrl, credential, weight }) => [id, baseUrl, credential, weight])).toEqual(
      [
        ['strong', 'https://strong.example', { kind: 'api_key', value: 'sk-strong' }, 10],
        [
          'nameless.example:8443',
          'https://nameless.example:8443/api',
          { kind: 'api_key', value: 'sk-nameless' },
          1,
        ],
        [
          'nameless.example:8443-2',
          'https://nameless.example:8443/other',
          { kind: 'api_key', value: 'sk-other' },
          1,
        ],
        ['strong-2', 'https://again.example', { kind: 'api_key', value: 'sk-again' }, 1],
      ],
    );
  });

  test('keeps models and the wish for streams', () => {
    expect(providers[0]?.modelMappings).toEqual({ 'claude-haiku-4-5': 'claude-haiku-4-5-20251001' });
    expect(providers[0]?.availableModels).toEqual(['claude-haiku-4-5', 'claude-opus-4-5']);
    expect(providers.map(({ mustStream }) => mustStream)).toEqual([false, true, false, false]);
  });
});

describe('a later file of aiproxy', () => {
  const { providers, settings } = configurationOf(olderFile('aiproxy after January 2026'));

  test('has a provider for each token, and every upstream keeps its share', () => {
    expect(providers.map(({ id, weight }) => [id, weight])).toEqual([
      ['several-1', 6],
      ['several-2', 6],
      ['several-3', 6],
      ['single', 12],
      ['chat', 3],
      ['google', 3],
      ['codes', 3],
    ]);
    expect(providers.slice(0, 4).map(({ credential }) => 'value' in credential && credential.value)).toEqual([
      'sk-one',
      'sk-two',
      'sk-three',
      'sk-single',
    ]);
    expect(providers.slice(0, 3).map(({ headers }) => headers)).toEqual(
      Array(3).fill({ 'x-team': 'platform' }),
    );
  });

  test('keeps the types that there are and disables the others', () => {
    expect(providers.slice(3).map(({ type, enabled, baseUrl }) => [type, enabled, baseUrl])).toEqual([
      ['anthropic', true, 'https://single.example'],
      ['openai', true, 'https://chat.example/v1'],
      ['anthropic', false, 'https://google.example'],
      ['anthropic', false, 'https://unusable.invalid'],
    ]);
  });

  test('locks the door with all its keys, logs to its file, and waits as long', () => {
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 8642,
      auth: { enabled: true, apiKeys: ['door-one', 'door-two'] },
      logFilePath: 'logs/aiproxy.log',
      logMaxBytes: 50 * 1024 * 1024,
      logMaxFiles: 3,
    });
    expect(providers[0]?.timeouts.streaming.readMs).toBe(60_000);
    expect(providers[0]?.timeouts.nonStreaming.readMs).toBe(45_000);
  });
});

describe('where it listens', () => {
  test.each([
    ['', '127.0.0.1', 8080],
    ['listen: ":9000"', '127.0.0.1', 9000],
    ['listen: 9000', '127.0.0.1', 9000],
    ['listen: "0.0.0.0:9000"', '0.0.0.0', 9000],
    ['listen: "[::1]:9000"', '::1', 9000],
    ['bind: "::1"', '::1', 8080],
    ['bind: ""\nlisten: ""', '127.0.0.1', 8080],
    ['bind: 10.0.0.1\nlisten: ":http"', '10.0.0.1', 8080],
    ['listen: ":99999"', '127.0.0.1', 8080],
  ])('with %j', (lines, host, port) => {
    const { settings } = configurationOf(`${lines}\n${UPSTREAM}`);
    expect([settings.host, settings.port]).toEqual([host, port]);
  });

  test('a port that is none is warned of at its place', () => {
    expect(told(`listen: ":http"\n${UPSTREAM}`)).toContain(
      '1:9: warning: listen: no port; 8080 counts: expected a port as in ":8080"',
    );
  });
});

test('mistakes are told at their places with the names that stand there', () => {
  const text =
    'upstreams:\n  - base_url: "ftp://a.example"\n    token: k\n  - { name: b, base_url: "https://b.example", token: "" }\n  - { name: c, base_url: "https://c.example", token: k, weight: heavy }\n';
  const lines = told(text);
  expect(lines).toContain(
    '2:15: warning: upstreams[0].base_url: this provider is not used: its base_url is not an address that can be used',
  );
  expect(lines).toContain(
    '4:54: warning: upstreams[1].token: this provider is not used: it has no credential',
  );
  expect(lines).toContain(
    '5:65: error: upstreams[2].weight: this value does not fit: found "heavy", expected a whole number from 1 up to 10000',
  );
});

test('an upstream without an address is a provider that is not used', () => {
  const text = `${UPSTREAM}  - { name: b, token: k }\n`;
  expect(configurationOf(text).providers.map(({ id, enabled }) => [id, enabled])).toEqual([
    ['a', true],
    ['b', false],
  ]);
  expect(told(text, 'check')).toEqual([
    '3:5: warning: upstreams[1]: this provider is not used: it has no base_url',
  ]);
});

test('weights beyond the largest are the largest', () => {
  const text = 'upstreams:\n  - { name: a, base_url: "https://a.example", token: k, weight: 50000 }\n';
  expect(configurationOf(text).providers[0]?.weight).toBe(10_000);
});

test('upstreams that share a mapping through an anchor keep what is theirs', () => {
  const { providers } = configurationOf(
    'x-all: &all { token: k, http_headers: { x-a: b } }\nupstreams:\n  - { <<: *all, name: a, base_url: "https://a.example" }\n  - { <<: *all, name: b, base_url: "https://b.example", token: own }\n',
  );
  expect(providers.map(({ credential, headers }) => [credential, headers])).toEqual([
    [{ kind: 'api_key', value: 'k' }, { 'x-a': 'b' }],
    [{ kind: 'api_key', value: 'own' }, { 'x-a': 'b' }],
  ]);
});

test('a file with providers is none of aiproxy’s, whatever else it holds', () => {
  const text = `providers: [{ name: a, base_url: "https://a.example", auth_value: k }]\nupstreams: []\nbind: x\n`;
  expect(parse(text).dialect).toBe('today’s form');
});
