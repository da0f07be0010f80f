import { join } from '../key-path.ts';
import type { Found, TreeEdits } from './edits.ts';
import { itemsOf } from './tree.ts';

/** A pair that was found, with the mapping in which it counts. */
export interface FoundWithin extends Found {
  /** The mapping as the path leads to it; `map` is where the pair really stands, which may be merged into it. */
  readonly within: unknown;
  /** The path of `within`. */
  readonly around: string;
  readonly key: string;
}

/** All pairs at a path such as `providers[].big_model`; each pair once, however many aliases lead to it. */
export function findAll(edits: TreeEdits, root: unknown, path: string): FoundWithin[] {
  const steps = path.split('.');
  const seen = new Set<unknown>();
  return follow(edits, root, steps, '').filter(({ pair }) => {
    const fresh = !seen.has(pair);
    seen.add(pair);
    return fresh;
  });
}

function follow(edits: TreeEdits, node: unknown, steps: readonly string[], path: string): FoundWithin[] {
  const [step = '', ...rest] = steps;
  const key = step.replace('[]', '');
  if (rest.length === 0) {
    return edits.pairs(node, key, path).map((found) => ({ ...found, within: node, around: path, key }));
  }
  const value = edits.value(node, key);
  const inner = join(path, key);
  if (!step.endsWith('[]')) return follow(edits, value, rest, inner);
  return itemsOf(edits.source, value).flatMap((item, index) =>
    follow(edits, item, rest, `${inner}[${index}]`),
  );
}
