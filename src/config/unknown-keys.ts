import { HARMLESS } from './diagnostic.ts';
import type { Shape } from './shape.ts';
import { nearest } from './suggest.ts';
import { type At, type Entry, keySpot, tell, type Walk } from './walk.ts';

type ObjectShape = Extract<Shape, { kind: 'object' }>;

/** Tells of a key that the schema does not have, nor any older form of the file. */
export function unknownKey(walk: Walk, key: string, entry: Entry, shape: ObjectShape, at: At): void {
  // `x-` keys are the customary place for anchors.
  if (at.slot === '' && key.startsWith('x-')) return;
  const suggestion = keySuggestion(walk, key, shape, at);
  tell(walk, keySpot(walk, at, key, entry), {
    code: 'unknown-key',
    ...HARMLESS,
    message: 'this key is not known; it is ignored',
    ...(suggestion !== undefined && { suggestion }),
  });
}

function keySuggestion({ root }: Walk, key: string, shape: ObjectShape, at: At): string | undefined {
  const near = nearest(key, shape.entries.keys());
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  if (root.kind !== 'object') return undefined;
  if (at.slot !== '' && root.entries.has(key))
    return `\`${key}\` belongs at the top level, without indentation.`;
  const settings = root.entries.get('settings');
  if (settings?.kind !== 'object' || settings === shape || !settings.entries.has(key)) return undefined;
  return `\`${key}\` belongs under \`settings\`.`;
}
