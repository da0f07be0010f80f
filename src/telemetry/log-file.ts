import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

/** More than this waiting for a slow disk is dropped, bytes. */
const MAX_WAITING = 8 * 1024 * 1024;
/** How long a file that failed is left alone, ms. */
const RETRY_MS = 60_000;

export interface LogFile {
  readonly path: string;
  /** Appends one line. Never throws, never waits. */
  write(line: string): void;
  close(): Promise<void>;
}

/**
 * A log file that may fail without harm: its folder is made, a failure is told once to `onTrouble`, and after a
 * minute the next line tries again. Only its owner may read it.
 */
export function openLogFile(path: string, now: () => number, onTrouble: (message: string) => void): LogFile {
  let stream: WriteStream | undefined;
  let failedAt: number | undefined;
  let dropped = 0;

  const fail = (error: unknown): void => {
    stream?.destroy();
    stream = undefined;
    failedAt = now();
    onTrouble(`The log file ${path} cannot be written: ${error instanceof Error ? error.message : error}`);
  };
  const open = (): WriteStream | undefined => {
    if (failedAt !== undefined && now() - failedAt < RETRY_MS) return undefined;
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      fail(error);
      return undefined;
    }
    const opened = createWriteStream(path, { flags: 'a', mode: 0o600 });
    opened.on('error', (error) => {
      if (stream === opened) fail(error);
    });
    return opened;
  };

  return {
    path,
    write(line) {
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
    },
    close() {
      const closing = stream;
      stream = undefined;
      if (closing === undefined || closing.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        closing.once('close', () => resolve());
        closing.end();
      });
    },
  };
}
