import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command as users run it: compiled, in a process of its own. */

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
/** A start takes a fraction of this; a machine at its limit takes longer. */
const DEADLINE_MS = 15_000;

export interface RunOptions {
  /** Where it runs, and its home; from `folder()`. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** On a pseudo-terminal; what the command shows is all in `stdout`. Needs `script` (see `NO_TERMINAL`). */
  readonly terminal?: boolean;
}

/** Runs a command on a pseudo-terminal; part of util-linux. */
const TERMINAL_PROGRAM = 'script';

/** Why no test can have a terminal here; undefined if it can. */
export const NO_TERMINAL: string | undefined =
  spawnSync(TERMINAL_PROGRAM, ['--version']).status === 0 ? undefined : '`script` of util-linux is missing';

/** A process of the command. Every wait rejects at its deadline, with all that was printed. */
export interface Running {
  /** Resolves with the first match in what was printed on either stream. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** The address it says it listens at. */
  readonly url: Promise<string>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  signal(name: 'SIGTERM' | 'SIGINT'): void;
  /** On a terminal: presses these keys. */
  type(keys: string): void;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

export interface Finished {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Folders and processes of one test; `close()` ends and removes whatever is left of them. */
export interface Workplace {
  /** An empty folder, with these files. */
  folder(files?: Readonly<Record<string, string>>): Promise<string>;
  launch(args: readonly string[], options: RunOptions): Running;
  /** Runs to its end. */
  run(args: readonly string[], options: RunOptions): Promise<Finished>;
  close(): Promise<void>;
}

export function createWorkplace(): Workplace {
  const folders: string[] = [];
  const children: { readonly child: ChildProcess; readonly running: Running }[] = [];

  function launch(args: readonly string[], { cwd, env, terminal }: RunOptions): Running {
    if (!existsSync(MAIN)) throw new Error('dist/src/main.js is missing: run "npm run build" first');
    // No variable of whoever runs the tests: HOME and XDG_… decide which files are read.
    const command = [process.execPath, MAIN, ...args];
    const [program = '', ...words] = terminal === true ? onTerminal(command) : command;
    const child = spawn(program, words, {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, ...env },
      stdio: [terminal === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    const running = watch(child);
    children.push({ child, running });
    return running;
  }

  return {
    async folder(files = {}) {
      const folder = await mkdtemp(join(tmpdir(), 'balancer-cli-'));
      folders.push(folder);
      await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
      return folder;
    },
    launch,
    async run(args, options) {
      const running = launch(args, options);
      const code = await running.exit;
      return { code, stdout: running.stdout(), stderr: running.stderr() };
    },
    async close() {
      for (const { child } of children) child.kill('SIGKILL');
      await Promise.allSettled(children.map(({ running }) => running.exit));
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}

/** `script` runs a command on a terminal of its own, and gives its exit code. */
function onTerminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return [TERMINAL_PROGRAM, '-qfec', `stty cols 100 rows 30; exec ${quoted}`, '/dev/null'];
}

function watch(child: ChildProcess): Running {
  let out = '';
  let err = '';
  let ended: number | string | undefined;
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const look of [...watchers]) look();
  };
  child.stdout?.on('data', (bytes: Buffer) => {
    out += bytes.toString();
    notify();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    err += bytes.toString();
    notify();
  });
  // `close`, not `exit`: everything printed has been read by then.
  child.on('close', (code, signal) => {
    ended = code ?? signal ?? 'unknown';
    notify();
  });

  /** Resolves with the first value that `look` finds; `last`: nothing can come any more. */
  function until<T>(what: string, look: () => T | undefined, last: () => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(deadline);
        watchers.delete(check);
        act();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`${why}: ${what}\nstdout:\n${out}\nstderr:\n${err}`)));
      const check = (): void => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (last()) fail('ended before');
      };
      const deadline = setTimeout(() => fail(`not within ${DEADLINE_MS} ms`), DEADLINE_MS);
      watchers.add(check);
      check();
    });
  }

  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    until(
      String(pattern),
      () => pattern.exec(out) ?? pattern.exec(err) ?? undefined,
      () => ended !== undefined,
    );
  return {
    printed,
    get url() {
      return printed(/export ANTHROPIC_BASE_URL=(\S+)\n/).then(([, url]) => url ?? '');
    },
    stdout: () => out,
    stderr: () => err,
    signal: (name) => void child.kill(name),
    type: (keys) => void child.stdin?.write(keys),
    // Waited for from now on: how long it was to live is the test's own affair.
    get exit() {
      return until(
        'its end',
        () => ended,
        () => false,
      );
    },
  };
}
