import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { HARMLESS } from './diagnostic.ts';
import { type At, type Entry, follow, keySpot, spend, tell, type Walk } from './walk.ts';

/** Merged mappings within merged mappings: more than anybody writes, few enough for one that contains itself. */
const MAX_MERGES = 8;

/** The pairs of a mapping by key: the last of equal keys counts, what `<<` brings in counts least. */
export function entriesOf(walk: Walk, map: YAMLMap, at: At, depth = 0): Map<string, Entry> {
  const own = new Map<string, Entry>();
  const merged = new Map<string, Entry>();
  for (const pair of map.items) {
    const key = keyText(pair.key);
    const entry: Entry = { keyNode: pair.key, value: pair.value };
    if (key === '<<') addMissing(merged, mergedEntries(walk, pair.value, at, depth));
    else addLast(walk, own, key, entry, at);
  }
  addMissing(own, merged);
  return own;
}

function addLast(walk: Walk, into: Map<string, Entry>, key: string, entry: Entry, at: At): void {
  // Taken out first, so that it stands where the last one stands.
  if (into.delete(key)) {
    tell(walk, keySpot(walk, at, key, entry), {
      code: 'duplicate-key',
      ...HARMLESS,
      message: 'this key stands here a second time; the last one counts',
      suggestion: 'Remove the others.',
    });
  }
  into.set(key, entry);
}

function addMissing(into: Map<string, Entry>, from: ReadonlyMap<string, Entry>): void {
  for (const [key, entry] of from) if (!into.has(key)) into.set(key, entry);
}

/** What `<<` names: a mapping, or a list of mappings of which the first counts most. */
function mergedEntries(walk: Walk, node: unknown, at: At, depth: number): Map<string, Entry> {
  const result = new Map<string, Entry>();
  if (depth > MAX_MERGES || !spend(walk, at)) return result;
  const target = follow(walk, node, at);
  if (isMap(target)) return entriesOf(walk, target, at, depth + 1);
  if (!isSeq(target)) return result;
  for (const item of target.items) addMissing(result, mergedEntries(walk, item, at, depth + 1));
  return result;
}

/** A key as text; numbers as they are written. */
function keyText(node: unknown): string {
  if (!isScalar(node)) return isAlias(node) ? `*${node.source}` : 'a key that is no text';
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
