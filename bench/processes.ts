import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The processes of one run. Whatever was started is ended by `close`, and nothing else. */
export interface Processes {
  /** One of the bench's own programs. */
  program(file: string, args?: readonly string[]): ChildProcess;
  /** The compiled balancer. `profiles`: a folder for a CPU profile, written at its end. */
  balancer(args: readonly string[], env: Record<string, string>, profiles?: string): ChildProcess;
  /** Somebody else's program, by its keeper, who tells about it (`Kept`). */
  foreign(command: string, args: readonly string[]): ChildProcess;
  /** Ends one of them before the run's end. */
  end(child: ChildProcess): Promise<void>;
  close(): Promise<void>;
}

/** So long a process may take to end by itself, ms. */
const GOODBYE_MS = 5_000;

export function startProcesses(): Processes {
  const children = new Set<ChildProcess>();
  const started = (child: ChildProcess): ChildProcess => {
    children.add(child);
    return child;
  };
  const probe = ['--import', new URL('./cpu-probe.js', import.meta.url).href];
  return {
    program: (file, args = []) =>
      started(
        fork(pathOf(`./${file}`), args, { execArgv: probe, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
      ),
    balancer: (args, env, profiles) => {
      const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
      return started(
        fork(pathOf('../src/main.js'), args, {
          execArgv: [...probe, ...profiling],
          env: { ...process.env, ...env },
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        }),
      );
    },
    foreign: (command, args) =>
      started(
        fork(pathOf('./keeper.js'), [command, ...args], {
          execArgv: probe,
          stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        }),
      ),
    async end(child) {
      await end(child);
      children.delete(child);
    },
    async close() {
      await Promise.all([...children].map(end));
    },
  };
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), GOODBYE_MS);
  await gone;
  clearTimeout(force);
}
