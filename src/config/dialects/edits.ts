import { isMap, isScalar, Pair, Scalar, YAMLMap } from 'yaml';
import { FATAL, type Finding } from '../diagnostic.ts';
import { join } from '../key-path.ts';
import type { Source } from '../source.ts';
import type { TranslationFinding } from './dialect.ts';
import { Copier, isNothing, mapsOf, pairsWith, textOf } from './tree.ts';

/** A pair of the file's tree, and where it is. */
export interface Found {
  readonly map: YAMLMap;
  readonly pair: Pair;
  /** As written: `settings.timeouts`. */
  readonly path: string;
}

/**
 * Changes to a file's tree on its way into today's form. Places and comments stay; what is moved or renamed keeps the
 * path that it has in the file. Mappings that come in through anchors and `<<` are changed where they stand.
 */
export class TreeEdits {
  readonly source: Source;
  readonly findings: TranslationFinding[] = [];
  readonly writtenPaths = new Map<unknown, string>();
  readonly copier: Copier;

  constructor(source: Source) {
    this.source = source;
    this.copier = new Copier(source);
  }

  /** All pairs with a key in a mapping and what it merges, the one that counts last. */
  pairs(node: unknown, key: string, path: string): Found[] {
    const maps = mapsOf(this.source, node).reverse();
    return maps.flatMap((map) => pairsWith(map, key).map((pair) => ({ map, pair, path: join(path, key) })));
  }

  /** The pair that counts. */
  pair(node: unknown, key: string, path = ''): Found | undefined {
    return this.pairs(node, key, path).at(-1);
  }

  value(node: unknown, key: string): unknown {
    return this.pair(node, key)?.pair.value;
  }

  /** Tells a finding about a node, or about what surrounds it. */
  tell(path: string, node: unknown, finding: Finding): void {
    const place = this.source.placeOf(node);
    this.findings.push({ finding, path, ...(place && { place }) });
  }

  /** Takes every pair with this key out. */
  remove(node: unknown, key: string): void {
    for (const { map, pair } of this.pairs(node, key, '')) map.items.splice(map.items.indexOf(pair), 1);
  }

  /** Gives a pair another key of the same mapping. */
  rename({ pair, path }: Found, key: string): void {
    if (!isScalar(pair.key)) return;
    // A copy: an anchor may make the same node a key or value elsewhere.
    const renamed = this.copier.copy(pair.key, { comments: true });
    if (!isScalar(renamed)) return;
    renamed.value = key;
    delete renamed.source;
    pair.key = renamed;
    this.writtenPaths.set(renamed, path);
  }

  /** Puts a value under a key, at the end of its mapping or instead of what is there; `from` is the pair it comes from. */
  set(map: YAMLMap, key: string, value: unknown, from?: Found): Pair {
    const node = new Scalar(key);
    if (from !== undefined) {
      const place = isScalar(from.pair.key) ? from.pair.key : undefined;
      if (place?.range) node.range = place.range;
      this.writtenPaths.set(node, from.path);
    }
    const pair = new Pair<unknown, unknown>(node, value);
    const present = map.items.findIndex((item) => textOf(item.key) === key);
    if (present === -1) map.items.push(pair);
    else map.items[present] = pair;
    return pair;
  }

  /** As `set`, with the comment above the key that it comes from. */
  move(map: YAMLMap, key: string, value: unknown, from: Found | undefined): void {
    const pair = this.set(map, key, value, from);
    const comment = isScalar(from?.pair.key) ? from.pair.key.commentBefore : undefined;
    if (comment && isScalar(pair.key)) pair.key.commentBefore = comment;
  }

  /** A blank line, and perhaps a comment, before a key. */
  spaceOut(map: YAMLMap, key: string, comment?: string): void {
    const node = this.pair(map, key)?.pair.key;
    if (!isScalar(node)) return;
    node.spaceBefore = true;
    // A comment within a line of JSON would swallow what follows.
    if (comment !== undefined && !map.flow) node.commentBefore = comment;
  }

  /** The mapping under a key, made (out of `from`) if there is none; undefined if something else stands there. */
  ensure(map: YAMLMap, key: string, from?: Found): YAMLMap | undefined {
    const found = this.pair(map, key);
    if (found !== undefined && !isNothing(found.pair.value)) return mapsOf(this.source, found.pair.value)[0];
    const made = new YAMLMap();
    if (found === undefined) this.set(map, key, made, from);
    else found.pair.value = made;
    return made;
  }

  /** Says so if a copy had to be cut short: then the tree does not hold what the file says. */
  finish(): void {
    if (this.copier.exhausted)
      this.tell('', undefined, { code: 'too-large', ...FATAL, message: 'aliases that multiply without end' });
  }
}

/** The root, where it is a mapping. */
export function rootMap(source: Source): YAMLMap | undefined {
  return isMap(source.root) ? source.root : undefined;
}
