import { readFileSync } from 'node:fs';

/** Our version, from the package's own manifest; it lies two folders above the compiled file as well as above the source. */
export function packageVersion(): string {
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (isManifest(manifest)) return manifest.version;
    } catch {
      // Not here: the compiled tree lies one folder deeper.
    }
  }
  return 'unknown';
}

function isManifest(value: unknown): value is { version: string } {
  return (
    typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
  );
}
