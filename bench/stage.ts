import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './calls.ts';
import type { Effort } from './effort.ts';
import { type LoadClient, loadClient } from './load.ts';
import { startNginx } from './nginx.ts';
import type { Processes } from './processes.ts';
import {
  type BalancerOptions,
  type NodeTarget,
  startBalancer,
  startProgram,
  type Target,
  type Upstream,
} from './targets.ts';

/** What every part of the bench finds when it begins. */
export interface Stage {
  readonly effort: Effort;
  readonly client: LoadClient;
  /** Address of the fake upstream. */
  readonly upstream: string;
  readonly pipe: NodeTarget;
  /** The balancer with one provider, as it is configured by default. */
  readonly balancer: NodeTarget;
  /** Where it is installed. */
  readonly nginx: Target | undefined;
  /** Resident memory of both before any request, bytes. */
  readonly idle: Readonly<Record<'pipe' | 'balancer', number>>;
  /** Tells the fake upstream to end all streams. */
  release(): Promise<void>;
  /** Requests that the fake upstream has refused so far. */
  refused(): Promise<number>;
  /** What has not run yet is not compiled yet. */
  warm(target: Target): Promise<void>;
  /** Another balancer. Whoever starts it warms and ends it. */
  another(name: string, upstreams: readonly Upstream[], options?: BalancerOptions): Promise<NodeTarget>;
  /** Another bare pipe. */
  anotherPipe(name: string): Promise<NodeTarget>;
  /** Tells the user what is going on. */
  say(text: string): void;
}

/** A process that listens is soon done with what its start left to do, ms. */
const SETTLING_MS = 1_000;

export interface StageOptions {
  readonly effort: Effort;
  /** For configurations and whatever else is written. */
  readonly folder: string;
  readonly profiles: string | undefined;
  readonly say: (text: string) => void;
}

/** Starts what all parts use: the fake upstream, the client, the bare pipe, the balancer, and nginx if there is one. */
export async function openStage(processes: Processes, options: StageOptions): Promise<Stage> {
  const { effort, folder, profiles, say } = options;
  const { url, child } = await startProgram(processes, 'the fake upstream', 'fake-upstream.js');
  const client = loadClient((await startProgram(processes, 'the client', 'load-client.js')).child);
  const anotherPipe = (name: string) => startProgram(processes, name, 'bare-pipe.js', [url]);
  const another = (name: string, upstreams: readonly Upstream[], own: BalancerOptions = {}) =>
    startBalancer(processes, folder, name, upstreams, own);
  const pipe = await anotherPipe('the bare pipe');
  const balancer = await another('balancer', [{ base_url: url }], { profiles });
  await sleep(SETTLING_MS);
  const idle = { pipe: await pipe.memory(), balancer: await balancer.memory() };
  const nginx = await startNginx(processes, folder, url);
  if (typeof nginx === 'string') say(nginx);
  const warm = async ({ url: target }: Target): Promise<void> => {
    await client.requests({ url: target, bytes: 1024, count: effort.warming, concurrency: 8 });
  };
  await warm(pipe);
  await warm(balancer);
  return {
    effort,
    client,
    upstream: url,
    pipe,
    balancer,
    nginx: typeof nginx === 'string' ? undefined : nginx,
    idle,
    release: () => call(child, 'release'),
    refused: () => call(child, 'refused'),
    warm,
    another,
    anotherPipe,
    say,
  };
}

/** The bare pipe, the balancer, and nginx where there is one: in this order. */
export function sideBySide({ pipe, balancer, nginx }: Stage): readonly [Target, Target, ...Target[]] {
  return nginx === undefined ? [pipe, balancer] : [pipe, balancer, nginx];
}
