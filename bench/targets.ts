import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call } from './calls.ts';
import type { Processes } from './processes.ts';
import { within } from './within.ts';

/** Something that answers at an address, in a process of its own. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** CPU time of its process so far, µs, user and system, all threads. */
  cpu(): Promise<number>;
  end(): Promise<void>;
}

/** A target that runs on Node and tells its memory. */
export interface NodeTarget extends Target {
  readonly child: ChildProcess;
  /** Resident memory, bytes, with all that waits to be collected. */
  memory(): Promise<number>;
  /** Resident memory, bytes, once all is collected that can be. */
  keptMemory(): Promise<number>;
}

function nodeTarget(processes: Processes, name: string, url: string, child: ChildProcess): NodeTarget {
  return {
    name,
    url,
    child,
    cpu: () => call(child, 'cpu'),
    memory: () => call(child, 'memory'),
    keptMemory: () => call(child, 'keptMemory'),
    end: () => processes.end(child),
  };
}

/** Starts a program of the bench that tells its address. */
export async function startProgram(
  processes: Processes,
  name: string,
  file: string,
  args: readonly string[] = [],
): Promise<NodeTarget> {
  const child = processes.program(file, args);
  const [message] = await within(once(child, 'message'), name);
  return nodeTarget(processes, name, (message as { url: string }).url, child);
}

/** A provider of the balancer by its address, and what else is said of it. */
export interface Upstream {
  readonly base_url: string;
  readonly type?: 'openai';
}

/** What is said of a balancer. */
export interface BalancerOptions {
  /** Settings of its own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A folder for a CPU profile. */
  readonly profiles?: string | undefined;
}

/** No proxy that the environment names stands between the balancer and the upstream. */
const ENVIRONMENT = {
  NO_COLOR: '1',
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  ALL_PROXY: '',
  http_proxy: '',
  https_proxy: '',
  all_proxy: '',
};

/**
 * Starts the compiled balancer before these providers, as `start` does, with a log level at which it
 * says nothing of single requests. No failure makes a provider cool: failover is what is measured.
 */
export async function startBalancer(
  processes: Processes,
  folder: string,
  name: string,
  upstreams: readonly Upstream[],
  { settings: own = {}, profiles }: BalancerOptions = {},
): Promise<NodeTarget> {
  const file = join(folder, `${name}.json`);
  const providers = upstreams.map((upstream, index) => ({
    name: `provider-${index + 1}`,
    ...upstream,
    auth_type: 'api_key',
    auth_value: 'sk-bench-upstream',
  }));
  const settings = { log_level: 'WARNING', unhealthy_threshold: 1_000_000, state_file: '', ...own };
  await writeFile(file, JSON.stringify({ providers, settings }));
  const args = ['start', '--config', file, '--host', '127.0.0.1', '--port', '0'];
  const child = processes.balancer(args, ENVIRONMENT, profiles);
  let said = '';
  const listening = new Promise<string>((resolve, reject) => {
    const read = (bytes: Buffer): void => {
      // What it says later, nobody asks for.
      if (said.length < 100_000) said += bytes.toString();
      const url = /Listening on\s*: (http:\/\/\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stderr?.on('data', read);
    // Read, so that it never waits for us; attempts that fail are told there.
    child.stdout?.resume();
    child.once('exit', () => reject(new Error(`the balancer did not start:\n${said}`)));
  });
  return nodeTarget(processes, name, await within(listening, name), child);
}
