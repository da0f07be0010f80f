/**
 * Reads the many ways in which providers write a time. Nothing from outside is trusted: whatever is not plainly
 * a time in the future and within a year is `undefined`. All results are wall clock ms.
 */

const SECOND_MS = 1000;
/** A hint further away is nonsense, not a time. */
export const LONGEST_HINT_MS = 365 * 24 * 3600 * SECOND_MS;

/** From here on a plain number is an instant in seconds, not a duration (September 2001). */
const FIRST_UNIX_SECONDS = 1e9;
/** From here on a plain number is an instant in ms. */
const FIRST_UNIX_MS = 1e12;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: 24 * 3600 * SECOND_MS,
};

const NUMBER = /^\d{1,15}(?:\.\d{1,12})?$/;
const DURATION_PART = /(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]{1,12})/gi;
const HTTP_DATE = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d/i;
const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2}|)$/i;

/** `ms` if it lies after `now` and within a year, else `undefined`. */
export function futureInstant(ms: number | undefined, now: number): number | undefined {
  if (ms === undefined || !Number.isFinite(ms)) return undefined;
  const whole = Math.ceil(ms);
  return whole > now && whole - now <= LONGEST_HINT_MS ? whole : undefined;
}

/** A non-negative decimal number without exponent, sign or words. */
export function plainNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
}

/** Seconds (with decimals) or a date, as `retry-after` has them. */
export function secondsOrDate(text: string, now: number): number | undefined {
  const seconds = plainNumber(text);
  if (seconds !== undefined) return futureInstant(now + seconds * SECOND_MS, now);
  return futureInstant(dateInstant(text), now);
}

/** An HTTP date, or an ISO date. One without a zone is read as UTC, or in the zone given (`+08:00`). */
export function dateInstant(text: string, zone = 'Z'): number | undefined {
  const trimmed = text.trim();
  const iso = ISO_DATE.exec(trimmed);
  if (iso !== null) {
    const [, day = '', time = '', offset = ''] = iso;
    return instantOrNothing(Date.parse(`${day}T${time}${isoZone(offset, zone)}`));
  }
  return HTTP_DATE.test(trimmed) ? instantOrNothing(Date.parse(trimmed)) : undefined;
}

function isoZone(offset: string, fallback: string): string {
  if (offset === '') return fallback;
  if (/^[+-]/.test(offset)) return offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`;
  return 'Z';
}

function instantOrNothing(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}

/** A duration with units, ms: `20ms`, `7.66s`, `1m30s`, `2 hours`, `1 hour 5 minutes`. */
export function durationMs(text: string): number | undefined {
  let total = 0;
  let rest = text;
  let parts = 0;
  for (const [part, amount = '', unit = ''] of text.matchAll(DURATION_PART)) {
    const unitMs = UNIT_MS[shortUnit(unit)];
    if (unitMs === undefined) return undefined;
    total += Number(amount) * unitMs;
    rest = rest.replace(part, '');
    parts += 1;
  }
  return parts > 0 && /^[\s,]*$/.test(rest) ? total : undefined;
}

function shortUnit(unit: string): string {
  const lower = unit.toLowerCase();
  if (/^(?:ms|msecs?|millis|milliseconds?)$/.test(lower)) return 'ms';
  if (/^(?:s|secs?|seconds?)$/.test(lower)) return 's';
  if (/^(?:m|mins?|minutes?)$/.test(lower)) return 'm';
  if (/^(?:h|hrs?|hours?)$/.test(lower)) return 'h';
  return /^(?:d|days?)$/.test(lower) ? 'd' : '';
}

/** Unix seconds or Unix ms; a small number is no instant. */
export function unixInstant(value: number): number | undefined {
  if (value >= FIRST_UNIX_MS) return value;
  return value >= FIRST_UNIX_SECONDS ? value * SECOND_MS : undefined;
}

/**
 * A reset in whatever form: Unix seconds or ms, seconds from now, a duration with units, a date. `undefined` unless it
 * lies in the future.
 */
export function resetInstant(text: string, now: number, zone = 'Z'): number | undefined {
  const value = plainNumber(text);
  if (value !== undefined) return futureInstant(unixInstant(value) ?? now + value * SECOND_MS, now);
  const duration = durationMs(text);
  return futureInstant(duration === undefined ? dateInstant(text, zone) : now + duration, now);
}
