import type { RequestResult } from './inspection.ts';

/** The inspector's hour, a minute at a time: counted by the balancer, and by the page for moments of the past. Pure. */

export const MINUTE_MS = 60_000;
export const MINUTES = 60;

/** When the minute of a time began, wall clock, ms. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** When the minutes of the hour before a time began, oldest first; the last one holds it. */
export function minutesBefore(at: number): readonly number[] {
  const newest = minuteOf(at);
  return Array.from({ length: MINUTES }, (_, index) => newest - (MINUTES - 1 - index) * MINUTE_MS);
}

/** Under what a request that has ended is counted. */
export function countedAs(result: RequestResult): 'served' | 'failed' | 'cancelled' | 'local' {
  return result === 'served' || result === 'cancelled' || result === 'local' ? result : 'failed';
}
