import type { MinuteStatistics } from '../domain/inspection/inspection.ts';
import { countedAs, MINUTE_MS, MINUTES, minuteOf, minutesBefore } from '../domain/inspection/minutes.ts';
import { percentiles } from '../domain/inspection/percentiles.ts';
import type { RequestEnded } from './events.ts';

/** Times to first content that are kept a minute. */
const MAX_SAMPLES = 500;

interface Minute {
  readonly at: number;
  served: number;
  failed: number;
  cancelled: number;
  local: number;
  failovers: number;
  readonly samples: number[];
}

/** Requests by outcome and their latency, a minute at a time, over the last hour. */
export interface HourStatistics {
  ended(event: RequestEnded, at: number): void;
  /** The last hour, oldest first; minutes in which nothing ended are there too. */
  minutes(now: number): readonly MinuteStatistics[];
}

export function createHourStatistics(): HourStatistics {
  const kept = new Map<number, Minute>();
  return {
    ended({ result, trace, timeToFirstContentMs }, at) {
      const minute = minuteAt(kept, at);
      minute[countedAs(result)] += 1;
      if (failedOver(trace.attempts)) minute.failovers += 1;
      if (timeToFirstContentMs === undefined) return;
      if (minute.samples.length < MAX_SAMPLES) minute.samples.push(timeToFirstContentMs);
    },
    minutes(now) {
      return minutesBefore(now).map((at) => {
        const { samples, ...counts } = kept.get(at) ?? emptyMinute(at);
        return { ...counts, ...percentiles(samples) };
      });
    },
  };
}

/** Whether more than one provider was tried. */
function failedOver(attempts: RequestEnded['trace']['attempts']): boolean {
  const first = attempts[0]?.candidate.provider;
  return attempts.length > 1 && attempts.some(({ candidate }) => candidate.provider !== first);
}

function minuteAt(kept: Map<number, Minute>, at: number): Minute {
  const start = minuteOf(at);
  const found = kept.get(start);
  if (found !== undefined) return found;
  const made = emptyMinute(start);
  kept.set(start, made);
  for (const old of kept.keys()) if (old <= start - MINUTES * MINUTE_MS) kept.delete(old);
  return made;
}

function emptyMinute(at: number): Minute {
  return { at, served: 0, failed: 0, cancelled: 0, local: 0, failovers: 0, samples: [] };
}
