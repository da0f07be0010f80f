import type { Row } from './rows.ts';

/** What the balancer may cost: of a row, its ratio or its own figure. */
export interface Limit {
  readonly of: 'ratio' | 'own';
  readonly most: number;
}

/** By the rows' keys. Rows without one are for information. */
export const LIMITS: ReadonlyMap<string, Limit> = new Map<string, Limit>([
  ['request-1kb', { of: 'ratio', most: 1.8 }],
  ['request-100kb', { of: 'ratio', most: 1.8 }],
  ['request-1mb', { of: 'ratio', most: 1.5 }],
  ['event', { of: 'ratio', most: 1.1 }],
  ['event-shareable', { of: 'ratio', most: 1.1 }],
  ['conversion', { of: 'own', most: 3 }],
  ['translation', { of: 'own', most: 15 }],
  ['first-byte', { of: 'own', most: 0.6 }],
  ['failover-529', { of: 'own', most: 1 }],
  ['many-lost', { of: 'own', most: 0 }],
  ['many-memory', { of: 'own', most: 60 }],
  ['flat-providers', { of: 'ratio', most: 1.1 }],
  ['flat-sessions', { of: 'ratio', most: 1.1 }],
  ['memory-idle', { of: 'own', most: 110 }],
]);

/** The limits that these rows exceed, a line each. What was not measured exceeds nothing; what is no number does. */
export function missed(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const limit = LIMITS.get(row.key);
    if (limit === undefined) return [];
    const found = row[limit.of] ?? Number.NaN;
    const unit = limit.of === 'ratio' ? '×' : ` ${row.unit}`;
    return found <= limit.most
      ? []
      : [`${row.what}: ${found.toFixed(2)}${unit}, at most ${limit.most}${unit}`];
  });
}
