import { pino } from 'pino';
import type { LogLevel } from '../domain/settings/settings.ts';
import { consoleLine } from './console-line.ts';
import type { BalancerEvent } from './events.ts';
import { fileLine } from './file-line.ts';
import { isoWithZone } from './format.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type LogLine, levelOf, logLine } from './log-line.ts';
import { redactDeep } from './redaction.ts';

/** What a reload may change. */
interface LogSettings {
  readonly level: LogLevel;
  /** Paint the console's lines; only with `format: 'text'`. */
  readonly color: boolean;
  /** Where JSON lines go besides the console; undefined: nowhere. */
  readonly filePath: string | undefined;
  /** The file is put aside at this size, bytes. */
  readonly fileMaxBytes: number;
  /** How many files that were put aside are kept. */
  readonly fileMaxFiles: number;
  /** Who writes, in the file's lines: `settings.app_name`. */
  readonly logger: string;
}

export interface LogOptions extends LogSettings {
  /** `text`: one-liners for people (a terminal); `json`: one JSON object a line. */
  readonly format: 'text' | 'json';
  readonly console: NodeJS.WritableStream;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Strikes configured secrets out of a text. */
  readonly redact: (text: string) => string;
  /** The zone's minutes east of UTC at a time; the machine's own by default. */
  readonly zoneOffset?: (ms: number) => number;
}

export interface Log {
  /** Writes an event. Never waits for a disk or a terminal. */
  readonly observe: (event: BalancerEvent) => void;
  /** Takes new settings; from the next line on. */
  configure(settings: LogSettings): void;
  /** Flushes and closes the file. */
  close(): Promise<void>;
}

/**
 * The log: JSON lines by pino or one-liners on the console, and a file's lines, which hold the older products' fields too. Every text has gone through `redact` and the list of
 * secret names before either sees it.
 */
export function createLog(options: LogOptions): Log {
  const { console: output, format, now, redact } = options;
  const zoneOffset = options.zoneOffset ?? machineOffset;
  let settings: LogSettings = options;
  let file: LogFile | undefined;
  /** The files that were open before. */
  let closed: Promise<unknown> = Promise.resolve();

  // Whoever piped us into `head` has left; that is no reason to die.
  output.on('error', () => {});
  const trouble = (message: string): void => {
    output.write(textOrJson({ level: 'warn', event: 'state.warning', message, data: {} }));
  };
  const json = pino(
    {
      level: settings.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${isoWithZone(now(), zoneOffset(now()))}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(text: string) {
        output.write(text);
      },
    },
  );
  const textOrJson = (line: LogLine): string => {
    const at = now();
    if (format === 'text') return consoleLine(line, at, zoneOffset(at), settings.color);
    const { level, event, message } = line;
    return `${JSON.stringify({ level, time: isoWithZone(at, zoneOffset(at)), event, message })}\n`;
  };
  const openFile = (after?: Promise<void>): void => {
    const { filePath: path, fileMaxBytes: maxBytes, fileMaxFiles: maxFiles } = settings;
    file =
      path === undefined
        ? undefined
        : openLogFile({ path, maxBytes, maxFiles, now, onTrouble: trouble, after });
  };
  openFile();

  return {
    observe(event) {
      if (!json.isLevelEnabled(levelOf(event))) return;
      const at = now();
      const offset = zoneOffset(at);
      const line = withoutSecrets(logLine(event, offset), redact);
      if (format === 'text') output.write(textOrJson(line));
      else {
        const id = line.requestId === undefined ? {} : { request_id: line.requestId };
        json[line.level]({ event: line.event, ...id, ...line.data }, line.message);
      }
      file?.write(fileLine(line, { at, offset, logger: settings.logger }));
    },
    configure(next) {
      const { filePath, fileMaxBytes, fileMaxFiles } = settings;
      const moved = next.filePath !== filePath;
      const changed = moved || next.fileMaxBytes !== fileMaxBytes || next.fileMaxFiles !== fileMaxFiles;
      settings = next;
      json.level = next.level;
      if (!changed) return;
      const closing = file?.close();
      closed = Promise.all([closed, closing]);
      openFile(moved ? undefined : closing);
    },
    async close() {
      const closing = file;
      file = undefined;
      await Promise.all([closed, closing?.close()]);
    },
  };
}

function withoutSecrets(line: LogLine, redact: (text: string) => string): LogLine {
  const data = redactDeep(line.data, redact);
  return { ...line, message: redact(line.message), data: data as LogLine['data'] };
}

function machineOffset(ms: number): number {
  return -new Date(ms).getTimezoneOffset();
}
