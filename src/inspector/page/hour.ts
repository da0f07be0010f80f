import type { InspectorEvent, MinuteStatistics } from '../../domain/inspection/inspection.ts';
import { countedAs, minuteOf, minutesBefore } from '../../domain/inspection/minutes.ts';
import { percentiles } from '../../domain/inspection/percentiles.ts';

/** A minute as a chart shows it. */
export interface ShownMinute extends MinuteStatistics {
  /** What happened in it is no longer kept: its counts are none. */
  readonly isUnknown?: true;
}

/**
 * The hour before a moment: whole minutes as the balancer counted them, where it still has them; all others from the kept
 * events up to the moment. What neither knows is marked, not guessed. Pure.
 *
 * @param seq of the event that is looked at @param at its time, wall clock, ms
 */
export function hourBefore(
  {
    events,
    minutes,
  }: { readonly events: readonly InspectorEvent[]; readonly minutes: readonly MinuteStatistics[] },
  seq: number,
  at: number,
): readonly ShownMinute[] {
  const first = events[0];
  const knownFrom = first === undefined || first.seq === 1 ? Number.NEGATIVE_INFINITY : first.at;
  const newest = minuteOf(at);
  const counted = new Map(minutes.map((minute) => [minute.at, minute]));
  const ends = endsByMinute(events, seq);
  return minutesBefore(at).map((start) => {
    const whole = start < newest ? counted.get(start) : undefined;
    if (whole !== undefined) return whole;
    const minute = counts(start, ends.get(start) ?? []);
    return start >= knownFrom ? minute : { ...counts(start, []), isUnknown: true };
  });
}

function endsByMinute(events: readonly InspectorEvent[], seq: number): Map<number, InspectorEvent[]> {
  const ends = new Map<number, InspectorEvent[]>();
  for (const event of events) {
    if (event.seq > seq) break;
    if (event.request === undefined || event.request.result === 'running') continue;
    const start = minuteOf(event.at);
    const minute = ends.get(start);
    if (minute === undefined) ends.set(start, [event]);
    else minute.push(event);
  }
  return ends;
}

/** Counted as the balancer counts. */
function counts(at: number, ends: readonly InspectorEvent[]): MinuteStatistics {
  const sums = { served: 0, failed: 0, cancelled: 0, local: 0, failovers: 0 };
  const samples: number[] = [];
  for (const { request } of ends) {
    if (request === undefined) continue;
    const { result, tried, timeToFirstContentMs } = request;
    sums[countedAs(result)] += 1;
    if (tried.length > 1) sums.failovers += 1;
    if (timeToFirstContentMs !== undefined) samples.push(timeToFirstContentMs);
  }
  return { at, ...sums, ...percentiles(samples) };
}
