import type { YAMLMap } from 'yaml';
import { HARMLESS } from '../diagnostic.ts';
import type { TreeEdits } from './edits.ts';
import { type FoundWithin, findAll } from './paths.ts';
import { mapsOf } from './tree.ts';

/** Takes a key out wherever it stands, with one warning; `reason` ends its sentence. */
export function dropKey(edits: TreeEdits, root: YAMLMap, path: string, reason: string): void {
  const found = findAll(edits, root, path);
  const [first, ...others] = found;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (here and in ${others.length} more)`;
  edits.tell(first.path, first.pair.key, {
    code: 'retired-key',
    ...HARMLESS,
    message: `a key of an older file, ignored${more}: ${reason}`,
  });
  for (const each of found) takeOut(each);
  removeEmpty(edits, root, path);
}

export function takeOut({ map, pair }: FoundWithin): void {
  const index = map.items.indexOf(pair);
  if (index !== -1) map.items.splice(index, 1);
}

/** A mapping of settings that held nothing else goes too. */
function removeEmpty(edits: TreeEdits, root: YAMLMap, path: string): void {
  const around = path.split('.').slice(0, -1).join('.');
  if (around === '' || around.includes('[]')) return;
  for (const found of findAll(edits, root, around)) {
    const maps = mapsOf(edits.source, found.pair.value);
    if (maps.length > 0 && maps.every(({ items }) => items.length === 0)) takeOut(found);
  }
}
