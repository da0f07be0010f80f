import { Scalar, type YAMLMap } from 'yaml';
import { CHECK_NOTE, HARMLESS } from '../diagnostic.ts';
import { OLD_KEYS } from './balancer-keys.ts';
import { MOVES } from './balancer-moves.ts';
import { routeBySize } from './big-small.ts';
import type { DialectName } from './dialect.ts';
import { dropKey, takeOut } from './drop.ts';
import type { TreeEdits } from './edits.ts';
import { type FoundWithin, findAll } from './paths.ts';
import { isNothing, pairsWith } from './tree.ts';

/** Brings a file of any older version of the balancer into today's form. */
export function translateBalancer(edits: TreeEdits, root: YAMLMap, dialect: DialectName): void {
  routeBySize(edits, root);
  if (dialect === 'balancer 0.3.0' || dialect === 'balancer 0.5.0') keepPort(edits, root);
  for (const old of OLD_KEYS) {
    const found = findAll(edits, root, old.path);
    if (found.length === 0) continue;
    if (old.fate.kind === 'moved') MOVES.get(old.path)?.(edits, root, found);
    else if (old.fate.kind === 'renamed') renameKey(edits, found, old.fate.to);
    else dropKey(edits, root, old.path, old.fate.reason);
  }
}

/** Where these versions listened without being told. */
const OLD_PORT = 8080;

function keepPort(edits: TreeEdits, root: YAMLMap): void {
  const settings = edits.ensure(root, 'settings');
  if (settings === undefined || !isNothing(edits.value(settings, 'port'))) return;
  edits.remove(settings, 'port');
  edits.set(settings, 'port', new Scalar(OLD_PORT));
}

/** Where the new name is there too, it counts. Of equal old keys the last one counts, as of any others. */
function renameKey(edits: TreeEdits, found: readonly FoundWithin[], to: string): void {
  const overruled = found.map(({ within }) => !isNothing(edits.value(within, to)));
  for (const [index, each] of found.entries()) {
    if (overruled[index]) {
      edits.tell(each.path, each.pair.key, {
        code: 'retired-key',
        ...HARMLESS,
        message: `an older name of \`${to}\`, which is there too and counts; this is ignored`,
      });
      takeOut(each);
      continue;
    }
    edits.tell(each.path, each.pair.key, {
      code: 'renamed-key',
      ...CHECK_NOTE,
      message: `an older name of \`${to}\`, read as that`,
    });
    removeNothing(each, to);
    edits.rename(each, to);
  }
}

/** An empty key of the new name would come before the renamed one. */
function removeNothing({ map }: FoundWithin, key: string): void {
  const empty = pairsWith(map, key).filter(({ value }) => isNothing(value));
  for (const pair of empty) map.items.splice(map.items.indexOf(pair), 1);
}
