import { isRecord } from '../../domain/is-record.ts';

/**
 * What of an event's members is not null, to be laid over what earlier events said: counters are totals that overwrite, and null takes
 * nothing back.
 */
export function withoutNulls(said: unknown): Record<string, unknown> {
  if (!isRecord(said)) return {};
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
}
