import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ProviderSettings } from '../domain/settings/settings.ts';
import type { Clock } from '../domain/time.ts';
import {
  type CollectedState,
  encodeState,
  type KeptState,
  parseState,
  restoreState,
  type StoredState,
} from './state-codec.ts';

/**
 * Health survives a restart in a small JSON file: cooldowns, counts, hints, and what was switched off by hand. It is
 * replaced by an atomic rename at most once a second. A missing or broken file is only a warning.
 */
export interface StateStore {
  /** What was kept of this provider when the store was opened. */
  restore(provider: ProviderSettings, now: number): KeptState | undefined;
  /** Asks for a write soon; `collect` is called when it happens. */
  changed(): void;
  /** Writes what is not yet written. */
  flush(): Promise<void>;
}

export interface StateStoreOptions {
  /** undefined: nothing is kept. */
  readonly file: string | undefined;
  readonly clock: Clock;
  readonly collect: () => readonly CollectedState[];
  readonly warn: (message: string) => void;
}

const WRITE_INTERVAL_MS = 1_000;
/** A larger file is not ours. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads the file once and gives the store. Never rejects. */
export async function openStateStore(options: StateStoreOptions): Promise<StateStore> {
  const { file, clock, collect, warn } = options;
  const stored = file === undefined ? undefined : await read(file, warn);
  if (file !== undefined) await sweep(file);
  const salt = stored?.salt ?? randomBytes(16).toString('hex');
  let timer: unknown;
  let dirty = false;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    timer = undefined;
    if (file === undefined || !dirty) return writing;
    dirty = false;
    const text = JSON.stringify(encodeState(collect(), salt));
    writing = writing
      .then(() => replaceFile(file, text))
      .catch((error: unknown) => warn(`The state file ${file} can't be written: ${messageOf(error)}`));
    return writing;
  };
  return {
    restore(provider, now) {
      return stored === undefined ? undefined : restoreState(stored, provider, now);
    },
    changed() {
      dirty = true;
      if (file !== undefined && timer === undefined)
        timer = clock.setTimeout(() => void write(), WRITE_INTERVAL_MS);
    },
    flush() {
      clock.clearTimeout(timer);
      return write();
    },
  };
}

async function read(file: string, warn: (message: string) => void): Promise<StoredState | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (!isMissing(error))
      warn(`The state file ${file} can't be read: ${messageOf(error)}. Health starts anew.`);
    return undefined;
  }
  try {
    if (text.length > MAX_BYTES) throw new Error('it is too large');
    return parseState(text);
  } catch (error) {
    warn(`The state file ${file} is broken: ${messageOf(error)}. Health starts anew.`);
    return undefined;
  }
}

/** Written beside the file and renamed over it: whoever reads sees the old one or the new one, whole. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

/** Removes what balancers left half written that were killed meanwhile: each has a name of its own, and nobody else would. */
async function sweep(file: string): Promise<void> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(`${basename(file)}.`) ? /\.(\d+)\.tmp$/.exec(name)?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

/** Another process of this number, that is; our own has not written anything yet. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
