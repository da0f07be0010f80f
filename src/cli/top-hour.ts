import * as v from 'valibot';
import { counted, formatCount, formatDuration } from '../telemetry/format.ts';
import { idOf } from './balancer-view.ts';
import type { ExtraColumn } from './status.ts';
import { paint, type TableOptions } from './table.ts';

/** `GET /inspector/snapshot` as the command reads it. */
const MinuteSchema = v.object({
  served: v.number(),
  failed: v.number(),
  cancelled: v.number(),
  local: v.number(),
  failovers: v.number(),
  p50: v.optional(v.number()),
  p95: v.optional(v.number()),
});
const TotalsSchema = v.object({
  id: v.string(),
  since: v.number(),
  inputTokens: v.number(),
  outputTokens: v.number(),
});
const SnapshotSchema = v.object({
  now: v.number(),
  minutes: v.array(MinuteSchema),
  totals: v.array(TotalsSchema),
});

type Minute = v.InferOutput<typeof MinuteSchema>;
type Totals = v.InferOutput<typeof TotalsSchema>;

/** What the inspector knows beside `/providers`: more columns of its table, and the last hour in words and bars. */
export interface HourView {
  readonly columns: readonly ExtraColumn[];
  readonly text: string;
}

const NOTHING: HourView = { columns: [], text: '' };
const BARS = '▁▂▃▄▅▆▇█';

/** Nothing where there is none to tell of. Pure. */
export function hourView(json: unknown, options: TableOptions): HourView {
  const result = v.safeParse(SnapshotSchema, json);
  if (!result.success) return NOTHING;
  const { now, minutes, totals } = result.output;
  return { columns: extraColumns(totals, now), text: hourText(minutes, options) };
}

function extraColumns(totals: readonly Totals[], now: number): readonly ExtraColumn[] {
  const known = new Map(totals.map((each) => [each.id, each]));
  return [
    {
      column: { title: 'FOR', align: 'right', leaves: 1 },
      textOf: (provider) => {
        const found = known.get(idOf(provider));
        return found === undefined ? undefined : formatDuration(now - found.since);
      },
    },
    {
      column: { title: 'P95', align: 'right', leaves: 1 },
      textOf: ({ latency }) => {
        const p95 = latency?.time_to_first_content_ms?.p95;
        return p95 === undefined ? undefined : formatDuration(p95);
      },
    },
    {
      column: { title: 'TOKENS', align: 'right', leaves: 1 },
      textOf: (provider) => {
        const found = known.get(idOf(provider));
        return found && `${formatCount(found.inputTokens)}/${formatCount(found.outputTokens)}`;
      },
    },
  ];
}

function hourText(minutes: readonly Minute[], options: TableOptions): string {
  const sum = (key: 'served' | 'failed' | 'cancelled' | 'local' | 'failovers'): number =>
    minutes.reduce((total, minute) => total + minute[key], 0);
  const words = [
    `${sum('served') + sum('local')} served`,
    `${sum('failed')} failed`,
    `${sum('cancelled')} cancelled`,
    counted(sum('failovers'), 'failover'),
  ].join(', ');
  const requests = minutes.map((each) => each.served + each.local + each.failed + each.cancelled);
  const times = minutes.map(({ p50 }) => p50 ?? 0);
  const last = minutes.findLast(({ p50 }) => p50 !== undefined);
  const time =
    last === undefined ? '' : `p50 ${formatDuration(last.p50 ?? 0)}, p95 ${formatDuration(last.p95 ?? 0)}`;
  const room = Math.max(10, (options.columns ?? Number.POSITIVE_INFINITY) - 17);
  const bars = (values: readonly number[], color: number): string =>
    paint(sparkline(values.slice(-Math.min(60, room))), color, options.color);
  return [
    `\n${paint('Last hour', 1, options.color)}  ${words}\n\n`,
    `Requests       ${bars(requests, 32)}\n`,
    `First content  ${bars(times, 33)}${time === '' ? '' : `  ${time}`}\n`,
  ].join('');
}

/** A bar for each value, the largest a whole one; nothing is a blank. */
function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values
    .map((value) =>
      value <= 0 ? ' ' : (BARS[Math.max(0, Math.ceil((value / most) * BARS.length) - 1)] ?? ''),
    )
    .join('');
}
