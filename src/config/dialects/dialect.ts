import type { Finding, Place } from '../diagnostic.ts';

/** The forms that a file may have, by the product and state that wrote it so; each as messages name it. */
export type DialectName =
  | 'today’s form'
  | 'balancer 0.3.0'
  | 'balancer 0.5.0'
  | 'balancer of 20 July 2025'
  | 'balancer of 23 July 2025'
  | 'balancer of 27 July 2025'
  | 'balancer 0.1.6'
  | 'balancer 0.1.7'
  | 'aiproxy'
  | 'aiproxy after January 2026';

export const TODAY: DialectName = 'today’s form';

/** A finding of the translation, with the path and place that the file itself has. */
export interface TranslationFinding {
  readonly finding: Finding;
  readonly path: string;
  readonly place?: Place;
}

/** What became of a file's tree: it has today's form now. */
export interface Translation {
  readonly dialect: DialectName;
  readonly findings: readonly TranslationFinding[];
  /** The path as written of keys that have another one now, by their nodes. */
  readonly writtenPaths: ReadonlyMap<unknown, string>;
}
