import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { formatDiagnostics } from '../../src/config/format.ts';
import { keyReference } from '../../src/config/reference.ts';
import { configurationOf, GOOD_PROVIDER, parse, told } from './support.ts';

/** Whatever comes in: a result, whose diagnostics can be shown, and which is an error or a configuration. */
function survives(text: string): void {
  const { ok, diagnostics } = parse(text);
  expect(ok || diagnostics.some(({ start }) => start === 'error')).toBe(true);
  expect(formatDiagnostics(diagnostics, { occasion: 'check' })).not.toContain('undefined');
  for (const { place } of diagnostics) {
    if (place === undefined) continue;
    expect(place.line).toBeGreaterThanOrEqual(1);
    expect(place.line).toBeLessThanOrEqual(text.split('\n').length + 1);
    expect(place.column).toBeGreaterThanOrEqual(1);
  }
}

const KEYS = [...new Set(keyReference().flatMap(({ path }) => path.split(/[.[\]]+/)))].filter(
  (key) => key !== '',
);

describe('any text gives a result', () => {
  test('whatever its characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 300 });
  });

  test('whatever its YAML', () => {
    const pieces = [
      ...KEYS,
      ':',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '*a',
      '&a ',
      '<<',
      '|\n',
    ];
    const noise = fc.array(fc.constantFrom(...pieces, `$\{A}`, '#', '\t', '---\n', '!!x ', '~', '1', '? '), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (words) => survives(words.join(''))),
      { numRuns: 500 },
    );
  });

  test('whatever stands under its keys', () => {
    const { value } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom('yes', 'oauth', `$\{A}`),
      ),
      value: fc.oneof(
        { maxDepth: 5 },
        tie('leaf'),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value'), { maxKeys: 6 }),
      ),
    }));
    const provider = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 });
    const file = fc.record({ providers: fc.array(provider), settings: value, model_routes: value });
    fc.assert(
      fc.property(fc.oneof(value, file), (content) => survives(stringify(content))),
      { numRuns: 150 },
    );
  });
});

describe('a hostile file', () => {
  test.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(50_000)],
    ['dashes', '- '.repeat(100_000)],
    ['question marks', '? '.repeat(100_000)],
  ])('of endlessly nested %s is refused', (_, text) => {
    expect(told(`providers:\n ${text}`)[0]).toMatch(/^2:\d+: error: nested more than 100 levels deep$/);
  });

  test('whose aliases multiply is refused', () => {
    const levels = Array.from(
      { length: 8 },
      (_, level) =>
        `  l${level + 1}: &l${level + 1} {${Array.from({ length: 9 }, (_, i) => `"k${i}": *l${level}`).join(', ')}}`,
    );
    const merges = `x-bomb:\n  l0: &l0 {a: 1}\n${levels.join('\n')}\n${GOOD_PROVIDER}`;
    // Under keys that nobody reads they cost nothing …
    expect(parse(merges).ok).toBe(true);
    // … and where they are read, there is an end.
    const row = `x-row: &row [${'{provider: good}, '.repeat(300)}]\n${GOOD_PROVIDER}model_routes:\n`;
    const routes = Array.from({ length: 300 }, (_, index) => `  m${index}: *row\n`).join('');
    expect(parse(row + routes).diagnostics.map(({ code }) => code)).toEqual(['too-large']);
  });

  test('that merges itself ends', () => {
    survives(`x-a: &a\n  <<: *a\n  name: b\n${GOOD_PROVIDER}  - *a\n`);
    survives(`providers: &p\n  - *p\n`);
  });

  test('cannot touch what objects inherit', () => {
    const text = `${GOOD_PROVIDER}    headers: { __proto__: x, constructor: y }\n    model_mappings: { __proto__: m }\nmodel_routes: { __proto__: [{ provider: good }] }\n__proto__: { polluted: true }\nsettings: { __proto__: { port: 1 } }\n`;
    const { providers, routes, settings } = configurationOf(text);
    expect('polluted' in {}).toBe(false);
    expect(settings.port).toBe(9090);
    expect(routes).toEqual([]);
    expect(Object.keys(providers[0]?.headers ?? {})).toEqual([]);
    expect(told(text).filter((line) => line.includes('ignored'))).toHaveLength(6);
  });
});

describe('a file as editors leave it', () => {
  test('with a mark at its beginning and line ends of Windows means the same', () => {
    const windows = `\uFEFF${GOOD_PROVIDER.replaceAll('\n', '\r\n')}`;
    expect(configurationOf(windows)).toEqual(configurationOf(GOOD_PROVIDER));
  });

  test('with anchors and merged mappings means what they stand for', () => {
    const { providers } = configurationOf(`x-common: &common
  base_url: https://a.example
  auth_value: k
providers:
  - { <<: *common, name: a }
  - { name: b, auth_value: own, <<: *common }
  - { name: c, <<: [{ weight: 2 }, *common, { weight: 3 }] }
`);
    expect(
      providers.map(({ name, baseUrl, credential, weight }) => [name, baseUrl, credential, weight]),
    ).toEqual([
      ['a', 'https://a.example', { kind: 'api_key', value: 'k' }, 1],
      ['b', 'https://a.example', { kind: 'api_key', value: 'own' }, 1],
      ['c', 'https://a.example', { kind: 'api_key', value: 'k' }, 2],
    ]);
  });

  test('with a document’s marks around it is one document', () => {
    expect(told(`---\n${GOOD_PROVIDER}...\n`)).toEqual([]);
    expect(told(`${GOOD_PROVIDER}---\n# nothing\n`)).toEqual([]);
  });
});
