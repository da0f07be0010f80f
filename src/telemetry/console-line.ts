import type { LogLevel } from '../domain/settings/settings.ts';
import { clockTime, oneLine } from './format.ts';
import type { LogLine } from './log-line.ts';

const COLORS: Readonly<Record<LogLevel, number>> = { debug: 36, info: 32, warn: 33, error: 31, fatal: 35 };
const DIM = 2;

/** A log line for people: `12:00:00 INFO  req_3f2a1b2c claude-opus-5-5 → GAC/…`. One line, whatever the texts hold. */
export function consoleLine(line: LogLine, at: number, offset: number, color: boolean): string {
  const time = paint(clockTime(at, offset), DIM, color);
  const level = paint(line.level.toUpperCase().padEnd(5), COLORS[line.level], color);
  const id = line.requestId === undefined ? '' : `${paint(shortId(line.requestId), DIM, color)} `;
  return `${time} ${level} ${id}${oneLine(line.message)}\n`;
}

/** Enough of an id to find it again. */
function shortId(id: string): string {
  return oneLine(id).slice(0, 12);
}

function paint(text: string, code: number, color: boolean): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** Whether to paint: the setting allows it, a terminal shows it, and nobody asked for none (no-color.org). */
export function wantsColor(
  logColor: boolean,
  isTty: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return logColor && isTty && !env.NO_COLOR && env.TERM !== 'dumb';
}
