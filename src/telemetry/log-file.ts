import { createWriteStream, mkdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { createStream } from 'rotating-file-stream';

/** More than this waiting for a slow disk is dropped, bytes. */
const MAX_WAITING = 8 * 1024 * 1024;
/** More lines than this are not kept for a file whose last writer is still closing. */
const MAX_LINES_WAITING = 10_000;
/** How long a file that failed is left alone, ms. */
const RETRY_MS = 60_000;
/** Only its owner may read it. */
const MODE = 0o600;

export interface LogFileOptions {
  readonly path: string;
  /** At this size it is put aside as `<path>.1`, and what was put aside before moves on by one. */
  readonly maxBytes: number;
  /** How many of those are kept, from 1. */
  readonly maxFiles: number;
  readonly now: () => number;
  /** Told once of each failure, with what to know about it. */
  readonly onTrouble: (message: string) => void;
  /** Nothing is written before this has settled: the same file's last writer is still at it. */
  readonly after?: Promise<void> | undefined;
}

export interface LogFile {
  /** Appends one line. Never throws, never waits. */
  write(line: string): void;
  /** Writes what waits and closes. */
  close(): Promise<void>;
}

/**
 * A log file that may fail without harm: its folder is made, a failure is told once, and after a minute the next line
 * tries again. It is put aside by size, between two lines.
 */
export function openLogFile(options: LogFileOptions): LogFile {
  const { path, now, onTrouble } = options;
  let stream: Writable | undefined;
  let failedAt: number | undefined;
  let dropped = 0;

  const fail = (error: unknown): void => {
    stream?.destroy();
    stream = undefined;
    failedAt = now();
    onTrouble(`The log file ${path} cannot be written: ${error instanceof Error ? error.message : error}`);
  };
  const open = (): Writable | undefined => {
    if (failedAt !== undefined && now() - failedAt < RETRY_MS) return undefined;
    try {
      const opened = openStream(options);
      opened.on('error', (error) => {
        if (stream === opened) fail(error);
      });
      return opened;
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
  const append = (line: string): void => {
    stream ??= open();
    if (stream === undefined || stream.writableLength > MAX_WAITING) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      onTrouble(`${dropped} lines are missing in the log file ${path}.`);
      dropped = 0;
    }
    stream.write(line);
  };

  let waiting: string[] | undefined = options.after === undefined ? undefined : [];
  const begun = options.after?.then(() => {
    const lines = waiting ?? [];
    waiting = undefined;
    for (const line of lines) append(line);
  });

  return {
    write(line) {
      if (waiting === undefined) append(line);
      else if (waiting.length < MAX_LINES_WAITING) waiting.push(line);
      else dropped += 1;
    },
    async close() {
      await begun;
      const closing = stream;
      stream = undefined;
      if (closing === undefined || closing.destroyed) return;
      await new Promise<void>((resolve) => {
        closing.once('close', () => resolve());
        closing.end();
      });
    },
  };
}

function openStream({ path, maxBytes, maxFiles }: LogFileOptions): Writable {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  // A terminal or a pipe has no size, and cannot be put aside.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
    return createWriteStream(path, { flags: 'a', mode: MODE });
  }
  return createStream(basename(path), { path: folder, size: `${maxBytes}B`, rotate: maxFiles, mode: MODE });
}
