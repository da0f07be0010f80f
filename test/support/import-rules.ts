import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { EVERYTHING, IMPORT_TABLE, type ImportRow, PLAIN_FOLDERS } from './import-table.ts';
import { type Finding, factsOf, type Import, type SourceFacts } from './source-facts.ts';

/** Sources by path from the project's root: `src/domain/failures/outcome.ts`. */
export type Sources = Readonly<Record<string, string>>;

/** Everything in the sources that the table or the rules of the house forbid, a line each: `path:line: what`. */
export function violationsOf(sources: Sources): readonly string[] {
  const facts = new Map(Object.entries(sources).map(([path, source]) => [path, factsOf(source)]));
  const ofFiles = [...facts].flatMap(([path, { imports, findings }]) => [
    ...(rowOf(path) === undefined ? [`${path}: "${moduleOf(path)}" is no module of the import table`] : []),
    ...imports.flatMap((each) => told(path, each.line, importViolation(path, each, facts))),
    ...findings.flatMap((each) => told(path, each.line, findingViolation(path, each))),
  ]);
  return [...ofFiles, ...cyclesOf(facts)];
}

/** The module a file belongs to: its folder under `src`, `machines`, or the name of a file directly in `src`. */
function moduleOf(path: string): string {
  const [top = '', folder = ''] = path.split('/');
  return top === 'src' ? folder.replace(/\.ts$/, '') : top;
}

function rowOf(path: string): ImportRow | typeof EVERYTHING | undefined {
  const module = moduleOf(path);
  return Object.hasOwn(IMPORT_TABLE, module) ? IMPORT_TABLE[module] : undefined;
}

type Facts = ReadonlyMap<string, SourceFacts>;

function importViolation(path: string, found: Import, facts: Facts): string | undefined {
  const own = moduleOf(path);
  const row = rowOf(path);
  if (row === undefined) return undefined;
  const { specifier } = found;
  if (specifier.startsWith('.')) return fileViolation(path, own, row, found, facts);
  if (row === EVERYTHING) return undefined;
  if (isNodeModule(specifier)) {
    const allowed = row.node === 'all' || (row.node !== 'none' && row.node.includes(path));
    return allowed ? undefined : `${own} may not import Node's "${specifier}" here`;
  }
  const name = packageOf(specifier);
  if (row.packages.includes(name)) return undefined;
  if (!row.packageTypes.includes(name)) return `${own} may not import the package "${name}"`;
  return found.typeOnly ? undefined : `${own} may import only types of the package "${name}"`;
}

function fileViolation(
  path: string,
  own: string,
  row: ImportRow | typeof EVERYTHING,
  { specifier, typeOnly }: Import,
  facts: Facts,
): string | undefined {
  const target = targetOf(path, specifier);
  if (!facts.has(target)) return `"${specifier}" is no source of src or machines`;
  const other = moduleOf(target);
  if (other === own || row === EVERYTHING) return undefined;
  if (row.modules.includes(other) || row.files.includes(target)) return undefined;
  if (!row.types.includes(other)) return `${own} may not import ${other} ("${specifier}")`;
  return typeOnly ? undefined : `${own} may import only types of ${other} ("${specifier}")`;
}

function findingViolation(path: string, { kind, detail }: Finding): string | undefined {
  if (kind !== 'fetch' && kind !== 'web_stream') return detail;
  const own = moduleOf(path);
  return PLAIN_FOLDERS.includes(own) ? `${detail} in ${own}` : undefined;
}

/** Cycles of imports, those of types too, each once, by a walk that remembers the way to where it stands. */
function cyclesOf(facts: Facts): readonly string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const begin = way.indexOf(path);
    if (begin !== -1) cycles.push(`${path}: a cycle of imports: ${[...way.slice(begin), path].join(' → ')}`);
    if (begin !== -1 || done.has(path)) return;
    for (const { specifier } of facts.get(path)?.imports ?? []) {
      if (specifier.startsWith('.')) visit(targetOf(path, specifier), [...way, path]);
    }
    done.add(path);
  };
  for (const path of facts.keys()) visit(path, []);
  return cycles;
}

function targetOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

/** `hono/cors` → `hono`, `@hono/node-server/conninfo` → `@hono/node-server`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function told(path: string, line: number, violation: string | undefined): readonly string[] {
  return violation === undefined ? [] : [`${path}:${line}: ${violation}`];
}
