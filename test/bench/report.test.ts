import { describe, expect, it } from 'vitest';
import { LIMITS, missed } from '../../bench/limits.ts';
import { table } from '../../bench/report.ts';
import { mediansRow, ownRow, type Row, versusRow } from '../../bench/rows.ts';

const request = { key: 'request-1kb', what: 'CPU a request of 1 KB', unit: 'µs' } as const;
const failover = { key: 'failover-529', what: 'added by a failover', unit: 'ms' } as const;

describe('the limits of the bench', () => {
  it('are those that were set for the balancer', () => {
    const of = (key: string) => LIMITS.get(key)?.most;
    expect([of('request-1kb'), of('request-100kb'), of('request-1mb'), of('event')]).toEqual([
      1.8, 1.8, 1.5, 1.1,
    ]);
    expect([of('first-byte'), of('failover-529'), of('many-memory'), of('memory-idle')]).toEqual([
      0.6, 1, 60, 110,
    ]);
    expect(of('many-lost')).toBe(0);
  });

  it('are met at the limit itself and missed above it', () => {
    expect(missed([versusRow(request, [100], [180])])).toEqual([]);
    expect(missed([versusRow(request, [100], [181])])).toEqual([
      'CPU a request of 1 KB: 1.81×, at most 1.8×',
    ]);
    expect(missed([ownRow(failover, 1.25)])).toEqual(['added by a failover: 1.25 ms, at most 1 ms']);
  });

  it('are missed by what is no number, and by no row that has none', () => {
    expect(missed([ownRow(failover, Number.NaN)])).toHaveLength(1);
    expect(missed([ownRow({ ...failover, key: 'failover-refused' }, 99)])).toEqual([]);
  });
});

describe('the report of the bench', () => {
  const rows: readonly Row[] = [
    versusRow(request, [100, 100, 100], [150, 160, 170]),
    mediansRow({ key: 'first-byte', what: 'added', unit: 'ms' }, [0.5], [1]),
    ownRow(failover, 0.75),
  ];

  it('has a line for each row, with its limit', () => {
    expect(table(rows).split('\n')).toEqual([
      '                       bare pipe  balancer  ratio  half of the rounds  at most',
      'CPU a request of 1 KB   100.0 µs  160.0 µs  1.60×          1.50–1.70×     1.8×',
      'added                    0.50 ms   1.00 ms  2.00×                       0.6 ms',
      'added by a failover                0.75 ms                                1 ms',
    ]);
  });

  it('has columns for nginx only where it was there', () => {
    expect(table(rows)).not.toContain('nginx');
    const beside = versusRow(request, [100], [150], [20]);
    const [head, first, second] = table([beside, ownRow(failover, 1)]).split('\n');
    expect(head).toMatch(/half of the rounds +nginx +its ratio +at most$/);
    expect(first).toMatch(/ 20\.0 µs +0\.20× +1\.8×$/);
    expect(second).toMatch(/1\.00 ms +1 ms$/);
  });
});
