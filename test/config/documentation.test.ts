import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DROPPED_KEYS } from '../../src/config/dialects/aiproxy.ts';
import { OLD_KEYS } from '../../src/config/dialects/balancer-keys.ts';
import { keyReference } from '../../src/config/reference.ts';
import { referenceTable } from './reference-table.ts';
import { configurationOf, parse, told } from './support.ts';

const root = new URL('../../', import.meta.url);
const documentation = readFileSync(new URL('docs/configuration.md', root), 'utf8');
const example = readFileSync(new URL('providers.example.yaml', root), 'utf8');

describe('docs/configuration.md', () => {
  test.each(['providers[]', 'model_routes', 'settings'])(
    'tells every key of %s as the schema has it',
    (section) => {
      const written = documentation.split(`<!-- keys: ${section} -->\n`)[1]?.split('\n<!-- end -->')[0];
      expect(written).toBe(referenceTable(keyReference(), section));
    },
  );

  test('leaves no key of the schema out', () => {
    const sections = ['providers[].', 'model_routes.', 'settings.', 'auth.'];
    const homeless = keyReference().filter(
      ({ path }) => !sections.some((section) => path.startsWith(section)),
    );
    expect(homeless).toEqual([]);
  });

  test('has a meaning for every key', () => {
    expect(keyReference().filter(({ meaning }) => meaning === '')).toEqual([]);
  });

  test('shows the messages that its example of mistakes gives', () => {
    const text = `${'\n'.repeat(8)}providers:\n  - name: a\n    base_url: https://a.example\n    auth_value: k\nsettings:\n  selection_strategy:   fastest\n  failure_cooldwon: 5\n`;
    for (const line of told(text)) expect(documentation).toContain(line);
    expect(told(text)).toHaveLength(3);
  });
});

describe('providers.example.yaml', () => {
  const named = [...example.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const env = Object.fromEntries(
    named.filter((name) => name !== 'NAME').map((name) => [name, `value-of-${name}`]),
  );

  test('loads without a single remark where its variables are set', () => {
    expect(told(example, 'start', { env })).toEqual([]);
    expect(told(example, 'check', { env })).toEqual([]);
  });

  test('loads without any variable, and tells only of those', () => {
    const result = parse(example);
    expect(result.ok).toBe(true);
    expect(new Set(result.diagnostics.map(({ code }) => code))).toEqual(new Set(['unset-variable']));
  });

  test('shows the defaults where it says so', () => {
    const { settings } = configurationOf(example, { env });
    const { settings: defaults } = configurationOf(
      'providers: [{ name: a, base_url: "https://a.example", auth_value: k }]',
    );
    expect(settings).toEqual(defaults);
  });

  test('names every key that there is', () => {
    const missing = keyReference()
      .filter(({ meaning }) => !meaning.startsWith('Not served yet'))
      .map(({ path }) => path.split('.').at(-1) ?? '')
      .filter((key) => !new RegExp(`^[ #-]*${key}:`, 'm').test(example));
    expect(missing).toEqual([]);
  });

  test('holds no credential', () => {
    const { providers } = configurationOf(example, { env });
    const values = providers.flatMap(({ credential }) => ('value' in credential ? [credential.value] : []));
    expect(values.length).toBeGreaterThan(2);
    expect(values.filter((value) => !value.startsWith('value-of-'))).toEqual([]);
  });
});

describe('docs/migration.md', () => {
  const migration = readFileSync(new URL('docs/migration.md', root), 'utf8');

  test('tells of every key that today’s form does not have', () => {
    const keys = [...OLD_KEYS, ...DROPPED_KEYS.map(([path]) => ({ path }))].map(
      ({ path }) => path.split('.').at(-1) ?? '',
    );
    expect(keys.filter((key) => !new RegExp(`[.\`]${key}\``).test(migration))).toEqual([]);
  });

  test('tells of every name that a key has got', () => {
    const names = OLD_KEYS.flatMap(({ fate }) => (fate.kind === 'renamed' ? [fate.to] : []));
    expect(names.filter((name) => !migration.includes(`\`${name}\``))).toEqual([]);
  });

  test('tells the reasons that the messages give for keys of aiproxy', () => {
    const reasons = DROPPED_KEYS.map(([, reason]) => reason);
    expect(reasons.filter((reason) => !migration.includes(reason))).toEqual([]);
  });
});
