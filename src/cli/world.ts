import { homedir } from 'node:os';
import { wantsColor } from '../telemetry/console-line.ts';

/** The process as a command sees it; tests hand in another. */
export interface World {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function processWorld(): World {
  const { env, stdout, stderr } = process;
  return {
    cwd: process.cwd(),
    home: homedir(),
    env,
    // Only who asks touches it: opening it changes how a terminal behaves for a program that we start.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
  };
}

/** Whether a stream shows colours: a terminal that can, and nobody has forbidden them (`NO_COLOR`). */
export function showsColor(stream: NodeJS.WriteStream, world: World): boolean {
  return wantsColor(true, stream.isTTY === true, world.env);
}

/** The width that a stream has for lines; undefined if it is no terminal, and lines may be as long as they are. */
export function columnsOf(stream: NodeJS.WriteStream): number | undefined {
  // A terminal that does not know its size says 0.
  return stream.isTTY === true && stream.columns > 0 ? stream.columns : undefined;
}
