import { type Token, tokensOf } from './source-tokens.ts';

/** One import or re-export of a source. */
export interface Import {
  /** As written: `./outcome.ts`, `node:fs`, `hono`. */
  readonly specifier: string;
  /** Gone after compilation: `import type …`, `export type … from`, `typeof import(…)`. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Something in a source that a rule may forbid. */
export interface Finding {
  readonly kind: 'default_export' | 'mutable_state' | 'fetch' | 'web_stream' | 'computed_import';
  readonly detail: string;
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly Import[];
  readonly findings: readonly Finding[];
}

const COLLECTIONS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
const READONLY_TYPES: ReadonlySet<string> = new Set(['ReadonlyMap', 'ReadonlySet', 'Readonly']);
const GLOBALS: ReadonlySet<string> = new Set(['globalThis', 'window', 'self', 'global']);

/** Reads a source's imports and whatever in it the rules of the house may forbid. */
export function factsOf(source: string): SourceFacts {
  const tokens = tokensOf(source);
  const imports: Import[] = [];
  const findings: Finding[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || isMember(tokens, index)) return;
    const found = importAt(tokens, index);
    if (found !== undefined) imports.push(found);
    findings.push(...findingsAt(tokens, index));
  });
  return { imports, findings };
}

function importAt(tokens: readonly Token[], index: number): Import | undefined {
  const { text, line, depth } = at(tokens, index);
  if (text === 'import' && at(tokens, index + 1).text === '(') {
    const typeOnly = at(tokens, index - 1).text === 'typeof';
    const specifier = at(tokens, index + 2);
    return isLiteral(specifier) ? { specifier: specifier.text, typeOnly, line } : undefined;
  }
  if (depth !== 0) return undefined;
  if (text === 'import') return staticImport(tokens, index);
  return text === 'export' ? reExport(tokens, index) : undefined;
}

function staticImport(tokens: readonly Token[], index: number): Import | undefined {
  const { line } = at(tokens, index);
  const next = at(tokens, index + 1);
  if (next.kind === 'string') return { specifier: next.text, typeOnly: false, line };
  const typeOnly = next.text === 'type' && !isValueCalledType(tokens, index + 2);
  const specifier = specifierFrom(tokens, index);
  return specifier === undefined ? undefined : { specifier, typeOnly, line };
}

/** `import type from './x.ts'` and `import type, { a } from './x.ts'`. */
function isValueCalledType(tokens: readonly Token[], behind: number): boolean {
  const next = at(tokens, behind).text;
  return next === ',' || (next === 'from' && isLiteral(at(tokens, behind + 1)));
}

function reExport(tokens: readonly Token[], index: number): Import | undefined {
  const { line } = at(tokens, index);
  const typeOnly = at(tokens, index + 1).text === 'type';
  const start = at(tokens, index + (typeOnly ? 2 : 1)).text;
  if (start !== '{' && start !== '*') return undefined;
  const specifier = specifierFrom(tokens, index);
  return specifier === undefined ? undefined : { specifier, typeOnly, line };
}

/** The text behind the statement's `from`; the next statement's is not its own. */
function specifierFrom(tokens: readonly Token[], index: number): string | undefined {
  for (let next = index + 1; next < tokens.length; next++) {
    const { text, depth, kind } = at(tokens, next);
    if (depth !== 0) continue;
    if (kind === 'word' && text === 'from' && at(tokens, next + 1).kind === 'string')
      return at(tokens, next + 1).text;
    if (text === ';' || text === '=' || text === 'export' || (text === 'import' && next > index + 1))
      return undefined;
  }
  return undefined;
}

function findingsAt(tokens: readonly Token[], index: number): readonly Finding[] {
  const { text, line, depth } = at(tokens, index);
  const next = at(tokens, index + 1);
  const found = (kind: Finding['kind'], detail: string): readonly Finding[] => [{ kind, detail, line }];
  if (text === 'import' && next.text === '(' && !isLiteral(at(tokens, index + 2))) {
    return found('computed_import', 'an import whose module is known only at run time');
  }
  if (text === 'fetch' && next.text === '(') return found('fetch', 'a call of fetch()');
  if (text === 'ReadableStream') return found('web_stream', 'a web stream');
  if (depth !== 0) return exportsAsDefault(tokens, index) ? found('default_export', 'a default export') : [];
  if (text === 'export' && (next.text === 'default' || next.text === '=')) {
    return found('default_export', 'a default export');
  }
  if (
    (text === 'let' || text === 'var') &&
    (next.kind === 'word' || next.text === '{' || next.text === '[')
  ) {
    return found('mutable_state', `\`${text} ${next.text}\` at the top level`);
  }
  const collection = text === 'const' ? openCollection(tokens, index) : undefined;
  return collection === undefined ? [] : found('mutable_state', collection);
}

/** `export { something as default }`. */
function exportsAsDefault(tokens: readonly Token[], index: number): boolean {
  const { text, depth } = at(tokens, index);
  if (text !== 'default' || depth !== 1 || at(tokens, index - 1).text !== 'as') return false;
  for (let before = index; before >= 0; before--) {
    if (at(tokens, before).depth === 0) return at(tokens, before - 1).text === 'export';
  }
  return false;
}

/** A top-level `const x = new Map()` that anybody who imports it could write to. */
function openCollection(tokens: readonly Token[], index: number): string | undefined {
  const name = at(tokens, index + 1).text;
  const annotation = at(tokens, index + 2).text === ':' ? at(tokens, index + 3).text : '';
  for (let next = index + 2; next < tokens.length; next++) {
    const { text, depth } = at(tokens, next);
    if (depth !== 0) continue;
    if (text === ';' || text === 'const' || text === 'export') return undefined;
    if (text !== '=') continue;
    const made = at(tokens, next + 2).text;
    const open =
      at(tokens, next + 1).text === 'new' && COLLECTIONS.has(made) && !READONLY_TYPES.has(annotation);
    return open
      ? `\`const ${name} = new ${made}\` at the top level: give it the type Readonly${made}`
      : undefined;
  }
  return undefined;
}

/** `something.import`, `app.fetch(…)`: no statement and no global. */
function isMember(tokens: readonly Token[], index: number): boolean {
  const dot = at(tokens, index - 1).text;
  return (dot === '.' || dot === '?.') && !GLOBALS.has(at(tokens, index - 2).text);
}

function isLiteral({ kind }: Token): boolean {
  return kind === 'string';
}

const NOTHING: Token = { kind: 'mark', text: '', line: 0, depth: 0 };

function at(tokens: readonly Token[], index: number): Token {
  return tokens[index] ?? NOTHING;
}
