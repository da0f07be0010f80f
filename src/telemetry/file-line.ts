import { LOG_LEVEL_WORDS } from '../domain/settings/log-level.ts';
import { isoWithZone } from './format.ts';
import type { LogLine } from './log-line.ts';
import { olderName } from './older-names.ts';

/** When a line is written, and by whom. */
export interface LineStamp {
  /** Wall clock, ms. */
  readonly at: number;
  /** The zone's minutes east of UTC. */
  readonly offset: number;
  /** `settings.app_name`. */
  readonly logger: string;
}

/** A line of the log file: our fields at the top, and those of the older products nested below `detail` (docs/logs.md). */
export function fileLine(line: LogLine, { at, offset, logger }: LineStamp): string {
  const { level, event, message, requestId, data } = line;
  const hasData = Object.values(data).some((value) => value !== undefined);
  const text = JSON.stringify({
    timestamp: isoWithZone(at, offset),
    // They stand in `select(.level == "ERROR")` of many a script.
    level: LOG_LEVEL_WORDS[level],
    logger,
    event,
    request_id: requestId ?? null,
    message,
    ...data,
    detail: {
      event: olderName(line) ?? event,
      message,
      request_id: requestId ?? null,
      data: hasData ? data : null,
      error: errorOf(line),
    },
  });
  return `${text}\n`;
}

interface OlderError {
  readonly name: string;
  readonly message: string;
  readonly stack_trace: string | null;
  readonly args: readonly string[];
}

/** What went wrong, as the older products wrote it: an exception, a failed attempt, or how a request ended. */
function errorOf({ event, data }: LogLine): OlderError | null {
  const { error, failure, result } = data;
  if (event === 'request.attempt_failed' && isRecord(failure)) {
    return olderError(failure.kind, failure.detail, null);
  }
  if (isRecord(error)) return olderError(error.name ?? 'Error', error.message, error.stack ?? null);
  return typeof error === 'string' ? olderError(result, error, null) : null;
}

function olderError(name: unknown, message: unknown, stack: unknown): OlderError {
  const text = String(message);
  return {
    name: String(name),
    message: text,
    stack_trace: stack === null ? null : String(stack),
    args: [text],
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
