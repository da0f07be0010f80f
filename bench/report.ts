import { cpus } from 'node:os';
import { LIMITS } from './limits.ts';
import type { Row, Unit } from './rows.ts';

const HEAD = ['', 'bare pipe', 'balancer', 'ratio', 'half of the rounds'];
const HEAD_OF_NGINX = ['nginx', 'its ratio'];
/** Digits behind the point. */
const DIGITS: Readonly<Record<Unit, number>> = { µs: 1, ms: 2, KiB: 1, MiB: 1, streams: 0 };

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const beside = rows.some(({ nginx }) => nginx !== undefined);
  const cells = [
    [...HEAD, ...(beside ? HEAD_OF_NGINX : []), 'at most'],
    ...rows.map((row) => [
      row.what,
      figure(row.base, row.unit),
      figure(row.own, row.unit),
      times(row.ratio),
      row.quartiles === undefined ? '' : `${row.quartiles[0].toFixed(2)}–${times(row.quartiles[1])}`,
      ...(beside ? [figure(row.nginx?.own, row.unit), times(row.nginx?.ratio)] : []),
      limit(row),
    ]),
  ];
  return aligned(cells);
}

function figure(value: number | undefined, unit: Unit): string {
  return value === undefined ? '' : `${value.toFixed(DIGITS[unit])} ${unit}`;
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio.toFixed(2)}×`;
}

function limit({ key, unit }: Row): string {
  const found = LIMITS.get(key);
  if (found === undefined) return '';
  return found.of === 'ratio' ? `${found.most}×` : `${found.most} ${unit}`;
}

/** The first column to the left, all others to the right. */
function aligned(cells: readonly (readonly string[])[]): string {
  const columns = cells[0]?.keys() ?? [];
  const widths = Array.from(columns, (column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What the figures were taken on. */
export function machine(): string {
  const all = cpus();
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${all.length} × ${all[0]?.model.trim() ?? 'unknown'}`;
}
