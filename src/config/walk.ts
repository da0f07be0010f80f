import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { FATAL, type Finding, type Place } from './diagnostic.ts';
import type { Environment } from './expand.ts';
import { join } from './key-path.ts';
import type { Shape } from './shape.ts';
import type { Source } from './source.ts';

/** Where a value stands: its path as written, and its place. */
export interface Spot {
  readonly path: string;
  readonly place?: Place;
}

/** What one walk through a file gathers. */
export interface Walk {
  readonly source: Source;
  /** By the node of a key: its path in the file, where it has another one now. */
  readonly writtenPaths: ReadonlyMap<unknown, string>;
  /** The file is one of an older version, which knew no limits of values. */
  readonly older: boolean;
  readonly env: Environment;
  /** The whole file's shape, to tell where a misplaced key belongs. */
  readonly root: Shape;
  readonly findings: (Spot & { readonly finding: Finding })[];
  /** By path in the result. */
  readonly spots: Map<string, Spot>;
  readonly unset: Map<string, readonly string[]>;
  /** By path in the result: required values that are missing or unfit, for which something else stands. */
  readonly standIns: Set<string>;
  /** Booleans of YAML 1.1, and what they mean. */
  readonly oldBooleans: Map<Scalar, boolean>;
  /** Values read so far: aliases may repeat a mapping, but not multiply it without end. */
  values: number;
}

/** A position in the walk. */
export interface At {
  /** The path in the result: entries that were left out do not count in its indices. */
  readonly slot: string;
  readonly spot: Spot;
}

/** A pair of a mapping. */
export interface Entry {
  readonly keyNode: unknown;
  readonly value: unknown;
}

const MAX_VALUES = 50_000;

export function tell(walk: Walk, spot: Spot, finding: Finding): undefined {
  walk.findings.push({ ...spot, finding });
  return undefined;
}

/** Counts one more value; false if there are too many to go on. */
export function spend(walk: Walk, at: At): boolean {
  walk.values += 1;
  if (walk.values <= MAX_VALUES) return true;
  if (walk.values === MAX_VALUES + 1) {
    tell(walk, at.spot, { code: 'too-large', ...FATAL, message: `more than ${MAX_VALUES} values` });
  }
  return false;
}

/** The node itself, or what an alias stands for. */
export function follow(walk: Walk, node: unknown, at: At): Node | undefined {
  if (!isAlias(node)) return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
  const target = walk.source.resolve(node);
  if (target !== undefined) return target;
  return tell(walk, at.spot, {
    code: 'syntax',
    ...FATAL,
    message: 'an alias without an anchor before it',
    suggestion: 'Put a value that begins with * in quotes.',
  });
}

/** Nothing stands there: `key:`, `key: ~` or `key: null`. */
export function isEmpty(node: unknown): boolean {
  return !isAlias(node) && (!isScalar(node) || node.value === null) && !isMap(node) && !isSeq(node);
}

/** The position of an entry's value. */
export function valueAt(walk: Walk, at: At, key: string, entry: Entry): At {
  const place = isEmpty(entry.value) ? undefined : walk.source.placeOf(entry.value);
  const inKey = keySpot(walk, at, key, entry);
  return { slot: join(at.slot, key), spot: place === undefined ? inKey : { path: inKey.path, place } };
}

/** The spot of an entry's key. */
export function keySpot(walk: Walk, at: At, key: string, entry: Entry): Spot {
  const place = walk.source.placeOf(entry.keyNode) ?? at.spot.place;
  const path = walk.writtenPaths.get(entry.keyNode) ?? join(at.spot.path, key);
  return { path, ...(place && { place }) };
}
