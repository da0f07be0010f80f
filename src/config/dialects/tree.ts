import { isAlias, isMap, isScalar, isSeq, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Source } from '../source.ts';

/** Reading and copying parts of a file's tree where anchors, aliases and merged mappings may stand. */

/** Merged mappings within merged mappings, and values within values: deeper than any file that is meant seriously. */
const MAX_DEPTH = 100;
/** Nodes of all copies of one file. */
const MAX_COPIES = 20_000;

/** The node itself, or what an alias stands for. */
function resolved(source: Source, node: unknown): unknown {
  return isAlias(node) ? source.resolve(node) : node;
}

/** The mapping that a node is or stands for, and those that it merges: who comes first counts most. */
export function mapsOf(source: Source, node: unknown): YAMLMap[] {
  const found = new Set<YAMLMap>();
  const collect = (each: unknown): void => {
    const target = resolved(source, each);
    if (isSeq(target)) for (const item of target.items) collect(item);
    if (!isMap(target) || found.has(target)) return;
    found.add(target);
    for (const pair of target.items) if (textOf(pair.key) === '<<') collect(pair.value);
  };
  const start = resolved(source, node);
  if (isMap(start)) collect(start);
  return [...found];
}

/** The items of a sequence. */
export function itemsOf(source: Source, node: unknown): unknown[] {
  const target = resolved(source, node);
  return isSeq(target) ? target.items : [];
}

/** A scalar's text, as it is written where it is a number; undefined for everything else. */
export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value);
}

/** The number that a scalar is, in quotes or not. */
export function numberIn(node: unknown): number | undefined {
  const text = textOf(node)?.trim();
  return text === undefined || text === '' || !Number.isFinite(Number(text)) ? undefined : Number(text);
}

/** Nothing stands there. */
export function isNothing(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && (node.value ?? null) === null);
}

/** The pairs of one mapping with this key: several, where it stands several times. */
export function pairsWith(map: YAMLMap, key: string): Pair[] {
  return map.items.filter((pair) => textOf(pair.key) === key);
}

/** Copies without anchors, aliases and merges, which stand for themselves wherever they are put. */
export class Copier {
  readonly #source: Source;
  #left = MAX_COPIES;

  constructor(source: Source) {
    this.#source = source;
  }

  /** A copy was cut short: what it holds is not what the file says. */
  get exhausted(): boolean {
    return this.#left <= 0;
  }

  /** Keeps places in the file; comments only if asked for. */
  copy(
    node: unknown,
    options: { readonly comments: boolean } = { comments: false },
  ): Scalar | YAMLMap | YAMLSeq {
    return this.#copy(node, options.comments, 0);
  }

  #copy(node: unknown, comments: boolean, depth: number): Scalar | YAMLMap | YAMLSeq {
    this.#left -= 1;
    if (depth > MAX_DEPTH) this.#left = 0;
    const target = this.#left <= 0 ? undefined : resolved(this.#source, node);
    if (isMap(target)) return this.#copyMap(target, comments, depth);
    if (isSeq(target)) {
      const copy = alike(new YAMLSeq(), target, comments);
      copy.items = target.items.map((item) => this.#copy(item, comments, depth + 1));
      return copy;
    }
    if (!isScalar(target)) return new Scalar(null);
    const copy = alike(target.clone() as Scalar, target, comments);
    delete copy.anchor;
    return copy;
  }

  #copyMap(map: YAMLMap, comments: boolean, depth: number): YAMLMap {
    const copy = alike(new YAMLMap(), map, comments);
    for (const [index, from] of mapsOf(this.#source, map).entries()) {
      for (const { key, value } of from.items) {
        const name = textOf(key);
        if (name === '<<') continue;
        if (index > 0 && name !== undefined && pairsWith(copy, name).length > 0) continue;
        const [keyCopy, valueCopy] = [key, value].map((each) => this.#copy(each, comments, depth + 1));
        if (keyCopy !== undefined) copy.items.push(new Pair(keyCopy, valueCopy));
      }
    }
    return copy;
  }
}

interface Presentation {
  range?: unknown;
  flow?: boolean;
  comment?: string | null;
  commentBefore?: string | null;
  spaceBefore?: boolean;
}

/** The same place, style and, if wanted, comments. */
function alike<T extends Presentation>(copy: T, original: Presentation, comments: boolean): T {
  if (original.range) copy.range = original.range;
  if (original.flow !== undefined) copy.flow = original.flow;
  copy.comment = comments ? (original.comment ?? null) : null;
  copy.commentBefore = comments ? (original.commentBefore ?? null) : null;
  if (comments && original.spaceBefore) copy.spaceBefore = true;
  else delete copy.spaceBefore;
  return copy;
}
