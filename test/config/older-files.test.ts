import { describe, expect, test } from 'vitest';
import { OLDER_FILES, olderFile } from './older-fixtures.ts';
import { configurationOf, parse, told } from './support.ts';

const PROVIDER = 'providers: [{ name: a, base_url: "https://a.example", auth_value: k }]\n';

describe.each(Object.entries(OLDER_FILES))('a file of %s', (name, { dialect, said }) => {
  const result = parse(olderFile(name));

  test('loads, and its form is known', () => {
    expect(result.ok).toBe(true);
    expect(result.dialect).toBe(dialect);
  });

  test('has no error in a check either', () => {
    expect(result.diagnostics.filter(({ check }) => check === 'error')).toEqual([]);
  });

  test('is told of exactly so', () => {
    const remarks = result.diagnostics.flatMap(({ start, check, code, path }) =>
      check === 'silent' ? [] : [`${check}${start === 'warning' ? '!' : ''} ${code} ${path}`],
    );
    expect(remarks).toEqual(said);
  });

  test('is told of at the places where it says so', () => {
    const lines = olderFile(name).split('\n');
    for (const { place, path, code } of result.diagnostics) {
      if (code === 'older-file') continue;
      const key = /([\w-]+)[^\w-]*$/.exec(path)?.[1] ?? '';
      const around = lines.slice(Math.max(0, (place?.line ?? 0) - 2), place?.line).join('\n');
      expect(/^\d+$/.test(key) || around.includes(key), `${path} at line ${place?.line}`).toBe(true);
    }
  });

  test('is told once at a start to be older, with the way to mend it', () => {
    const notes = result.diagnostics.filter(({ code }) => code === 'older-file');
    expect(notes.map(({ start, check, message }) => [start, check, message])).toEqual([
      ['note', 'silent', `read as a file of ${dialect}`],
    ]);
  });
});

test('a file of today is one of today’s form', () => {
  expect(parse(PROVIDER).dialect).toBe('today’s form');
  expect(told(PROVIDER)).toEqual([]);
});

test('what is no mapping has today’s form, and broken text none', () => {
  expect(parse('- a\n').dialect).toBe('today’s form');
  expect(parse('a: [\n').dialect).toBeUndefined();
});

describe('0.3.0', () => {
  test('Haiku goes to the small model, Opus, Sonnet and what is unknown to the big one, in the file’s order', () => {
    const { routes } = configurationOf(olderFile('0.3.0'));
    expect(routes.map(({ pattern }) => pattern)).toEqual(['*opus*', '*sonnet*', '*haiku*', '*']);
    const models = routes.map(({ targets }) => targets.map(({ model }) => model));
    const big = ['claude-3-5-sonnet-20241022', 'passthrough', 'google/gemini-2.5-pro-preview'];
    expect(models).toEqual([
      big,
      big,
      ['claude-3-5-haiku-20241022', 'claude-3-5-haiku-20241022', 'google/gemini-2.0-flash-lite-001'],
      big,
    ]);
    for (const { targets } of routes) {
      expect(targets.map(({ provider, priority, enabled }) => [provider, priority, enabled])).toEqual([
        ['anthropic_official', 1, true],
        ['claude_provider_custom', 2, false],
        ['openrouter', 3, true],
      ]);
    }
  });

  test('its one timeout is that of reading, and a minute at least for streams', () => {
    const { providers } = configurationOf(olderFile('0.3.0'));
    expect(providers[0]?.timeouts.streaming.readMs).toBe(60_000);
    expect(providers[0]?.timeouts.nonStreaming.readMs).toBe(30_000);
  });

  test('providers that keep every name need no routes', () => {
    const text =
      'providers:\n  - { name: a, base_url: "https://a.example", auth_value: k, big_model: passthrough, small_model: passthrough }\n';
    expect(configurationOf(text).routes).toEqual([]);
    expect(parse(text).dialect).toBe('balancer 0.3.0');
  });

  test('of two providers with one name the first serves', () => {
    const one = (key: string) =>
      `  - { name: a, base_url: "https://${key}.example", auth_value: k, big_model: ${key}, small_model: s }\n`;
    const { routes, providers } = configurationOf(`providers:\n${one('first')}${one('second')}`);
    expect(providers.map(({ baseUrl }) => baseUrl)).toEqual(['https://first.example']);
    expect(routes[0]?.targets.map(({ model }) => model)).toEqual(['first']);
  });

  test('models in a mapping that providers share are the models of each', () => {
    const { routes } = configurationOf(`x-models: &models { big_model: large, small_model: little }
providers:
  - { <<: *models, name: a, base_url: "https://a.example", auth_value: k }
  - { <<: *models, name: b, base_url: "https://b.example", auth_value: k, big_model: own }
`);
    const models = routes.map(({ targets }) => targets.map(({ model }) => model));
    expect([models[0], models[2]]).toEqual([
      ['large', 'own'],
      ['little', 'little'],
    ]);
  });

  test('a model that is no text is told of where it stands', () => {
    const text =
      'providers:\n  - name: a\n    base_url: https://a.example\n    auth_value: k\n    big_model: [x]\n    small_model: s\n';
    expect(told(text).filter((line) => line.includes('error'))).toEqual(
      Array(3).fill(
        '5:16: error: providers[0].big_model: this value does not fit: found a list, expected text',
      ),
    );
  });
});

test('0.5.0: providers, routes and settings mean what they meant', () => {
  const { providers, routes, settings } = configurationOf(olderFile('0.5.0'));
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
});

