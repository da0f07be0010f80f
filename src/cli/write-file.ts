import { writeFile } from 'node:fs/promises';

/**
 * Writes a configuration, which may hold keys: only its owner reads a new one. A file that is there stays unless
 * `force` says otherwise. Gives what went wrong, for people; undefined if nothing.
 */
export async function writeConfiguration(
  path: string,
  text: string,
  force: boolean,
): Promise<string | undefined> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: force ? 'w' : 'wx' });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'EEXIST' ? occupied(path) : `${path} cannot be written: ${code}`;
  }
}

/** What is said of a file that stays. */
export function occupied(path: string): string {
  return `${path} is there already, and stays as it is. To overwrite it: --force.`;
}
