import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand } from '../../src/config/expand.ts';
import { configurationOf, GOOD_PROVIDER, told } from './support.ts';

// Written in two parts, because linters take it for a forgotten template.
const ref = (inside: string) => `$\{${inside}}`;

describe('expand', () => {
  const env = { A: 'one', EMPTY: '', NESTED: ref('A') };
  test.each([
    [ref('A'), 'one'],
    [`x-${ref('A')}-${ref('A')}`, 'x-one-one'],
    [ref('NONE:-two'), 'two'],
    [ref('EMPTY:-two'), 'two'],
    [ref('EMPTY'), ''],
    [ref('A:-two'), 'one'],
    [ref('NONE:-'), ''],
    [`$${ref('A')}`, ref('A')],
    [ref('NESTED'), ref('A')],
    ['$A', '$A'],
    [ref('1'), ref('1')],
    ['100$', '100$'],
  ])('%s gives %s', (text, expanded) => {
    expect(expand(text, env)).toEqual({ text: expanded, unset: [] });
  });

  test('tells every unset variable', () => {
    expect(expand(`${ref('X')}${ref('Y')}`, env)).toEqual({ text: '', unset: ['X', 'Y'] });
  });

  test('does not see what objects inherit', () => {
    expect(expand(ref('constructor'), {}).unset).toEqual(['constructor']);
  });

  test('leaves text without a reference as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${')),
        (text) => expand(text, env).text === text,
      ),
    );
  });
});

test('variables fill texts, numbers and booleans', () => {
  const { providers, settings } = configurationOf(
    `providers:\n  - name: a\n    base_url: ${ref('URL')}\n    auth_value: ${ref('KEY')}\n    enabled: ${ref('ON')}\nsettings:\n  port: ${ref('P')}\n`,
    { env: { URL: 'https://a.example/', KEY: 'k:"#', ON: 'yes', P: '8080' } },
  );
  expect(providers[0]).toMatchObject({
    baseUrl: 'https://a.example',
    enabled: true,
    credential: { kind: 'api_key', value: 'k:"#' },
  });
  expect(settings.port).toBe(8080);
});

test('a variable’s value is never read as YAML', () => {
  const { providers } = configurationOf(`${GOOD_PROVIDER}    headers: { x-a: "${ref('V')}" }\n`, {
    env: { V: '"] }: # *x' },
  });
  expect(providers[0]?.headers).toEqual({ 'x-a': '"] }: # *x' });
});

test('the lists of patterns are taken as they stand', () => {
  const { settings } = configurationOf(
    `${GOOD_PROVIDER}settings:\n  unhealthy_exception_patterns: ["${ref('A')}"]\n`,
    { env: { A: 'no' } },
  );
  expect(settings.unhealthy.exceptionPatterns).toEqual([ref('A')]);
});

test.each(['base_url', 'proxy', 'auth_value', 'ca_file'])(
  'a provider whose %s names an unset variable is not used',
  (key) => {
    const keys = { base_url: 'https://b.example', auth_value: 'k', [key]: ref('NO_SUCH') };
    const lines = Object.entries(keys).map(([name, value]) => `    ${name}: ${value}\n`);
    const text = `${GOOD_PROVIDER}  - name: b\n${lines.join('')}`;
    expect(configurationOf(text).providers[1]?.credential).toEqual({
      kind: 'missing',
      reason: 'the environment variable NO_SUCH is not set',
    });
    expect(told(text)[0]).toContain(`providers[1].${key}: this provider is not used`);
  },
);

test('an unset variable in the settings leaves the default', () => {
  const text = `${GOOD_PROVIDER}settings:\n  port: ${ref('NO_SUCH')}\n`;
  expect(configurationOf(text).settings.port).toBe(9090);
  expect(told(text)).toEqual([
    '6:9: warning: settings.port: the environment variable NO_SUCH is not set; this is read as absent',
  ]);
});

test('a lock whose key is in an unset variable lets nobody in', () => {
  const text = `${GOOD_PROVIDER}settings:\n  auth: { enabled: true, api_key: "${ref('NO_SUCH')}" }\n`;
  expect(configurationOf(text).settings.auth).toMatchObject({ enabled: true, apiKeys: [] });
});

describe('HOST and PORT', () => {
  const text = `${GOOD_PROVIDER}settings: { host: 127.0.0.1, port: 9090 }\n`;

  test('go before the file, with a note', () => {
    const env = { HOST: '0.0.0.0', PORT: '8080' };
    expect(configurationOf(text, { env }).settings).toMatchObject({ host: '0.0.0.0', port: 8080 });
    expect(told(text, 'start', { env })).toEqual([
      '5:19: note: settings.host: the environment variable HOST goes before the file: "0.0.0.0"',
      '5:36: note: settings.port: the environment variable PORT goes before the file: 8080',
    ]);
  });

  test.each(['tcp://10.0.0.1:80', '-1', '65536', '80a'])(
    'a PORT of %s is ignored, with a warning',
    (PORT) => {
      expect(configurationOf(text, { env: { PORT } }).settings.port).toBe(9090);
      expect(told(text, 'start', { env: { PORT } })).toEqual([
        `5:36: warning: settings.port: the environment variable PORT is ignored: found "${PORT}", expected a whole number up to 65535`,
      ]);
    },
  );

  test('are not there if they are empty', () => {
    expect(told(text, 'start', { env: { HOST: '', PORT: ' ' } })).toEqual([]);
  });
});
