import { readFileSync } from 'node:fs';
import { Ajv, type AnySchema } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { migrateConfiguration } from '../../src/config/migrate.ts';
import { keyReference } from '../../src/config/reference.ts';
import { configurationJsonSchema } from './json-schema.ts';
import { OLDER_FILES, olderFile } from './older-fixtures.ts';
import { referenceTable } from './reference-table.ts';

// `npm run generate` writes what these tests compare with.

const root = new URL('../../', import.meta.url);
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  configurationJsonSchema() as AnySchema,
);

/** What an editor would underline. */
function complaints(text: string): string[] {
  validate(parseYaml(text));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

test('docs/providers.schema.json is what the schema says', async () => {
  const text = `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/providers.schema.json');
});

test('docs/configuration.md has the tables of keys as the schema says', async () => {
  let text = readFileSync(new URL('docs/configuration.md', root), 'utf8');
  for (const section of ['providers[]', 'model_routes', 'settings']) {
    const head = `<!-- keys: ${section} -->\n`;
    const [before = '', after = ''] = text.split(head);
    text = `${before}${head}${referenceTable(keyReference(), section)}${after.slice(after.indexOf('\n<!-- end -->'))}`;
  }
  await expect(text).toMatchFileSnapshot('../../docs/configuration.md');
});

describe('the JSON schema', () => {
  test('finds nothing in the example, which names it', () => {
    const example = readFileSync(new URL('providers.example.yaml', root), 'utf8');
    expect(example.split('\n')[0]).toMatch(
      /^# yaml-language-server: \$schema=\S+\/docs\/providers\.schema\.json$/,
    );
    expect(complaints(example)).toEqual([]);
  });

  test.each(Object.keys(OLDER_FILES))('finds nothing in a migrated file of %s', (name) => {
    const migrated = migrateConfiguration(olderFile(name), { env: {} });
    expect(complaints(migrated.ok ? migrated.text : '')).toEqual([]);
  });

  test('finds a key that is not there, a value that does not fit and a provider without a name', () => {
    const text =
      'providers: [{ base_url: "https://a.example" }]\nsettings: { prot: 1, port: many, selection_strategy: fastest }\n';
    expect(complaints(text)).toEqual(
      expect.arrayContaining([
        "/providers/0: must have required property 'name'",
        '/settings: must NOT have additional properties',
        '/settings/port: must match a schema in anyOf',
        '/settings/selection_strategy: must match a schema in anyOf',
      ]),
    );
  });

  test('knows what the loader takes besides: variables, sizes, numbers in quotes, empty values', () => {
    const text = [
      'x-anchors: { anything: 1 }',
      'providers: [{ name: 302, base_url: "https://a.example", enabled: "$' + '{ON}", weight: "2", proxy: }]',
      'settings: { max_body_size: 64MB, port: "$' + '{PORT:-1}", timeouts: , oauth: { anything: 1 } }',
    ];
    expect(complaints(`${text.join('\n')}\n`)).toEqual([]);
  });

  test('has a description for every key', () => {
    const { properties = {} } = configurationJsonSchema();
    const nameless = Object.entries(properties).filter(
      ([key, value]) => key !== 'settings' && typeof value === 'object' && value.description === undefined,
    );
    expect(nameless).toEqual([]);
  });
});
