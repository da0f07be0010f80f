import * as v from 'valibot';
import { isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { CHECK_WARNING, FATAL, type Finding, HARMLESS } from './diagnostic.ts';
import { TODAY, type Translation } from './dialects/dialect.ts';
import { entriesOf } from './entries.ts';
import { type Environment, expand } from './expand.ts';
import { join } from './key-path.ts';
import { coerce, foundText } from './scalars.ts';
import { expectation, type Shape } from './shape.ts';
import type { Source } from './source.ts';
import { nearest } from './suggest.ts';
import { unknownKey } from './unknown-keys.ts';
import {
  type At,
  type Entry,
  follow,
  isEmpty,
  keySpot,
  type Spot,
  spend,
  tell,
  valueAt,
  type Walk,
} from './walk.ts';

/** What a reading gives. */
export interface Reading {
  /**
   * Fits the schema, or is undefined if nothing usable is there. Values that do not fit are left out and told of; for
   * those that are required something stands in, so that what surrounds them can be judged all the same.
   */
  readonly value: unknown;
  readonly findings: readonly (Spot & { readonly finding: Finding })[];
  /**
   * Of every value, and of those that name unset variables, by path in `value` (not in the file: entries that were left
   * out shift the indices).
   */
  readonly spots: ReadonlyMap<string, Spot>;
  /** Values that name environment variables which are not set, by path in `value`. */
  readonly unset: ReadonlyMap<string, readonly string[]>;
  /** Where something stands in, by path in `value`: there is an error about each of them. */
  readonly standIns: ReadonlySet<string>;
  /** Values that are booleans in YAML 1.1 only, and what they mean. */
  readonly oldBooleans: ReadonlyMap<Scalar, boolean>;
}

type ObjectShape = Extract<Shape, { kind: 'object' }>;

/**
 * Walks the file along with the schema: tells unknown keys, expands variables, takes what is evidently meant (`"30"` for
 * a number, `yes` for a boolean), checks each value where it stands. So every mistake is told at once, with its place.
 */
export function readFile(source: Source, shape: Shape, env: Environment, translation: Translation): Reading {
  const walk: Walk = {
    source,
    writtenPaths: translation.writtenPaths,
    older: translation.dialect !== TODAY,
    env,
    root: shape,
    findings: [],
    spots: new Map(),
    unset: new Map(),
    standIns: new Set(),
    oldBooleans: new Map(),
    values: 0,
  };
  const value =
    source.root === undefined ? {} : readNode(walk, source.root, shape, { slot: '', spot: { path: '' } });
  const { findings, spots, unset, standIns, oldBooleans } = walk;
  return { value, findings, spots, unset, standIns, oldBooleans };
}

/** The value at one position, undefined if nothing usable stands there. */
function readNode(walk: Walk, node: unknown, shape: Shape, at: At): unknown {
  const value = readAny(walk, node, shape, at);
  if (value !== undefined) walk.spots.set(at.slot, at.spot);
  return value;
}

function readAny(walk: Walk, node: unknown, shape: Shape, at: At): unknown {
  if (!spend(walk, at)) return undefined;
  if (shape.kind === 'later') return isEmpty(node) ? undefined : notServed(walk, at);
  const target = follow(walk, node, at);
  if (target === undefined) return shape.kind === 'any' && isEmpty(node) ? null : undefined;
  if (isEmpty(target)) return shape.kind === 'any' ? null : undefined;
  if (shape.kind === 'any' && isMap(target)) return readMap(walk, target, shape, at);
  if (shape.kind === 'any' && isSeq(target)) return readList(walk, target.items, shape, at);
  if (shape.kind === 'object' && isMap(target)) return readObject(walk, target, shape, at);
  if (shape.kind === 'map' && isMap(target)) return readMap(walk, target, shape.value, at);
  if (shape.kind === 'list' && isSeq(target)) return readList(walk, target.items, shape.item, at);
  if (shape.kind === 'text or list' && isSeq(target))
    return readList(walk, target.items, textItem(shape), at);
  return isScalar(target) ? readScalar(walk, target, shape, at) : wrongValue(walk, target, shape, at);
}

/** A key that is known, but has no effect yet; what stands there does not matter. */
function notServed(walk: Walk, at: At): undefined {
  return tell(walk, at.spot, {
    code: 'not-served',
    ...CHECK_WARNING,
    message: 'accepted, but not served yet; it has no effect',
  });
}

function textItem(shape: Shape): Shape {
  return { ...shape, kind: 'text', schema: v.string() };
}

function readObject(walk: Walk, map: YAMLMap, shape: ObjectShape, at: At): unknown {
  const entries = entriesOf(walk, map, at);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of entries) {
    const inner = shape.entries.get(key);
    if (inner === undefined) {
      unknownKey(walk, key, entry, shape, at);
      continue;
    }
    const value = readNode(walk, entry.value, inner, valueAt(walk, at, key, entry));
    if (value !== undefined) result[key] = value;
  }
  complete(walk, result, shape, entries, at);
  return result;
}

