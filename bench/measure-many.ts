import { setTimeout as sleep } from 'node:timers/promises';
import { ownRow, type Row, versusRow } from './rows.ts';
import type { Stage } from './stage.ts';
import type { NodeTarget } from './targets.ts';

const STREAMS = 1_000;
const EVERY_MS = 250;
/** All streams run side by side for at least so long, ms. */
const TOGETHER_MS = 1_500;
/** Streams that warm a process up: few, since what it once took it keeps. */
const WARMING_STREAMS = 50;

/** What was seen of one process. */
interface Sample {
  /** Memory that it has taken for each stream, KiB. */
  readonly keptKiB: number;
  readonly lost: readonly string[];
}

/**
 * A thousand streams at one time: whether each arrives whole, and what a process keeps for each. Every figure is of
 * a process of its own, since memory that was taken once is not given back.
 */
export async function measureMany(stage: Stage): Promise<Row[]> {
  stage.say('a thousand streams …');
  const direct = [{ base_url: stage.upstream }];
  const unshared = { settings: { deduplication: { enabled: false } } };
  const starts: ((round: number) => Promise<NodeTarget>)[] = [
    (round) => stage.anotherPipe(`pipe-of-many-${round}`),
    (round) => stage.another(`many-unshared-${round}`, direct, unshared),
    (round) => stage.another(`many-${round}`, direct),
  ];
  const samples: Sample[][] = starts.map(() => []);
  for (let round = 0; round < stage.effort.manyRounds; round += 1) {
    for (const [index, start] of starts.entries()) {
      const target = await start(round);
      samples[index]?.push(await seen(stage, target));
      await target.end();
    }
  }
  const [pipe, each, shareable] = samples.map((own) => own.map(({ keptKiB }) => keptKiB));
  const [lostByPipe = [], ...lost] = samples.map((own) => own.flatMap((sample) => sample.lost));
  for (const line of new Set([...lostByPipe, ...lost.flat()])) stage.say(`a stream was lost: ${line}`);
  const unit = 'KiB';
  return [
    {
      ...ownRow({ key: 'many-lost', what: '1,000 streams: lost', unit: 'streams' }, lost.flat().length),
      base: lostByPipe.length,
    },
    versusRow({ key: 'many-memory', what: '1,000 streams: memory each', unit }, pipe, each),
    versusRow({ key: 'many-memory-shared', what: '… each, kept for sharing', unit }, pipe, shareable),
  ];
}

async function seen(stage: Stage, target: NodeTarget): Promise<Sample> {
  const { client } = stage;
  const { url } = target;
  await stage.warm(target);
  await client.beginStreams({ url, streams: WARMING_STREAMS, everyMs: EVERY_MS });
  await stage.release();
  await client.endStreams();
  const idle = await target.keptMemory();
  await client.beginStreams({ url, streams: STREAMS, everyMs: EVERY_MS, whole: true });
  await sleep(TOGETHER_MS);
  const open = await target.keptMemory();
  await stage.release();
  const { lost } = await client.endStreams();
  return { keptKiB: (open - idle) / 1024 / STREAMS, lost };
}
