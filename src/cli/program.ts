import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT } from './exit-codes.ts';

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The terminal sends its signals (Ctrl-C, Ctrl-\) to the program itself. */
  readonly onTerminal: boolean;
}

/** How a program ended. `failed`: it did not begin. */
export type ProgramEnd =
  | { readonly kind: 'ended'; readonly code: number }
  | { readonly kind: 'failed'; readonly code: number; readonly message: string };

/** Signals that come to us and are meant for the program. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal gives these to every process in front: handed on too, the program would get them twice. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/**
 * Runs a program in our place: our standard streams are its own, signals are handed on, and its exit code is given – 128
 * and the signal's number where a signal ended it, as shells have it.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env, onTerminal }: ProgramOptions,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
    const handlers = [
      ...FORWARDED.map((name) => [name, (): void => void child.kill(name)] as const),
      ...FROM_TERMINAL.map((name) => {
        // Even where it is not handed on, it must not end us before the program has ended.
        return [name, (): void => void (onTerminal || child.kill(name))] as const;
      }),
    ];
    for (const [name, handler] of handlers) process.on(name, handler);
    const settle = (end: ProgramEnd): void => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(end);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      // A signal that could not be delivered is an error too; the program has begun, and its end will come.
      if (child.pid === undefined) settle(spawnFailure(program, error));
    });
    child.on('exit', (code, signal) => settle({ kind: 'ended', code: exitCode(code, signal) }));
  });
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? (signal === null ? EXIT.failed : 128 + constants.signals[signal]);
}

function spawnFailure(program: string, error: NodeJS.ErrnoException): ProgramEnd {
  return error.code === 'ENOENT'
    ? { kind: 'failed', code: EXIT.notFound, message: `There is no program "${program}" in the PATH.` }
    : {
        kind: 'failed',
        code: EXIT.notExecutable,
        message: `"${program}" cannot be executed (${error.code ?? error.message}).`,
      };
}
