import * as v from 'valibot';
import { formatCount, formatDuration } from '../telemetry/format.ts';
import { type Cell, type Column, paint, renderTable, type TableOptions } from './table.ts';

/** `GET /inspector/requests` as the command reads it. */
const RowSchema = v.object({
  model: v.string(),
  result: v.string(),
  receivedAt: v.number(),
  provider: v.optional(v.string()),
  tried: v.fallback(v.array(v.string()), []),
  attempts: v.fallback(v.number(), 0),
  timeToFirstContentMs: v.optional(v.number()),
  durationMs: v.optional(v.number()),
  usage: v.optional(v.object({ inputTokens: v.optional(v.number()), outputTokens: v.optional(v.number()) })),
});
const RequestsSchema = v.object({ requests: v.array(RowSchema) });

type Row = v.InferOutput<typeof RowSchema>;

const COLUMNS: readonly Column[] = [
  { title: 'TIME' },
  { title: 'OUTCOME' },
  { title: 'MODEL', least: 10 },
  { title: 'PROVIDER', least: 8 },
  { title: 'TRIES', align: 'right', leaves: 2 },
  { title: 'FIRST', align: 'right', leaves: 3 },
  { title: 'TOTAL', align: 'right', leaves: 4 },
  { title: 'TOKENS', align: 'right', leaves: 1 },
];

const COLORS: Readonly<Record<string, number>> = {
  served: 32,
  running: 36,
  cancelled: 90,
  local: 90,
  refused: 33,
};

/** The last requests, newest first; nothing where there is none to tell of. Pure. */
export function recentText(json: unknown, options: TableOptions): string {
  const result = v.safeParse(RequestsSchema, json);
  if (!result.success || result.output.requests.length === 0) return '';
  const title = paint('Last requests', 1, options.color);
  return `\n${title}\n\n${renderTable(COLUMNS, result.output.requests.map(cellsOf), options)}`;
}

function cellsOf(row: Row): readonly Cell[] {
  const { usage, tried, provider } = row;
  const way = tried.length > 1 ? tried.join(' > ') : (provider ?? tried[0] ?? '–');
  const tokens =
    usage === undefined
      ? '–'
      : `${formatCount(usage.inputTokens ?? 0)}/${formatCount(usage.outputTokens ?? 0)}`;
  return [
    { text: new Date(row.receivedAt).toTimeString().slice(0, 8) },
    { text: row.result, color: COLORS[row.result] ?? 31 },
    { text: row.model },
    { text: way },
    { text: String(row.attempts) },
    { text: row.timeToFirstContentMs === undefined ? '–' : formatDuration(row.timeToFirstContentMs) },
    { text: row.durationMs === undefined ? '–' : formatDuration(row.durationMs) },
    { text: tokens },
  ];
}
