/** What a process holds, when nothing is under way. */
export interface Resources {
  /** After a collection, bytes: the heap and buffers outside of it. */
  readonly bytes: number;
  /** Sockets and all else that keeps a process alive. */
  readonly handles: number;
  /** Timers of the balancer's clock that wait. */
  readonly timers: number;
  /** Listeners of the process. */
  readonly listeners: number;
}

/** @param timers those of the balancer's clock, counted by whoever made it */
export function resources(timers: number): Resources {
  if (globalThis.gc === undefined) throw new Error('node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    bytes: heapUsed + arrayBuffers,
    handles: process.getActiveResourcesInfo().length,
    timers,
    listeners,
  };
}

/** What grew from the first measured rounds to the last ones, in words. */
export function grown(rounds: readonly Resources[]): readonly string[] {
  const third = Math.max(1, Math.floor(rounds.length / 3));
  const early = rounds.slice(0, third);
  const late = rounds.slice(-third);
  const least = (of: readonly Resources[], what: keyof Resources): number =>
    Math.min(...of.map((round) => round[what]));
  return (Object.entries(SLACK) as [keyof Resources, number][]).flatMap(([what, slack]) => {
    const [before, after] = [least(early, what), least(late, what)];
    return after <= before + slack ? [] : [`${what}: ${before} → ${after}`];
  });
}

/** Differences that say nothing: caches of the runtime, kept-alive connections, cooldowns that happen to run. */
const SLACK: Resources = { bytes: 12 * 1024 * 1024, handles: 40, timers: 20, listeners: 0 };
