/** nginx as a byte pipe beside the bare one, where it is installed. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Kept } from './keeper.ts';
import { nginxConfig } from './nginx-config.ts';
import type { Processes } from './processes.ts';
import type { Target } from './targets.ts';

/** It is asked so often whether it listens, so far apart, ms. */
const START_TRIES = 250;
const TRY_MS = 20;

/** Starts it. The text instead of a target says why there is none. */
export async function startNginx(
  processes: Processes,
  folder: string,
  upstream: string,
): Promise<Target | string> {
  if (process.platform !== 'linux')
    return 'no nginx beside: its CPU time is read from /proc, which is not here';
  const own = join(folder, 'nginx');
  await mkdir(own);
  const port = await freePort();
  const file = join(own, 'nginx.conf');
  const user = process.getuid?.() === 0 ? userInfo().username : undefined;
  await writeFile(file, nginxConfig({ folder: own, port, upstream: new URL(upstream).host, user }));
  const child = processes.foreign('nginx', ['-e', 'stderr', '-p', own, '-c', file]);
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    if (said.length < 10_000) said += bytes.toString();
  });
  try {
    const [kept] = (await Promise.race([once(child, 'message'), failed(child)])) as [Kept];
    if ('missing' in kept) return 'no nginx beside: it is not on the PATH';
    await Promise.race([listening(child, port), failed(child)]);
    const workers = await childrenOf(kept.pid);
    if (workers.length === 0) throw new Error('it has no worker');
    return {
      name: 'nginx',
      url: `http://127.0.0.1:${port}`,
      cpu: async () => sum(await Promise.all(workers.map(cpuOfProcess))),
      end: () => processes.end(child),
    };
  } catch (error) {
    await processes.end(child);
    return `no nginx beside: ${(error as Error).message}${said === '' ? '' : `: ${said.trim()}`}`;
  }
}

/** Rejects when it has ended. */
async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`it ended with ${code}`);
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < START_TRIES && child.exitCode === null; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const there = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (there) return;
    await sleep(TRY_MS);
  }
  throw new Error('it does not listen');
}

/** Ids of the processes that this one has started. */
async function childrenOf(parent: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(ids.map(async (id) => (await statOf(id))[PARENT]));
  return ids.filter((_, index) => Number(parents[index]) === parent);
}

/** Members of `/proc/ID/stat` behind the name, counted from the state (proc(5)). */
const PARENT = 1;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
/** A tick of `/proc/ID/stat` is a hundredth of a second on every Linux that Node runs on. */
const TICK_US = 10_000;

/** Empty: there is no such process any more. */
async function statOf(id: number): Promise<string[]> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  // The name may hold spaces and parentheses.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** CPU time of a process that has one thread, µs. The scheduler's own figure is finer than ticks, where it keeps one. */
async function cpuOfProcess(id: number): Promise<number> {
  const schedule = await readFile(`/proc/${id}/schedstat`, 'utf8').catch(() => '');
  const onCpuNs = Number(schedule.split(' ')[0]);
  if (onCpuNs > 0) return onCpuNs / 1000;
  const stat = await statOf(id);
  return (Number(stat[USER_TICKS]) + Number(stat[SYSTEM_TICKS])) * TICK_US;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
