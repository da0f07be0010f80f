import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { OLD_KEYS } from '../../src/config/dialects/balancer-keys.ts';
import { diffConfigurations } from '../../src/config/diff.ts';
import { formatDiagnostics } from '../../src/config/format.ts';
import { type MigrationResult, migrateConfiguration } from '../../src/config/migrate.ts';
import { keyReference } from '../../src/config/reference.ts';
import { OLDER_FILES, olderFile } from './older-fixtures.ts';
import { configurationOf, GOOD_PROVIDER, parse } from './support.ts';

function migrated(text: string): Extract<MigrationResult, { ok: true }> {
  const result = migrateConfiguration(text, { env: {} });
  if (!result.ok) throw new Error(formatDiagnostics(result.diagnostics));
  return result;
}

/** The words of all comments of a file. */
function comments(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)#\s*(.+?)\s*$/gm)].map(([, words]) => words ?? '');
}

describe.each(Object.entries(OLDER_FILES))('a migrated file of %s', (name, { dialect }) => {
  const before = olderFile(name);
  const result = migrated(before);

  test('means the same', () => {
    expect(result.dialect).toBe(dialect);
    expect(configurationOf(result.text)).toEqual(configurationOf(before));
  });

  test('has today’s form, and no older key is left to be told of', () => {
    const { dialect: now, diagnostics } = parse(result.text);
    expect(now).toBe('today’s form');
    const codes = new Set<string>(diagnostics.map(({ code }) => code));
    for (const code of [
      'retired-key',
      'renamed-key',
      'older-file',
      'unknown-key',
      'old-boolean',
      'unknown-models',
    ])
      expect(codes).not.toContain(code);
  });

  test('tells what was said of the file as it was', () => {
    expect(result.diagnostics).toEqual(parse(before).diagnostics);
  });

  test('is not migrated any further', () => {
    expect(migrated(result.text).text).toBe(result.text);
  });

  test('has its comments, but for those of what is gone', () => {
    const kept = new Set(comments(result.text));
    const gone = comments(before).filter((words) => !kept.has(words));
    expect(gone).toEqual(
      {
        '20 July 2025': ['between two chunks', 'a comment after so much silence'],
      }[name] ?? [],
    );
  });
});

test('a file of today’s form is given back byte for byte', () => {
  const text = `# mine\n\n${GOOD_PROVIDER}\nsettings: {  port:   1  }   # odd\n`;
  expect(migrated(text)).toMatchObject({ text, dialect: 'today’s form' });
});

test('booleans of YAML 1.1 become those of today, texts stay', () => {
  const { text } = migrated(
    'providers: [{ name: no, base_url: "https://a.example", auth_value: k, enabled: on }]\n',
  );
  expect(text).toBe('providers: [{name: no, base_url: "https://a.example", auth_value: k, enabled: true}]\n');
});

test('credentials, variables and the digits of names stay as they are', () => {
  const written =
    'providers:\n  - { name: 0302, base_url: "https://a.example", auth_value: 12345678901234567890 }\n  - { name: b, base_url: "https://b.example", auth_value: "$' +
    '{KEY:-none}" }\nsettings: { app_version: "0.1.6" }\n';
  const { text } = migrated(written);
  expect(text).toContain('$' + '{KEY:-none}');
  expect(configurationOf(text)).toEqual(configurationOf(written));
});

test('anchors go on serving where they stand, and what is moved before its anchor is written out', () => {
  const written = `auth: { enabled: true, api_key: &key door }
x-limits: &limits { connect_timeout: 5, chunk_timeout: 50 }
providers: [{ name: a, base_url: "https://a.example", auth_value: *key }]
settings:
  timeouts: { streaming: *limits }
`;
  const { text } = migrated(written);
  expect(configurationOf(text)).toEqual(configurationOf(written));
  expect(configurationOf(text).providers[0]?.timeouts.streaming.readMs).toBe(50_000);
  expect(text).toContain('*limits');
});

test('a file that cannot be served is migrated too, and what is wrong is told', () => {
  const text = 'providers: []\nsettings: { app_version: "0.1.6" }\n';
  const result = migrated(text);
  expect(result.text).toBe('providers: []\n');
  expect(result.diagnostics.map(({ code }) => code)).toContain('no-provider');
});

