import { HARMLESS } from './diagnostic.ts';
import { join } from './key-path.ts';
import { RETIRED_KEYS } from './retired-keys.ts';
import type { Shape } from './shape.ts';
import { nearest } from './suggest.ts';
import { type At, type Entry, keySpot, tell, type Walk } from './walk.ts';

type ObjectShape = Extract<Shape, { kind: 'object' }>;

/**
 * Tells of a key that the schema does not have. Gives the key to read it as, if it has only another name now.
 * @param present all entries of the same mapping
 */
export function unknownKey(
  walk: Walk,
  key: string,
  present: ReadonlyMap<string, Entry>,
  shape: ObjectShape,
  at: At,
): string | undefined {
  // `x-` keys are the customary place for anchors.
  if (at.slot === '' && key.startsWith('x-')) return undefined;
  const spot = keySpot(walk, at, key, present.get(key) ?? { keyNode: undefined, value: undefined });
  const retired = RETIRED_KEYS.get(join(at.slot, key).replace(/\[\d+\]/g, '[]'));
  if (retired !== undefined) {
    walk.older = true;
    const renamed = retired.use !== undefined && !present.has(retired.use) ? retired.use : undefined;
    const message =
      renamed === undefined
        ? `a key of an older version, ignored: ${retired.reason}`
        : `an older name of \`${renamed}\`, read as that`;
    tell(walk, spot, { code: 'retired-key', ...HARMLESS, message });
    return renamed;
  }
  const suggestion = keySuggestion(walk, key, shape, at);
  tell(walk, spot, {
    code: 'unknown-key',
    ...HARMLESS,
    message: 'this key is not known; it is ignored',
    ...(suggestion !== undefined && { suggestion }),
  });
  return undefined;
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
