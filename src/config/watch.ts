import { type FSWatcher, watch } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../domain/time.ts';

export interface WatchOptions {
  readonly clock: Clock;
  /** Quiet after the last sign of a change before the file is looked at, ms: editors write in several steps. Default 150. */
  readonly settleMs?: number;
  /** How often the file is looked at without any sign: mounted folders and remote disks send none. Default 5000. */
  readonly pollMs?: number;
  /** What the file held when it was loaded: a change since then is told at once. Default: what it holds at the beginning. */
  readonly loaded?: string | undefined;
}

export interface ConfigurationWatch {
  /** Nothing is called any more afterwards. */
  close(): void;
  /**
   * Settles when the file as it stood at the beginning is known: changes from then on are told. Whoever loads the file
   * after this, or gives `loaded`, misses none.
   */
  readonly ready: Promise<void>;
}

const SETTLE_MS = 150;
const POLL_MS = 5000;
/** After a sign of some other file in the folder: it may be a link on the way to ours, or a log that is never quiet. */
const NEIGHBOUR_MS = 1000;

/**
 * Calls `onChange` whenever the file's content has changed and come to rest. The folders are watched, not the file: so
 * it survives editors that put a new file in its place, a file that is away for a while, and symbolic links that are
 * turned to another target. A file that is gone or empty is no change: the configuration that runs stays until there is a new
 * one. Calls never overlap; a change during one leads to another after it.
 * @param onChange must not throw; what it throws or rejects with is swallowed, so that watching goes on
 */
export function watchConfiguration(
  file: string,
  onChange: () => void | Promise<void>,
  options: WatchOptions,
): ConfigurationWatch {
  const watcher = new FileWatch(file, onChange, options);
  return { close: () => watcher.close(), ready: watcher.start() };
}

class FileWatch {
  readonly #file: string;
  readonly #onChange: () => void | Promise<void>;
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #pollMs: number;
  readonly #folders = new Map<string, FSWatcher>();
  #content: string | undefined;
  /** Names in the folders that are the file itself. */
  #names: ReadonlySet<string> = new Set();
  #timer: unknown;
  /** When the timer fires, wall clock ms. */
  #due = 0;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(file: string, onChange: () => void | Promise<void>, options: WatchOptions) {
    this.#file = file;
    this.#onChange = onChange;
    this.#clock = options.clock;
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#content = options.loaded;
  }

  async start(): Promise<void> {
    await this.#watchFolders();
    const content = await readText(this.#file);
    this.#content ??= content;
    this.#plan(this.#content === content ? this.#pollMs : this.#settleMs);
  }

  close(): void {
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  /** Looks at the file after a while; a later plan replaces an earlier one. */
  #plan(delayMs: number): void {
    if (this.#closed) return;
    this.#clock.clearTimeout(this.#timer);
    this.#due = this.#clock.now() + delayMs;
    this.#timer = this.#clock.setTimeout(() => void this.#look(), delayMs);
  }

  #sign(name: string | null): void {
    const ours = name === null || this.#names.has(name);
    if (this.#looking) this.#again ||= ours;
    else if (ours) this.#plan(this.#settleMs);
    else if (this.#due - this.#clock.now() > NEIGHBOUR_MS) this.#plan(NEIGHBOUR_MS);
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#again = false;
    await this.#watchFolders();
    const content = await readText(this.#file);
    // Empty is what a file is between being opened and being written; and no configuration.
    const changed = content !== undefined && content !== '' && content !== this.#content;
    // A sign while it was read: it is still being written.
    if (changed && !this.#again && !this.#closed) {
      this.#content = content;
      await this.#tell();
    }
    this.#looking = false;
    this.#plan(this.#again ? this.#settleMs : this.#pollMs);
  }

  async #tell(): Promise<void> {
    try {
      await this.#onChange();
    } catch {
      // Documented above: the callback tells of its own failures.
    }
  }

  /** The file's own folder, and that of what it links to: a link may be turned, or its target replaced. */
  async #watchFolders(): Promise<void> {
    const target = await realpath(this.#file).catch(() => this.#file);
    this.#names = new Set([basename(this.#file), basename(target)]);
    const wanted = new Set([dirname(this.#file), dirname(target)]);
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder);
  }

  #watchFolder(folder: string): void {
    if (this.#closed) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#sign(name));
      // A folder that went away: the next look opens it anew, if it is there again.
      watcher.on('error', () => this.#forget(folder));
      this.#folders.set(folder, watcher);
    } catch {
      // No folder, or no watches left on this machine: the regular looks remain.
    }
  }

  #forget(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
