import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadClient } from './load.ts';
import { cpuOf, type Target } from './processes.ts';

/** How much is done. */
export interface Effort {
  readonly rounds: number;
  /** CPU time is taken over so many requests of 1 KB; of larger ones fewer. */
  readonly requests: number;
  /** Times are taken over so many requests in a row. */
  readonly timed: number;
  readonly streamMs: number;
}

export const FULL: Effort = { rounds: 9, requests: 2_000, timed: 200, streamMs: 2_500 };
export const QUICK: Effort = { rounds: 3, requests: 600, timed: 80, streamMs: 1_000 };

/** One figure of both, as medians over the rounds. `ratio` is the median of the rounds' own ratios. */
export interface Comparison {
  readonly pipe: number;
  readonly balancer: number;
  readonly ratio: number;
  /** The quartiles of the rounds' ratios: half of all rounds lie between them. Far apart: the machine was disturbed. */
  readonly quartiles: readonly [number, number];
}

const CONCURRENCY = 8;
const STREAMS = 100;
/** A stream's events come so far apart. */
export const EVERY_MS = 10;

/**
 * Measures one after the other, round by round: whatever else the machine does falls on both alike, and a round that
 * was disturbed is no median.
 */
async function compare(
  pipe: Target,
  balancer: Target,
  rounds: number,
  measure: (target: Target) => Promise<number>,
): Promise<Comparison> {
  const taken: { pipe: number; balancer: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Each begins every other round.
    const first = round % 2 === 0 ? pipe : balancer;
    const one = await measure(first);
    const two = await measure(first === pipe ? balancer : pipe);
    taken.push(first === pipe ? { pipe: one, balancer: two } : { pipe: two, balancer: one });
  }
  const ratios = taken.map((each) => each.balancer / each.pipe).sort((a, b) => a - b);
  const quarter = Math.floor(ratios.length / 4);
  return {
    pipe: median(taken.map((each) => each.pipe)),
    balancer: median(taken.map((each) => each.balancer)),
    ratio: median(ratios),
    quartiles: [ratios.at(quarter) ?? Number.NaN, ratios.at(-1 - quarter) ?? Number.NaN],
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** Events of one stream: it outlasts the measurement by as long as all may take to begin. */
export function eventsOf({ streamMs }: Effort): number {
  return Math.ceil((streamMs + 1_000) / EVERY_MS);
}

/** CPU time a request, µs. */
export async function cpuPerRequest(
  client: LoadClient,
  pipe: Target,
  balancer: Target,
  bytes: number,
  effort: Effort,
): Promise<Comparison> {
  const count = Math.ceil(effort.requests / Math.max(1, Math.log2(bytes / 1024)));
  const run = (target: Target, requests: number) =>
    client.requests({ url: target.url, bytes, count: requests, concurrency: CONCURRENCY });
  // What has not run yet is not compiled yet.
  for (const target of [pipe, balancer]) await run(target, count);
  return compare(pipe, balancer, effort.rounds, async (target) => {
    const before = await cpuOf(target);
    await run(target, count);
    return ((await cpuOf(target)) - before) / count;
  });
}

/**
 * CPU time a stream event, µs, with a hundred streams that get an event each 10 ms. `equal`: all are the same request,
 * which the first of both is told not to share.
 */
export function cpuPerChunk(
  client: LoadClient,
  pipe: Target,
  balancer: Target,
  effort: Effort,
  equal = false,
): Promise<Comparison> {
  const { rounds, streamMs } = effort;
  const events = eventsOf(effort);
  return compare(pipe, balancer, rounds, async (target) => {
    await client.beginStreams({ url: target.url, streams: STREAMS, events, everyMs: EVERY_MS, equal });
    const cpuBefore = await cpuOf(target);
    const eventsBefore = await client.streamedEvents();
    await sleep(streamMs);
    const cpu = (await cpuOf(target)) - cpuBefore;
    const seen = (await client.streamedEvents()) - eventsBefore;
    await client.endStreams();
    return cpu / seen;
  });
}

/** What a target adds to the time to the first byte, ms, against the same requests sent without it. Medians. */
export async function addedMs(
  client: LoadClient,
  direct: string,
  targets: readonly Target[],
  bytes: number,
  { rounds, timed }: Effort,
): Promise<number[]> {
  const time = async (url: string): Promise<number> => {
    const { firstByteP50Ms } = await client.requests({ url, bytes, count: timed, concurrency: 1 });
    return firstByteP50Ms;
  };
  for (const { url } of targets) await time(url);
  const added: number[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const without = await time(direct);
    for (const [index, { url }] of targets.entries()) added[index]?.push((await time(url)) - without);
  }
  return added.map(median);
}
