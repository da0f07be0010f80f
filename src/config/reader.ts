import * as v from 'valibot';
import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { FATAL, type Finding, HARMLESS, type Place } from './diagnostic.ts';
import { type Environment, expand } from './expand.ts';
import { RETIRED_KEYS } from './retired-keys.ts';
import { coerce, foundText } from './scalars.ts';
import { expectation, type Shape } from './shape.ts';
import type { Source } from './source.ts';
import { nearest } from './suggest.ts';

/** Where a value stands: its path as written, and its place. */
export interface Spot {
  readonly path: string;
  readonly place?: Place;
}

/** What a reading gives besides the value. */
export interface Reading {
  /** Fits the schema, or is undefined if nothing usable is there. Values that do not fit are left out and reported. */
  readonly value: unknown;
  readonly findings: readonly (Spot & { readonly finding: Finding })[];
  /** By path in `value` (not in the file: entries that were left out shift the indices). */
  readonly spots: ReadonlyMap<string, Spot>;
  /** Values that name environment variables which are not set, by path in `value`. */
  readonly unset: ReadonlyMap<string, readonly string[]>;
  /** A key of an older version was seen. */
  readonly older: boolean;
}

/** Aliases may repeat a mapping, but not multiply it without end. */
const MAX_VALUES = 50_000;

interface State {
  readonly source: Source;
  readonly env: Environment;
  readonly findings: (Spot & { finding: Finding })[];
  readonly spots: Map<string, Spot>;
  readonly unset: Map<string, readonly string[]>;
  readonly root: Shape;
  older: boolean;
  values: number;
}

/** A position in the walk: `slot` is the path in the result, `spot` the one in the file. */
interface At {
  readonly slot: string;
  readonly spot: Spot;
}

/**
 * Walks the file along with the schema: tells unknown keys, expands variables, takes what is evidently meant (`"30"` for
 * a number, `yes` for a boolean), checks each value where it stands. So every mistake is told at once, with its place.
 */
export function readFile(source: Source, shape: Shape, env: Environment): Reading {
  const state: State = {
    source,
    env,
    findings: [],
    spots: new Map(),
    unset: new Map(),
    root: shape,
    older: false,
    values: 0,
  };
  const at: At = { slot: '', spot: { path: '' } };
  const value = source.root === undefined ? {} : readNode(state, source.root, shape, at);
  return { value, findings: state.findings, spots: state.spots, unset: state.unset, older: state.older };
}

function report(state: State, spot: Spot, finding: Finding): undefined {
  state.findings.push({ ...spot, finding });
  return undefined;
}

function readNode(state: State, node: unknown, shape: Shape, at: At): unknown {
  state.spots.set(at.slot, at.spot);
  state.values += 1;
  if (state.values > MAX_VALUES) {
    if (state.values > MAX_VALUES + 1) return undefined;
    return report(state, at.spot, { code: 'too-large', ...FATAL, message: `more than ${MAX_VALUES} values` });
  }
  const target = follow(state, node, at);
  if (target === undefined) return undefined;
  if (isScalar(target) && target.value === null) return undefined;
  if (shape.kind === 'object' && isMap(target)) return readObject(state, target, shape, at);
  if (shape.kind === 'map' && isMap(target)) return readMap(state, target, shape.value, at);
  if (shape.kind === 'list' && isSeq(target)) return readList(state, target.items, shape.item, at);
  if (shape.kind === 'text or list') return readTextOrList(state, target, shape, at);
  if (isScalar(target)) return readScalar(state, target, shape, at);
  return wrongValue(state, target, shape, at);
}

/** The node itself, or what an alias stands for. */
function follow(state: State, node: unknown, at: At): Node | undefined {
  if (!isAlias(node)) return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
  const target = state.source.resolve(node);
  if (target !== undefined) return target;
  return report(state, at.spot, {
    code: 'syntax',
    ...FATAL,
    message: 'an alias without an anchor before it',
    suggestion: 'Put a value that begins with * in quotes.',
  });
}

function readObject(state: State, map: YAMLMap, shape: Extract<Shape, { kind: 'object' }>, at: At): unknown {
  const entries = collect(state, map, at);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of entries) {
    const known = shape.entries.has(key) ? key : unknownKey(state, key, entry, shape, entries, at);
    const inner = known === undefined ? undefined : shape.entries.get(known);
    if (known === undefined || inner === undefined) continue;
    const value = readNode(state, entry.value, inner, step(state, at, key, entry, known));
    if (value !== undefined) result[known] = value;
  }
  return complete(state, result, shape, entries, at) ? result : undefined;
}

