import { cpus } from 'node:os';
import type { ConversionTimes } from './conversion.ts';
import type { Comparison } from './measure.ts';

/** Everything one run found. CPU in µs, times in ms. */
export interface Findings {
  readonly request1KB: Comparison;
  readonly request100KB: Comparison;
  readonly request1MB: Comparison;
  readonly chunk: Comparison;
  /** Streams with one client each: `pipe` is the balancer with `deduplication.enabled: false`, here and below. */
  readonly shareable: Comparison;
  /** A hundred clients of one stream against a hundred streams. */
  readonly shared: Comparison;
  /** Requests to a provider of type `openai`: `pipe` is the balancer before one of type `anthropic`, here and below. */
  readonly converted100KB: Comparison;
  readonly translatedChunk: Comparison;
  readonly conversions: ConversionTimes;
  readonly firstByte: {
    readonly bytes: number;
    /** Added to the same request sent without any proxy. */
    readonly pipeMs: number;
    readonly balancerMs: number;
  };
  /** Added by a first provider that answers 529. */
  readonly failoverMs: number;
}

/** What the balancer may cost. */
interface Limit {
  readonly what: string;
  readonly most: number;
  readonly unit: '×' | ' ms' | ' µs';
  readonly found: (findings: Findings) => number;
}

const LIMITS: readonly Limit[] = [
  { what: 'CPU a request of 100 KB', most: 2.0, unit: '×', found: ({ request100KB }) => request100KB.ratio },
  { what: 'CPU a stream event', most: 1.2, unit: '×', found: ({ chunk }) => chunk.ratio },
  {
    what: 'CPU a stream event, that it could be shared',
    most: 1.1,
    unit: '×',
    found: ({ shareable }) => shareable.ratio,
  },
  {
    what: 'conversion of 100 KB by itself',
    most: 3,
    unit: ' ms',
    found: ({ conversions }) => conversions.requestMs,
  },
  {
    what: 'translation of an event by itself',
    most: 15,
    unit: ' µs',
    found: ({ conversions }) => conversions.eventUs,
  },
  { what: 'added to the first byte', most: 0.8, unit: ' ms', found: ({ firstByte }) => firstByte.balancerMs },
];

/** The limits that these findings exceed, a line each. */
export function missed(findings: Findings): string[] {
  return LIMITS.filter(({ found, most }) => !(found(findings) <= most)).map(
    ({ what, most, unit, found }) =>
      `${what}: ${found(findings).toFixed(2)}${unit}, at most ${most.toFixed(1)}${unit}`,
  );
}

/** The findings as a table for people. */
export function table(findings: Findings): string {
  const { request1KB, request100KB, request1MB, chunk, shareable, shared, firstByte, failoverMs } = findings;
  const { converted100KB, translatedChunk, conversions } = findings;
  const rows = [
    ['', 'bare pipe', 'balancer', 'ratio', 'half of the rounds', 'at most'],
    cpuRow('CPU a request of 1 KB', request1KB),
    cpuRow('CPU a request of 100 KB', request100KB, '2.0×'),
    cpuRow('CPU a request of 1 MB', request1MB),
    cpuRow('CPU a stream event', chunk, '1.2×'),
    cpuRow('… could be shared, to sharing off', shareable, '1.1×'),
    cpuRow('… 100 share, to sharing off', shared),
    cpuRow('CPU a converted request of 100 KB, to a passed one', converted100KB),
    cpuRow('CPU a translated stream event, to a passed one', translatedChunk),
    ['conversion of 100 KB by itself', '', ms(conversions.requestMs), '', '', '3 ms'],
    ['translation of an event by itself', '', `${conversions.eventUs.toFixed(1)} µs`, '', '', '15 µs'],
    [
      `added to the first byte (${firstByte.bytes / 1024} KB)`,
      ms(firstByte.pipeMs),
      ms(firstByte.balancerMs),
      '',
      '',
      '0.8 ms',
    ],
    ['added by a failover', '', ms(failoverMs), '', '', ''],
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cpuRow(what: string, comparison: Comparison, limit = ''): string[] {
  const { pipe, balancer, ratio, quartiles } = comparison;
  const [low, high] = quartiles;
  const spread = `${low.toFixed(2)}–${high.toFixed(2)}×`;
  return [what, `${pipe.toFixed(0)} µs`, `${balancer.toFixed(0)} µs`, `${ratio.toFixed(2)}×`, spread, limit];
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

/** What the figures were taken on. */
export function machine(): string {
  const all = cpus();
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${all.length} × ${all[0]?.model.trim() ?? 'unknown'}`;
}
