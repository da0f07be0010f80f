import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processes, Target } from './processes.ts';

/** So long a process may take to listen, ms. */
const START_MS = 20_000;

/** Starts a program of the bench that tells its address. */
export async function startProgram(
  processes: Processes,
  name: string,
  file: string,
  args: readonly string[] = [],
): Promise<Target> {
  const child = processes.program(file, args);
  const [message] = await within(once(child, 'message'), name);
  return { name, url: (message as { url: string }).url, child };
}

/** A provider of the balancer by its address, and what else is said of it. */
export interface Upstream {
  readonly base_url: string;
  readonly type?: 'openai';
}

/**
 * Starts the compiled balancer before these providers, as `start` does, with a log level at which it
 * says nothing of single requests. No failure makes a provider cool: failover is what is measured.
 */
export async function startBalancer(
  processes: Processes,
  folder: string,
  name: string,
  upstreams: readonly Upstream[],
  profiles?: string,
  own: Readonly<Record<string, unknown>> = {},
): Promise<Target> {
  const file = join(folder, `${name}.json`);
  const providers = upstreams.map((upstream, index) => ({
    name: `provider-${index + 1}`,
    ...upstream,
    auth_type: 'api_key',
    auth_value: 'sk-bench-upstream',
  }));
  const settings = { log_level: 'WARNING', unhealthy_threshold: 1_000_000, state_file: '', ...own };
  await writeFile(file, JSON.stringify({ providers, settings }));
  const child = processes.balancer(
    ['start', '--config', file, '--host', '127.0.0.1', '--port', '0'],
    {
      NO_COLOR: '1',
      HTTP_PROXY: '',
      HTTPS_PROXY: '',
      ALL_PROXY: '',
      http_proxy: '',
      https_proxy: '',
      all_proxy: '',
    },
    profiles,
  );
  let said = '';
  const listening = new Promise<string>((resolve, reject) => {
    const read = (bytes: Buffer): void => {
      said += bytes.toString();
      const url = /Listening on\s*: (http:\/\/\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stderr?.on('data', read);
    // Read, so that it never waits for us; attempts that fail are told there.
    child.stdout?.resume();
    child.once('exit', () => reject(new Error(`the balancer did not start:\n${said}`)));
  });
  return { name, url: await within(listening, name), child };
}

async function within<Value>(awaited: Promise<Value>, name: string): Promise<Value> {
  const patience = new AbortController();
  const late = sleep(START_MS, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`${name} did not start within ${START_MS / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([awaited, late]);
  } finally {
    patience.abort();
  }
}
