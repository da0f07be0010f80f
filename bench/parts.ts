import { measureConversions } from './measure-conversions.ts';
import { measureFlat } from './measure-flat.ts';
import { measureMany } from './measure-many.ts';
import { measureMemory } from './measure-memory.ts';
import { measureRequests } from './measure-requests.ts';
import { measureSharing, measureStreams } from './measure-streams.ts';
import { measureTimes } from './measure-times.ts';
import type { Row } from './rows.ts';
import type { Stage } from './stage.ts';

/** A part of the bench that can be run alone. */
interface Part {
  readonly what: string;
  readonly measure: (stage: Stage) => Promise<Row[]>;
}

/** In the order in which they run. */
const PARTS = {
  requests: { what: 'CPU a request of 1 KB, 100 KB, 1 MB', measure: measureRequests },
  streams: { what: 'CPU a stream event, and its delay', measure: measureStreams },
  sharing: { what: 'CPU of streams that are, or could be, shared', measure: measureSharing },
  conversions: { what: 'providers that speak Chat Completions', measure: measureConversions },
  times: { what: 'time to the first byte, and of a failover', measure: measureTimes },
  many: { what: '1,000 streams at a time: losses, memory each', measure: measureMany },
  flat: { what: 'CPU with many providers and many sessions', measure: measureFlat },
  memory: { what: 'resident memory, idle and after the other parts', measure: measureMemory },
} satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as readonly PartName[];

/** A line for each part, for `--help`. */
export function partLines(indent: string): string {
  const width = Math.max(...PART_NAMES.map(({ length }) => length));
  return PART_NAMES.map((name) => `${indent}${name.padEnd(width)}  ${PARTS[name].what}`).join('\n');
}

/** Measures these parts, in their own order. */
export async function measureParts(stage: Stage, names: readonly PartName[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of PART_NAMES) {
    if (names.includes(name)) rows.push(...(await PARTS[name].measure(stage)));
  }
  return rows;
}
