import { execFile } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The release of Claude Code that the measurements in `docs/` are of. */
const VERSION = '2.1.329';
const PACKAGE = `@anthropic-ai/claude-code@${VERSION}`;
const INSTALL_DEADLINE_MS = 300_000;

/** Beside the project's own packages, so that it is neither in the repository nor outside of its folder. */
const FOLDER = fileURLToPath(new URL(`../../../node_modules/.cache/claude-code-${VERSION}`, import.meta.url));

/** The real client, as `installClient` leaves it. */
export const CLIENT_BINARY: string = join(FOLDER, 'node_modules', '.bin', 'claude');

/** Fetches the client from the npm registry, once. Throws if it cannot be had: without it these tests say nothing. */
export async function installClient(): Promise<void> {
  if (await exists(CLIENT_BINARY)) return;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'package.json'), '{ "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', ...options, PACKAGE], {
    cwd: FOLDER,
    timeout: INSTALL_DEADLINE_MS,
  }).catch((error: unknown) => {
    throw new Error(`The real client ${PACKAGE} could not be installed into ${FOLDER}.`, { cause: error });
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
