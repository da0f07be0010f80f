import { Writable } from 'node:stream';
import { createLog, type Log, type LogOptions } from '../../src/telemetry/log.ts';
import { NOW } from './events.ts';

export class Console extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
  lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

/** Settings of a log without a file. */
export const NO_FILE = { filePath: undefined, fileMaxBytes: 1_000_000, fileMaxFiles: 3, logger: 'Balancer' };

/** A log on a console that can be looked at. */
export function start(options: Partial<LogOptions> = {}): { log: Log; out: Console } {
  const out = new Console();
  const log = createLog({
    level: 'info',
    color: false,
    ...NO_FILE,
    format: 'text',
    console: out,
    now: () => NOW,
    redact: (text) => text.replaceAll('sk-secret', '[redacted]'),
    zoneOffset: () => 480,
    ...options,
  });
  return { log, out };
}
