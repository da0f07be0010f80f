import type { KeyReference } from '../../src/config/reference.ts';

/** The documentation's table of all keys directly or deeper under one section. */
export function referenceTable(keys: readonly KeyReference[], section: string): string {
  const rows = keys
    .filter(({ path }) => path.startsWith(section))
    .map(({ path, values, fallback, unit, meaning }) => {
      const key = path.slice(section.length).replace(/^(\.<pattern>\[\])?\.?/, '');
      return `| \`${key}\` | ${values} | ${fallback}${unit === '' || fallback.startsWith('that') ? '' : ` ${unit}`} | ${meaning} |`;
    });
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
