import type { LogLevel } from './settings.ts';

/** The words of the configuration file for log levels; the log file uses them too, as the older products did. */
export const LOG_LEVEL_WORDS = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
} as const satisfies Readonly<Record<LogLevel, string>>;
