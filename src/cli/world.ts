import { homedir } from 'node:os';
import { wantsColor } from '../telemetry/console-line.ts';

/** The process as a command sees it; tests hand in another. */
export interface World {
  readonly cwd: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function processWorld(): World {
  const { env, stdout, stderr } = process;
  return { cwd: process.cwd(), home: homedir(), env, stdout, stderr };
}

/** Whether a stream shows colours: a terminal that can, and nobody has forbidden them (`NO_COLOR`). */
export function showsColor(stream: NodeJS.WriteStream, world: World): boolean {
  return wantsColor(true, stream.isTTY === true, world.env);
}