test('0.5.0: models by size mean nothing beside routes', () => {
  const text =
    'providers: [{ name: a, base_url: "https://a.example", auth_value: k, big_model: x }]\nmodel_routes: { "*": [{ provider: a }] }\n';
  expect(configurationOf(text).routes[0]?.targets[0]?.model).toBe('passthrough');
  expect(parse(text).dialect).toBe('balancer 0.5.0');
});

test('20 July 2025: limits, lists and the heartbeat go on under their new names', () => {
  const { settings, providers } = configurationOf(olderFile('20 July 2025'));
  expect(providers[0]?.timeouts.streaming).toMatchObject({ readMs: 120_000, firstContentMs: 45_000 });
  expect(settings).toMatchObject({
    stickyProviderDurationMs: 240_000,
    pingIntervalMs: 60_000,
    unhealthy: {
      httpCodes: [402, 404, 418, 429, 500, 502],
      errorTypes: ['connection_error', '没有可用token'],
    },
  });
});

test('23 July 2025: the gap between chunks is the read timeout', () => {
  const { providers } = configurationOf(olderFile('23 July 2025'));
  expect(providers[0]?.timeouts.streaming.readMs).toBe(40_000);
});

test('27 July 2025: one list of patterns is looked for in exceptions and in answers', () => {
  const { unhealthy } = configurationOf(olderFile('27 July 2025')).settings;
  expect(unhealthy.exceptionPatterns).toEqual(['ssl', 'no available token']);
  expect(unhealthy.responseBodyPatterns).toEqual([/ssl/i, /no available token/i]);
});

test('0.1.6: an enabled provider with an empty credential starts unused', () => {
  const { providers } = configurationOf(olderFile('0.1.6'));
  expect(providers.map(({ credential }) => credential.kind)).toEqual([
    'api_key',
    'passthrough',
    'oauth',
    'missing',
  ]);
});

test.each(['0.1.6', 'fragment with auth'])(
  '%s: the lock that its documents show at the top level locks',
  (name) => {
    expect(configurationOf(olderFile(name)).settings.auth).toMatchObject({
      enabled: true,
      apiKeys: ['your-key'],
    });
  },
);

test('0.1.6: of its seven body patterns the one that matches every error is left out', () => {
  const { responseBodyPatterns } = configurationOf(olderFile('0.1.6')).settings.unhealthy;
  expect(responseBodyPatterns).toHaveLength(6);
  expect(responseBodyPatterns.some((pattern) => pattern.test('{"detail": "现在没有可用token"}'))).toBe(true);
});

test('0.1.7: providers of one name are told apart by their account', () => {
  const { providers, routes } = configurationOf(olderFile('0.1.7'));
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
  const text = `${PROVIDER}settings:\n  idle_recovery_interval: 7\n`;
  expect(configurationOf(text).settings.stickyProviderDurationMs).toBe(7000);
  expect(told(text, 'check')).toEqual([
    '3:3: note: settings.idle_recovery_interval: an older name of `sticky_provider_duration`, read as that',
  ]);
});

test('of an older name that stands twice the last counts, as of any key', () => {
  const text = `${PROVIDER}settings: { idle_recovery_interval: 5, idle_recovery_interval: 7 }\n`;
  expect(configurationOf(text).settings.stickyProviderDurationMs).toBe(7000);
  expect(told(text).at(-2)).toContain('this key stands here a second time; the last one counts');
});

test('the new name goes before the older one', () => {
  const text = `${PROVIDER}settings: { sticky_provider_duration: 5, idle_recovery_interval: 7 }\n`;
  expect(configurationOf(text).settings.stickyProviderDurationMs).toBe(5000);
  expect(told(text, 'check')[0]).toContain('which is there too and counts; this is ignored');
});

test('a number beyond its limits, which older versions had not, leaves the default', () => {
  const text = `${PROVIDER}settings:\n  app_version: "0.1.6"\n  unhealthy_threshold: 0\n`;
  expect(configurationOf(text).settings.resilience.unhealthyThreshold).toBe(2);
  expect(told(text)[2]).toBe(
    '3:3: warning: settings.app_version: a key of an older file, ignored: the balancer tells its own version',
  );
  expect(told(text)[3]).toMatch(/^4:24: warning: settings.unhealthy_threshold: .*the default counts/);
});

test('a value of the wrong type is an error in every version', () => {
  expect(parse(`${PROVIDER}settings: { app_version: "0.1.6", unhealthy_threshold: two }\n`).ok).toBe(false);
});

test('a lock in both places is that of the settings', () => {
  const text = `${PROVIDER}auth: { enabled: true, api_key: top }\nsettings: { auth: { enabled: true, api_key: own } }\n`;
  expect(configurationOf(text).settings.auth.apiKeys).toEqual(['own']);
  expect(told(text).filter((line) => line.includes('warning'))).toEqual([
    '2:1: warning: auth: `settings.auth` is there too, and goes before this; this is ignored',
  ]);
});

test.each([
  ['big_model: m, small_model: s', '', 8080],
  ['type: anthropic', 'request_timeout: 30', 8080],
  ['type: anthropic', 'request_timeout: 30, port: 9000', 9000],
  ['type: anthropic', 'app_version: "0.1.6"', 9090],
])('with %j and %j it listens at the port of that time', (provider, settings, port) => {
  const text = `providers: [{ name: a, base_url: "https://a.example", auth_value: k, ${provider} }]\nsettings: { ${settings} }\n`;
  expect(configurationOf(text).settings.port).toBe(port);
});
