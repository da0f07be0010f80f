import { setTimeout as sleep } from 'node:timers/promises';
import type { Delays } from './load.ts';
import { ownRow, type Row, versusRow } from './rows.ts';
import { type Stage, sideBySide } from './stage.ts';
import { added, inTurn } from './statistics.ts';
import type { Target } from './targets.ts';

const STREAMS = 100;
/** A stream's events come so far apart. */
export const EVERY_MS = 10;

/** What was seen of one target in one round. */
interface Sample extends Delays {
  /** CPU time a stream event, µs. */
  readonly cpuUs: number;
}

/** CPU time a stream event, and how long it takes on its way. */
export async function measureStreams(stage: Stage): Promise<Row[]> {
  stage.say('CPU time and delays of streams …');
  const samples = await streamsThrough(
    stage,
    sideBySide(stage).map((target) => ({ target })),
  );
  const row = (key: string, what: string, unit: Row['unit'], of: (sample: Sample) => number): Row => {
    const [pipe, balancer, nginx] = samples.map((each) => each.map(of));
    return versusRow({ key, what, unit }, pipe, balancer, nginx);
  };
  const more = (of: (sample: Sample) => number): number => {
    const [pipe = [], balancer = []] = samples.map((each) => each.map(of));
    return added(pipe, balancer);
  };
  return [
    row('event', 'CPU a stream event', 'µs', ({ cpuUs }) => cpuUs),
    row('delay-p50', 'delay of a stream event, p50', 'ms', ({ p50Ms }) => p50Ms),
    row('delay-p99', 'delay of a stream event, p99', 'ms', ({ p99Ms }) => p99Ms),
    ownRow(
      { key: 'added-p50', what: '… added to the bare pipe, p50', unit: 'ms' },
      more(({ p50Ms }) => p50Ms),
    ),
    ownRow(
      { key: 'added-p99', what: '… added to the bare pipe, p99', unit: 'ms' },
      more(({ p99Ms }) => p99Ms),
    ),
  ];
}

/** What it costs that another client could join a stream, and what is saved when a hundred do. */
export async function measureSharing(stage: Stage): Promise<Row[]> {
  const { upstream, balancer } = stage;
  stage.say('CPU time of streams that are, or could be, shared …');
  const unshared = await stage.another('unshared', [{ base_url: upstream }], {
    settings: { deduplication: { enabled: false } },
  });
  await stage.warm(unshared);
  const samples = await cpuOfStreams(stage, [
    { target: unshared },
    { target: balancer },
    { target: balancer, equal: true },
  ]);
  await unshared.end();
  const [off, could, shared] = samples;
  return [
    versusRow({ key: 'event-shareable', what: '… could be shared, to sharing off', unit: 'µs' }, off, could),
    versusRow({ key: 'event-shared', what: '… 100 share, to sharing off', unit: 'µs' }, off, shared),
  ];
}

/** A target, and whether its hundred streams are the same request. */
interface Streamed {
  readonly target: Target;
  readonly equal?: boolean;
}

/** CPU time a stream event, µs, of each of these, a sample a round. */
export async function cpuOfStreams(stage: Stage, streamed: readonly Streamed[]): Promise<number[][]> {
  const samples = await streamsThrough(stage, streamed);
  return samples.map((each) => each.map(({ cpuUs }) => cpuUs));
}

/** A hundred streams that get an event each 10 ms, through each of these, round by round. */
function streamsThrough(stage: Stage, streamed: readonly Streamed[]): Promise<Sample[][]> {
  const { client, effort } = stage;
  return inTurn(streamed, effort.rounds, async ({ target, equal = false }) => {
    await client.beginStreams({ url: target.url, streams: STREAMS, everyMs: EVERY_MS, equal });
    await client.takeDelays();
    const cpuBefore = await target.cpu();
    const eventsBefore = await client.streamedEvents();
    await sleep(effort.streamMs);
    const cpu = (await target.cpu()) - cpuBefore;
    const seen = (await client.streamedEvents()) - eventsBefore;
    const delays = await client.takeDelays();
    await stage.release();
    const { lost } = await client.endStreams();
    if (lost.length > 0) throw new Error(`${target.name} lost ${lost.length} streams: ${lost[0]}`);
    return { ...delays, cpuUs: cpu / seen };
  });
}
