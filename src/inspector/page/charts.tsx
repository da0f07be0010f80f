import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clock } from './format.ts';
import type { ShownMinute } from './hour.ts';
import { color, type Theme } from './theme.ts';

interface ChartProps {
  readonly minutes: readonly ShownMinute[];
  readonly theme: Theme;
}

/** Requests of the last hour by outcome: bars upon each other. */
export function OutcomeChart({ minutes, theme }: ChartProps) {
  const served = minutes.map((minute) => minute.served + minute.local);
  const cancelled = minutes.map((minute, at) => (served[at] ?? 0) + minute.cancelled);
  const failed = minutes.map((minute, at) => (cancelled[at] ?? 0) + minute.failed);
  // The highest is drawn first: each later one covers its part.
  const rows = [failed, cancelled, served];
  const make = (): Partial<uPlot.Options> => {
    const bar = (name: string, label: string): uPlot.Series => ({
      label,
      fill: color(name),
      stroke: color(name),
      width: 0,
      points: { show: false },
      ...(uPlot.paths.bars === undefined
        ? {}
        : { paths: uPlot.paths.bars({ size: [0.72, 14], radius: 0.15 }) }),
    });
    return {
      series: [{}, bar('bad', 'failed'), bar('faint', 'cancelled'), bar('good', 'served')],
      scales: { x: X_SCALE, y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
    };
  };
  const sum = (key: 'served' | 'failed' | 'cancelled' | 'local'): number =>
    minutes.reduce((total, minute) => total + minute[key], 0);
  const label = `Requests of the last hour: ${sum('served') + sum('local')} served, ${sum('failed')} failed, ${sum('cancelled')} cancelled.`;
  return (
    <figure class="chart">
      <figcaption>
        Requests by outcome
        <span class="legend">
          <i class="swatch good" /> served <i class="swatch faint" /> cancelled <i class="swatch bad" />{' '}
          failed
        </span>
      </figcaption>
      <Plot minutes={minutes} rows={rows} theme={theme} make={make} label={label} />
    </figure>
  );
}

/** Time to first content over the last hour. */
export function LatencyChart({ minutes, theme }: ChartProps) {
  const rows = [minutes.map(({ p95 }) => p95 ?? null), minutes.map(({ p50 }) => p50 ?? null)];
  const make = (): Partial<uPlot.Options> => {
    const line = (name: string, label: string, width: number): uPlot.Series => ({
      label,
      stroke: color(name),
      width,
      spanGaps: true,
      points: { show: true, size: 5, fill: color(name) },
    });
    return {
      series: [{}, line('warn', 'p95', 1.5), line('accent', 'p50', 2)],
      scales: { x: X_SCALE, y: { range: (_, __, max) => [0, Math.max(10, max * 1.15)] } },
      axes: [
        {},
        { values: (_, ticks) => ticks.map((tick) => (tick >= 1000 ? `${tick / 1000} s` : `${tick} ms`)) },
      ],
    };
  };
  const last = minutes.findLast(({ p50 }) => p50 !== undefined);
  const label =
    last === undefined
      ? 'Time to first content of the last hour: nothing yet.'
      : `Time to first content, last: p50 ${last.p50} ms, p95 ${last.p95} ms.`;
  return (
    <figure class="chart">
      <figcaption>
        Time to first content
        <span class="legend">
          <i class="swatch accent" /> p50 <i class="swatch warn" /> p95
        </span>
      </figcaption>
      <Plot minutes={minutes} rows={rows} theme={theme} make={make} label={label} />
    </figure>
  );
}

interface PlotProps extends ChartProps {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly make: () => Partial<uPlot.Options>;
  /** The chart in words. */
  readonly label: string;
}

const HEIGHT = 168;

/** Half a minute, seconds: what stands for a minute is drawn around its beginning. */
const HALF = 30;
const X_SCALE: uPlot.Scale = { time: true, range: (_, first, last) => [first - HALF, last + HALF] };

function Plot({ minutes, rows, theme, make, label }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shown = useRef(minutes);
  shown.current = minutes;
  const data = [minutes.map(({ at }) => at / 1000), ...rows] as uPlot.AlignedData;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { axes, ...rest } = make();
    const axis = (at: number): uPlot.Axis => ({
      stroke: color('soft'),
      grid: { stroke: color('line'), width: 1, show: at === 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
      size: at === 0 ? 26 : 50,
      ...(at === 0 ? { values: (_, ticks) => ticks.map((tick) => clock(tick * 1000).slice(0, 5)) } : {}),
      gap: 4,
      ...axes?.[at],
    });
    const options: uPlot.Options = {
      width: Math.max(200, element.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [10, 18, 0, 0],
      hooks: {
        drawClear: [(plot) => drawUnknown(plot, shown.current, 'field')],
        drawAxes: [(plot) => drawUnknown(plot, shown.current, 'words')],
      },
      axes: [axis(0), axis(1)],
      series: [],
      ...rest,
    };
    plot.current = new uPlot(options, data, element);
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [theme]);
  // The rows are made of the minutes: drawn anew with them, not with each tick of a countdown beside.
  useEffect(() => plot.current?.setData(data), [minutes]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

/** Stretches of minutes of which nothing is known: first and last of each. */
function unknownStretches(minutes: readonly ShownMinute[]): readonly (readonly [number, number])[] {
  const stretches: [number, number][] = [];
  minutes.forEach(({ at, isUnknown }, index) => {
    const last = stretches.at(-1);
    if (isUnknown !== true) return;
    if (last !== undefined && minutes[index - 1]?.isUnknown === true) last[1] = at;
    else stretches.push([at, at]);
  });
  return stretches;
}

/** Where nothing is known there is no empty chart but a field that says so: first the field, the words over the grid. */
function drawUnknown(plot: uPlot, minutes: readonly ShownMinute[], what: 'field' | 'words'): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = color(what === 'field' ? 'off-soft' : 'soft');
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  for (const [first, last] of unknownStretches(minutes)) {
    const from = Math.max(bbox.left, plot.valToPos(first / 1000 - HALF, 'x', true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(last / 1000 + HALF, 'x', true));
    if (what === 'field') ctx.fillRect(from, bbox.top, to - from, bbox.height);
    else if (to - from > 70 * devicePixelRatio)
      ctx.fillText('not known', (from + to) / 2, bbox.top + 0.6 * bbox.height);
  }
  ctx.restore();
}
