import { PassThrough } from 'node:stream';
import { dispatch } from '../../src/cli/dispatch.ts';
import { type Balancer, serve } from '../../src/cli/serve.ts';
import { systemClock } from '../../src/cli/system-clock.ts';
import type { World } from '../../src/cli/world.ts';
import { formatDiagnostics } from '../../src/config/format.ts';
import { parseConfiguration } from '../../src/config/parse.ts';

/** Commands within the test's own process, before a balancer that runs there too. */

export interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A terminal of this width instead of a pipe. */
  readonly columns?: number;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end. Its home is its working directory. */
export async function runHere({ args, cwd, env = {}, columns }: Command): Promise<Result> {
  const stdout = capture(columns);
  const stderr = capture(columns);
  const world: World = {
    cwd,
    home: cwd,
    env,
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    stdout: stdout.stream,
    stderr: stderr.stream,
  };
  const code = await dispatch(args, world);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function capture(columns: number | undefined) {
  const parts: string[] = [];
  const stream = {
    write: (part: string) => parts.push(part) > 0,
    ...(columns !== undefined && { isTTY: true, columns }),
  };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => parts.join('') };
}

/** A configuration file's content; JSON is YAML. */
export type File = Readonly<Record<string, unknown>>;

export interface ServedFile {
  readonly url: string;
  readonly balancer: Balancer;
  /** What the next reload reads; errors instead of a configuration are refused. */
  setFile(file: File | readonly string[]): void;
}

/** The whole balancer at a free port of this machine. */
export async function serveFile(file: File): Promise<ServedFile> {
  let next: File | readonly string[] = file;
  const started = await serve({
    configuration: read(file),
    env: {},
    clock: systemClock(),
    observe: () => {},
    load: async () =>
      Array.isArray(next)
        ? { kind: 'rejected', errors: next }
        : { kind: 'loaded', configuration: read(next as File) },
  });
  if (started.kind === 'failed') throw new Error(started.message);
  const { balancer } = started;
  return {
    url: balancer.server.url,
    balancer,
    setFile: (value) => {
      next = value;
    },
  };
}

function read(file: File) {
  const settings = { port: 0, ...(file.settings as object | undefined) };
  const result = parseConfiguration(JSON.stringify({ ...file, settings }), { env: {} });
  if (!result.ok) throw new Error(formatDiagnostics(result.diagnostics));
  return result.configuration;
}