test('JSON becomes YAML that means the same', () => {
  const provider = {
    name: 'a',
    base_url: 'https://a.example',
    auth_value: 'k',
    big_model: 'b',
    small_model: 's',
  };
  const written = JSON.stringify({ providers: [provider], settings: { request_timeout: 90 } }, null, 2);
  const { text } = migrated(written);
  expect(text).not.toContain('#');
  expect(configurationOf(text)).toEqual(configurationOf(written));
});

test('what is no YAML is not migrated', () => {
  const result = migrateConfiguration('providers: [\n', { env: {} });
  expect(result).toMatchObject({ ok: false, diagnostics: [{ code: 'syntax' }] });
});

test('aliases that multiply without end are refused, not copied', () => {
  const levels = Array.from(
    { length: 8 },
    (_, level) => `  l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]\n`,
  ).join('');
  const text = `x-bomb:\n  l0: &l0 [a, a]\n${levels}upstreams:\n  - { name: a, base_url: "https://a.example", token: k, model_mappings: *l8 }\n`;
  expect(migrateConfiguration(text, { env: {} }).ok).toBe(false);
  expect(parse(text).diagnostics.map(({ code }) => code)).toContain('too-large');
});

describe('whatever comes in', () => {
  const KEYS = [
    ...new Set(
      [...keyReference(), ...OLD_KEYS]
        .flatMap(({ path }) => path.split(/[.[\]]+/))
        .concat(
          'upstreams',
          'token',
          'api_type',
          'http_headers',
          'api-key',
          'bind',
          'listen',
          'log',
          '<<',
          'heartbeat',
        ),
    ),
  ].filter((key) => key !== '');

  /** A result that can be shown; what is given out means the same as what came in. */
  function survives(text: string, plain = true): void {
    const result = migrateConfiguration(text, { env: {} });
    expect(formatDiagnostics(result.diagnostics, { occasion: 'check' })).not.toContain('undefined');
    const [before, after] = [parse(text), result.ok ? parse(result.text) : undefined];
    // Only anchors can stand in the way.
    if (plain) expect(result.ok).toBe(before.dialect !== undefined);
    if (after === undefined) return;
    expect(after.ok).toBe(before.ok);
    expect(after.dialect).toBe('today’s form');
    if (!before.ok || !after.ok) return;
    expect(diffConfigurations(before.configuration, after.configuration).settings).toEqual([]);
  }

  const { value } = fc.letrec((tie) => ({
    leaf: fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer({ min: -5, max: 100 }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('yes', 'off', 'oauth', 'passthrough', ':80', 'https://a.example', '$' + '{A}'),
    ),
    value: fc.oneof(
      { maxDepth: 3 },
      tie('leaf'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: fc.string() }),
        tie('value'),
        {
          maxKeys: 5,
        },
      ),
    ),
  }));

  test('as a file of the balancer gives a result', () => {
    const provider = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 5 });
    const good = fc.constant({
      name: 'a',
      base_url: 'https://a.example',
      auth_value: 'k',
      big_model: 'b',
      small_model: 's',
    });
    const file = fc.record(
      { providers: fc.array(fc.oneof(provider, good)), settings: value, model_routes: value, auth: value },
      { requiredKeys: ['providers'] },
    );
    fc.assert(
      fc.property(fc.oneof(value, file), (content) => survives(stringify(content))),
      { numRuns: 60 },
    );
  });

  test('as a file of aiproxy gives a result', () => {
    const upstream = fc.oneof(
      fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 5 }),
      fc.record({ base_url: fc.constant('https://a.example'), token: value, weight: value }),
    );
    const file = fc.record(
      {
        upstreams: fc.array(upstream),
        bind: value,
        listen: value,
        log: value,
        'api-key': value,
        settings: value,
      },
      { requiredKeys: ['upstreams'] },
    );
    fc.assert(
      fc.property(file, (content) => survives(stringify(content))),
      { numRuns: 60 },
    );
  });

  test('as text with anchors, aliases and merges gives a result', () => {
    const pieces = [
      ...KEYS,
      ': ',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '<<: *a',
      ', ',
      '~',
      '1',
    ];
    const words = fc.array(fc.constantFrom(...pieces), { maxLength: 40 });
    fc.assert(
      fc.property(words, (noise) => survives(`upstreams: [&a { token: k }]\n${noise.join('')}`, false)),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(words, (noise) => survives(`auth: &a { api_key: k }\n${noise.join('')}`, false)),
      { numRuns: 100 },
    );
  });
});
