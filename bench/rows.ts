import { median, type Versus, versus } from './statistics.ts';

export type Unit = 'µs' | 'ms' | 'KiB' | 'MiB' | 'streams';

/** One line of the report. */
export interface Row {
  /** By which its limit is found, and which `--json` writes. */
  readonly key: string;
  readonly what: string;
  readonly unit: Unit;
  /** The bare pipe's, or what `what` says that it is compared with. */
  readonly base?: number;
  /** The balancer's. */
  readonly own: number;
  /** Of the balancer's to the base. */
  readonly ratio?: number;
  /** The quartiles of the rounds' ratios. */
  readonly quartiles?: readonly [number, number];
  /** nginx beside, with its ratio to the base. */
  readonly nginx?: Pick<Versus, 'own' | 'ratio'>;
}

type Title = Pick<Row, 'key' | 'what' | 'unit'>;

/** A comparison by its samples: the base's, the balancer's, and nginx's where it was there. */
export function versusRow(
  title: Title,
  base: readonly number[] = [],
  own: readonly number[] = [],
  nginx?: readonly number[],
): Row {
  const row: Row = { ...versus(base, own), ...title };
  if (nginx === undefined) return row;
  const beside = versus(base, nginx);
  return { ...row, nginx: { own: beside.own, ratio: beside.ratio } };
}

/** A figure that stands by itself. */
export function ownRow(title: Title, own: number): Row {
  return { ...title, own };
}

/** Two figures whose rounds are no pairs: each one's median, and the ratio of these. */
export function mediansRow(
  title: Title,
  base: readonly number[],
  own: readonly number[],
  nginx?: readonly number[],
): Row {
  const under = median(base);
  const row: Row = { ...title, base: under, own: median(own), ratio: median(own) / under };
  return nginx === undefined ? row : { ...row, nginx: { own: median(nginx), ratio: median(nginx) / under } };
}