/** Fills in for what is required and missing. A value that was there but did not fit has been told of already. */
function complete(
  walk: Walk,
  result: Record<string, unknown>,
  shape: ObjectShape,
  entries: ReadonlyMap<string, Entry>,
  at: At,
): void {
  const missing = [...shape.entries].filter(([key, inner]) => !inner.optional && result[key] === undefined);
  for (const [key, inner] of missing) {
    // Required are names and addresses only, and a path is a text that nobody gives twice.
    result[key] = join(at.slot, key);
    walk.standIns.add(join(at.slot, key));
    const entry = entries.get(key);
    if (entry !== undefined && !isEmpty(entry.value)) continue;
    const spot =
      entry === undefined ? { ...at.spot, path: join(at.spot.path, key) } : keySpot(walk, at, key, entry);
    tell(walk, spot, {
      code: 'missing-key',
      ...FATAL,
      message: 'a required key is missing',
      found: 'nothing',
      expected: expectation(inner),
    });
  }
}

/** Names that mean something to the language itself. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function readMap(walk: Walk, map: YAMLMap, inner: Shape, at: At): unknown {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of entriesOf(walk, map, at)) {
    if (FORBIDDEN_NAMES.has(key)) {
      const message = 'this name cannot be used; it is ignored';
      tell(walk, keySpot(walk, at, key, entry), { code: 'unknown-key', ...HARMLESS, message });
      continue;
    }
    const value = readNode(walk, entry.value, inner, valueAt(walk, at, key, entry));
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function readList(walk: Walk, items: readonly unknown[], inner: Shape, at: At): unknown[] {
  const result: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const place = walk.source.placeOf(item) ?? at.spot.place;
    const spot: Spot = { path: `${at.spot.path}[${index}]`, ...(place && { place }) };
    const inside: At = { slot: `${at.slot}[${result.length}]`, spot };
    const value =
      isEmpty(item) && inner.kind !== 'any'
        ? wrongValue(walk, undefined, inner, inside)
        : readNode(walk, item, inner, inside);
    if (value !== undefined) result.push(value);
  }
  return result;
}

function readScalar(walk: Walk, written: Scalar, shape: Shape, at: At): unknown {
  const scalar = expandScalar(walk, written, shape, at);
  if (scalar === undefined) return undefined;
  const meant = coerce(scalar, shape);
  if (!v.is(shape.schema, meant.value)) return wrongValue(walk, written, shape, at);
  if (meant.oldBoolean) {
    if (scalar === written) walk.oldBooleans.set(written, meant.value === true);
    tell(walk, at.spot, {
      code: 'old-boolean',
      ...HARMLESS,
      message: `${foundText(written, shape)} is read as ${meant.value}, as older versions of YAML did`,
      suggestion: `Write ${meant.value}.`,
    });
  }
  return meant.value;
}

/** The scalar with its variables filled in; undefined if that leaves an optional value without content. */
function expandScalar(walk: Walk, scalar: Scalar, shape: Shape, at: At): Scalar | undefined {
  if (typeof scalar.value !== 'string' || shape.metadata.verbatim) return scalar;
  const { text, unset } = expand(scalar.value, walk.env);
  if (text === scalar.value && unset.length === 0) return scalar;
  if (unset.length > 0) {
    walk.unset.set(at.slot, unset);
    walk.spots.set(at.slot, at.spot);
    // A required value keeps its reference, so that what depends on it can still be named.
    return shape.optional ? undefined : scalar;
  }
  const expanded = scalar.clone() as Scalar;
  // Quoted, as it were: what comes out of a variable is nobody's YAML.
  expanded.type = 'QUOTE_DOUBLE';
  expanded.value = text;
  return expanded;
}

/** Of the right type, but beyond its limits: that was no error in older versions. */
function isOutside(node: Node | undefined, shape: Shape): boolean {
  if (!shape.optional || !isScalar(node)) return false;
  if (shape.kind === 'text') return node.value === '';
  return shape.kind === 'number' && typeof coerce(node, shape).value === 'number';
}

function wrongValue(walk: Walk, node: Node | undefined, shape: Shape, at: At): undefined {
  const written = isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  const near = shape.kind === 'choice' && written !== undefined ? nearest(written, shape.options) : undefined;
  const tolerant = shape.metadata.tolerant === true || (walk.older && isOutside(node, shape));
  return tell(walk, at.spot, {
    code: 'wrong-value',
    ...(tolerant ? HARMLESS : FATAL),
    message: tolerant ? 'this value does not fit, the default counts' : 'this value does not fit',
    found: foundText(node, shape),
    expected: expectation(shape),
    ...(near !== undefined && { suggestion: `Did you mean ${JSON.stringify(near)}?` }),
  });
}
