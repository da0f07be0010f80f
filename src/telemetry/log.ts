import { pino } from 'pino';
import type { LogLevel } from '../domain/settings.ts';
import { consoleLine } from './console-line.ts';
import type { BalancerEvent } from './events.ts';
import { isoWithZone } from './format.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type LogLine, logLine } from './log-line.ts';
import { redactDeep } from './redaction.ts';

/** What a reload may change. */
interface LogSettings {
  readonly level: LogLevel;
  /** Paint the console's lines; only with `format: 'text'`. */
  readonly color: boolean;
  /** Where JSON lines go besides the console; undefined: nowhere. */
  readonly filePath: string | undefined;
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
 * The log: JSON lines by pino, and one-liners on a terminal. Every text has gone through `redact` and the list of
 * secret names before either sees it.
 */
export function createLog(options: LogOptions): Log {
  const { console: output, format, now, redact } = options;
  const zoneOffset = options.zoneOffset ?? machineOffset;
  let settings: LogSettings = options;
  let file: LogFile | undefined;

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
        if (format === 'json') output.write(text);
        file?.write(text);
      },
    },
  );
  const textOrJson = (line: LogLine): string => {
    const at = now();
    if (format === 'text') return consoleLine(line, at, zoneOffset(at), settings.color);
    const { level, event, message } = line;
    return `${JSON.stringify({ level, time: isoWithZone(at, zoneOffset(at)), event, message })}\n`;
  };
  const openFile = (): void => {
    const { filePath } = settings;
    file = filePath === undefined ? undefined : openLogFile(filePath, now, trouble);
  };
  openFile();

  return {
    observe(event) {
      const raw = logLine(event, zoneOffset(now()));
      if (!json.isLevelEnabled(raw.level)) return;
      const line = withoutSecrets(raw, redact);
      if (format === 'text') output.write(textOrJson(line));
      if (format === 'json' || file !== undefined) {
        const id = line.requestId === undefined ? {} : { request_id: line.requestId };
        json[line.level]({ event: line.event, ...id, ...line.data }, line.message);
      }
    },
    configure(next) {
      const previous = file;
      const moved = next.filePath !== settings.filePath;
      settings = next;
      json.level = next.level;
      if (!moved) return;
      openFile();
      void previous?.close();
    },
    async close() {
      await file?.close();
      file = undefined;
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
