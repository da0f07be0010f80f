import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
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
  const deadline = { cwd: FOLDER, timeout: INSTALL_DEADLINE_MS };
  const run = promisify(execFile);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  try {
    await run('npm', ['install', ...quiet, PACKAGE], deadline);
    // Its own install script, which puts the binary of this system in place; npm may be told to run none.
    await run(process.execPath, ['node_modules/@anthropic-ai/claude-code/install.cjs'], deadline);
    await run(CLIENT_BINARY, ['--version'], deadline);
  } catch (cause) {
    await rm(FOLDER, { recursive: true, force: true });
    throw new Error(`The real client ${PACKAGE} could not be installed into ${FOLDER}.`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