/** Whether nothing that is required is missing. A value that was there but did not fit has been reported already. */
function complete(
  state: State,
  result: Record<string, unknown>,
  shape: Extract<Shape, { kind: 'object' }>,
  entries: ReadonlyMap<string, Entry>,
  at: At,
): boolean {
  let whole = true;
  for (const [key, inner] of shape.entries) {
    if (inner.optional || result[key] !== undefined) continue;
    whole = false;
    const entry = entries.get(key);
    if (entry !== undefined && !isEmpty(entry.value)) continue;
    const spot = entry === undefined ? at.spot : step(state, at, key, entry).spot;
    report(
      state,
      { ...spot, path: join(at.spot.path, key) },
      {
        code: 'missing-key',
        ...FATAL,
        message: 'a required key is missing',
        expected: expectation(inner),
      },
    );
  }
  return whole;
}

function isEmpty(node: unknown): boolean {
  return !isAlias(node) && (!isScalar(node) || node.value === null) && !isMap(node) && !isSeq(node);
}

function readMap(state: State, map: YAMLMap, inner: Shape, at: At): unknown {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of collect(state, map, at)) {
    const inside = step(state, at, key, entry);
    if (FORBIDDEN_NAMES.has(key)) {
      report(state, inside.spot, {
        code: 'unknown-key',
        ...HARMLESS,
        message: 'this name cannot be used; it is ignored',
      });
      continue;
    }
    const value = readNode(state, entry.value, inner, inside);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

/** Names that mean something to the language itself. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function readList(state: State, items: readonly unknown[], inner: Shape, at: At): unknown[] {
  const result: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const place = state.source.placeOf(item) ?? at.spot.place;
    const spot: Spot = { path: `${at.spot.path}[${index}]`, ...(place && { place }) };
    const inside: At = { slot: `${at.slot}[${result.length}]`, spot };
    const value = isEmpty(item)
      ? wrongValue(state, undefined, inner, inside)
      : readNode(state, item, inner, inside);
    if (value !== undefined) result.push(value);
  }
  return result;
}

function readTextOrList(state: State, node: Node, shape: Shape, at: At): unknown {
  const item: Shape = { ...shape, kind: 'text', schema: v.string() };
  if (isSeq(node)) return readList(state, node.items, item, at);
  return isScalar(node)
    ? readScalar(state, node, { ...item, schema: shape.schema }, at)
    : wrongValue(state, node, shape, at);
}

function readScalar(state: State, scalar: Scalar, shape: Shape, at: At): unknown {
  const expanded = expandScalar(state, scalar, shape, at);
  if (expanded === undefined) return undefined;
  const meant = coerce(expanded, shape);
  if (meant.oldBoolean) {
    report(state, at.spot, {
      code: 'old-boolean',
      ...HARMLESS,
      message: `${foundText(scalar, shape)} is read as ${meant.value}; YAML 1.2 knows only true and false`,
      suggestion: `Write ${meant.value}.`,
    });
  }
  return v.is(shape.schema, meant.value) ? meant.value : wrongValue(state, scalar, shape, at);
}

/** The scalar with its variables filled in; undefined if that leaves an optional value without content. */
function expandScalar(state: State, scalar: Scalar, shape: Shape, at: At): Scalar | undefined {
  if (typeof scalar.value !== 'string' || shape.metadata.verbatim) return scalar;
  const { text, unset } = expand(scalar.value, state.env);
  if (text === scalar.value && unset.length === 0) return scalar;
  const expanded = scalar.clone() as Scalar;
  // Quoted, as it were: what comes out of a variable is nobody's YAML.
  expanded.type = 'QUOTE_DOUBLE';
  expanded.value = text;
  if (unset.length === 0) return expanded;
  state.unset.set(at.slot, unset);
  // A required value keeps its reference, so that what depends on it can still be named.
  return shape.optional ? undefined : scalar;
}

function wrongValue(state: State, node: Node | undefined, shape: Shape, at: At): undefined {
  const written = isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  const near = shape.kind === 'choice' && written !== undefined ? nearest(written, shape.options) : undefined;
  return report(state, at.spot, {
    code: 'wrong-value',
    ...FATAL,
    message: 'this value does not fit',
    found: foundText(node, shape),
    expected: expectation(shape),
    ...(near !== undefined && { suggestion: `Did you mean ${JSON.stringify(near)}?` }),
  });
}

interface Entry {
  readonly keyNode: unknown;
  readonly value: unknown;
}

/** The pairs of a mapping by key: the last of equal keys counts, what `<<` brings in counts least. */
function collect(state: State, map: YAMLMap, at: At, depth = 0): Map<string, Entry> {
  const own = new Map<string, Entry>();
  const merged = new Map<string, Entry>();
  for (const pair of map.items) {
    const key = keyText(pair.key);
    const entry: Entry = { keyNode: pair.key, value: pair.value };
    if (key === '<<') {
      for (const [name, inherited] of mergedEntries(state, pair.value, at, depth)) {
        if (!merged.has(name)) merged.set(name, inherited);
      }
      continue;
    }
    if (own.has(key)) {
      report(state, step(state, at, key, { ...entry, value: undefined }).spot, {
        code: 'duplicate-key',
        ...HARMLESS,
        message: 'this key stands here a second time; the last one counts',
        suggestion: 'Remove the others.',
      });
      own.delete(key);
    }
    own.set(key, entry);
  }
  for (const [name, inherited] of merged) if (!own.has(name)) own.set(name, inherited);
  return own;
}

function mergedEntries(state: State, node: unknown, at: At, depth: number): Map<string, Entry> {
  state.values += 1;
  const target = depth > 8 || state.values > MAX_VALUES ? undefined : follow(state, node, at);
  if (isMap(target)) return collect(state, target, at, depth + 1);
  const result = new Map<string, Entry>();
  if (!isSeq(target)) return result;
  for (const item of target.items) {
    for (const [name, entry] of mergedEntries(state, item, at, depth + 1))
      if (!result.has(name)) result.set(name, entry);
  }
  return result;
}

function keyText(node: unknown): string {
  if (!isScalar(node)) return isAlias(node) ? `*${node.source}` : String(node ?? '');
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function step(state: State, at: At, key: string, entry: Entry, slotKey = key): At {
  const { placeOf } = state.source;
  const place =
    placeOf(isEmpty(entry.value) ? entry.keyNode : entry.value) ?? placeOf(entry.keyNode) ?? at.spot.place;
  return {
    slot: join(at.slot, slotKey),
    spot: { path: join(at.spot.path, key), ...(place && { place }) },
  };
}

/** `a.b`, or `a["*b*"]` for a key that is no plain word. */
export function join(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key))
    return `${path}[${JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Reports a key that the schema does not have. Gives the key to read it as, if it has only another name now. */
function unknownKey(
  state: State,
  key: string,
  entry: Entry,
  shape: Extract<Shape, { kind: 'object' }>,
  present: ReadonlyMap<string, Entry>,
  at: At,
): string | undefined {
  // `x-` keys are the customary place for anchors.
  if (at.slot === '' && key.startsWith('x-')) return undefined;
  const { spot } = step(state, at, key, { ...entry, value: undefined });
  const retired = RETIRED_KEYS.get(join(at.slot, key).replace(/\[\d+\]/g, '[]'));
  if (retired !== undefined) {
    state.older = true;
    const renamed = retired.use !== undefined && !present.has(retired.use) ? retired.use : undefined;
    const message =
      renamed === undefined
        ? `a key of an older version, ignored: ${retired.reason}`
        : `an older name of \`${renamed}\``;
    report(state, spot, { code: 'retired-key', ...HARMLESS, message });
    return renamed;
  }
  const suggestion = keySuggestion(state, key, shape, at);
  report(state, spot, {
    code: 'unknown-key',
    ...HARMLESS,
    message: 'this key is not known; it is ignored',
    ...(suggestion !== undefined && { suggestion }),
  });
  return undefined;
}

function keySuggestion(
  state: State,
  key: string,
  shape: Extract<Shape, { kind: 'object' }>,
  at: At,
): string | undefined {
  const near = nearest(key, shape.entries.keys());
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  const settings = state.root.kind === 'object' ? state.root.entries.get('settings') : undefined;
  if (settings?.kind === 'object' && settings !== shape && settings.entries.has(key))
    return `\`${key}\` belongs under \`settings\`.`;
  return state.root.kind === 'object' && at.slot !== '' && state.root.entries.has(key)
    ? `\`${key}\` belongs at the top level, without indentation.`
    : undefined;
}
