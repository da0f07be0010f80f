import { oneLine } from '../telemetry/format.ts';
import { fitWidth, textWidth } from '../telemetry/width.ts';

/** A column of a table on a terminal. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** The narrowest it may be cut to; absent: it is never cut. */
  readonly least?: number;
  /** Which column gives way first where all of them do not fit: the lowest; absent: never. */
  readonly leaves?: number;
}

export interface Cell {
  readonly text: string;
  /** The number of an ANSI colour; absent: as it is. */
  readonly color?: number;
}

export interface TableOptions {
  readonly color: boolean;
  /** Undefined: as wide as needed. */
  readonly columns: number | undefined;
}

const GAP = '  ';
const DIM = 2;

/**
 * A table with its titles, fitted to the terminal: columns that may be cut are cut, the widest first; if that does not
 * do, columns leave. Pure.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string {
  const plain = rows.map((row) => row.map((cell) => ({ ...cell, text: oneLine(cell.text) })));
  const sizes = columns.map((column, index) => ({
    column,
    index,
    width: Math.max(textWidth(column.title), ...plain.map((row) => textWidth(row[index]?.text ?? ''))),
  }));
  const fitted = fitSizes(sizes, options.columns ?? Number.POSITIVE_INFINITY);
  const line = (cell: (size: Sized) => Cell): string =>
    fitted
      .map((size) => paint(aligned(cell(size).text, size), cell(size).color, options.color))
      .join(GAP)
      .trimEnd();
  return [
    line(({ column }) => ({ text: column.title, color: DIM })),
    ...plain.map((row) => line(({ index }) => row[index] ?? { text: '' })),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

interface Sized {
  readonly column: Column;
  readonly index: number;
  readonly width: number;
}

function fitSizes(sizes: readonly Sized[], room: number): readonly Sized[] {
  let current = [...sizes];
  while (totalOf(current) > room) {
    const widest = current
      .filter(({ column, width }) => column.least !== undefined && width > column.least)
      .sort((a, b) => b.width - a.width)[0];
    if (widest !== undefined) {
      const surplus = totalOf(current) - room;
      const width = Math.max(widest.column.least ?? 0, widest.width - surplus);
      current = current.map((size) => (size === widest ? { ...size, width } : size));
      continue;
    }
    const leaving = current
      .filter(({ column }) => column.leaves !== undefined)
      .sort((a, b) => (a.column.leaves ?? 0) - (b.column.leaves ?? 0))[0];
    if (leaving === undefined) return current;
    // What it held is free again: the others get their full width back, and are cut anew.
    const gone = new Set([...sizes.filter(({ index }) => !current.some((each) => each.index === index))]);
    current = sizes.filter((size) => !gone.has(size) && size.index !== leaving.index);
  }
  return current;
}

function totalOf(sizes: readonly Sized[]): number {
  return sizes.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, sizes.length - 1);
}

function aligned(text: string, { column, width }: Sized): string {
  const fitted = fitWidth(text, width);
  if (column.align !== 'right' || textWidth(text) >= width) return fitted;
  return ' '.repeat(width - textWidth(text)) + text;
}

/** Colours a text; nothing where colours are off. */
export function paint(text: string, color: number | undefined, on: boolean): string {
  return on && color !== undefined ? `\u001b[${color}m${text}\u001b[0m` : text;
}
