import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Sources, violationsOf } from '../support/import-rules.ts';
import { EVERYTHING, IMPORT_TABLE, type ImportRow } from '../support/import-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** All sources of `src` and `machines`. */
function projectSources(): Sources {
  const paths = ['src', 'machines'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[cm]?[jt]sx?$/.test(name))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** The rows of the table in the document: the cells of each, the module's name first. */
function documentedRows(): readonly (readonly string[])[] {
  const document = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const lines = document.split('\n');
  const header = lines.findIndex((line) => line.startsWith('| module '));
  const rows = lines.slice(header + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** A row as the document writes it. */
function writtenRow(module: string, row: ImportRow | typeof EVERYTHING): readonly string[] {
  if (row === EVERYTHING) return [`\`${module}\``, 'everything', 'any', 'yes'];
  const code = (text: string) => `\`${text}\``;
  const own = [
    ...row.modules.map(code),
    ...row.files.map(code),
    ...row.types.map((name) => `types of ${code(name)}`),
  ];
  const packages = [...row.packages.map(code), ...row.packageTypes.map((name) => `types of ${code(name)}`)];
  const node =
    typeof row.node === 'string'
      ? { all: 'yes', none: '–' }[row.node]
      : row.node.map((path) => code(path.split('/').at(-1) ?? '')).join(', ');
  return [code(module), own.join(', ') || '–', packages.join(', ') || '–', node];
}

describe('the sources of the project', () => {
  it('import only what the table allows, in no cycle, and keep the rules of the house', () => {
    const violations = violationsOf(projectSources());
    expect(violations, `${violations.length} violation(s)\n${violations.join('\n')}\n`).toEqual([]);
  });

  it('are found: a check of no files would hold for ever', () => {
    const paths = Object.keys(projectSources());
    expect(paths).toContain('src/domain/failures/outcome.ts');
    expect(paths).toContain('machines/provider.ts');
    expect(paths).toContain('src/protocols/anthropic/usage.ts');
  });

  it('are described by docs/architecture.md with the same table', () => {
    const rows = Object.entries(IMPORT_TABLE).map(([module, row]) => writtenRow(module, row));
    expect(documentedRows()).toEqual(rows);
  });
});
