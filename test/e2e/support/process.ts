import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withDeadline } from './deadline.ts';

/** The compiled command line; `npm run e2e` builds it first. */
const MAIN = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));

/** The balancer as users run it: a process of its own. */
export interface BalancerProcess {
  readonly process: ChildProcess;
  /** Resolves with its address once it says that it listens. */
  readonly url: Promise<string>;
  /** Resolves with the exit code; null: ended by a signal. */
  readonly exited: Promise<number | null>;
  /** Everything it wrote so far, both streams. */
  output(): string;
  /** Resolves with what `pattern` (its first group) finds in the output, now or later. */
  said(pattern: RegExp): Promise<string>;
}

/** Starts `start --config file --port port`. Every wait has a deadline, and tells the output when it is over. */
export function startProcess(file: string, home: string, port: number): BalancerProcess {
  const child = spawn(process.execPath, [MAIN, 'start', '--config', file, '--port', `${port}`], {
    cwd: home,
    env: { HOME: home, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      for (const watch of [...watchers]) watch();
    });
  }
  const report = (): string => `It wrote: ${output}`;
  const said = (pattern: RegExp): Promise<string> =>
    withDeadline(
      `the balancer writes ${pattern}`,
      (resolve) => {
        const watch = (): void => {
          const found = pattern.exec(output);
          if (found === null) return;
          watchers.delete(watch);
          resolve(found[1] ?? found[0]);
        };
        watchers.add(watch);
        watch();
      },
      report,
    );
  const url = said(/Listening on (http:\/\/[\d.:]+)"/);
  // The whole life of the process, not a step of it: as long as a test may last.
  const exited = withDeadline<number | null>(
    'the balancer ends',
    (resolve) => child.on('close', resolve),
    report,
    120_000,
  );
  for (const wait of [url, exited]) wait.catch(() => undefined);
  return { process: child, url, exited, output: () => output, said };
}
