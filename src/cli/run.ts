import { isatty } from 'node:tty';
import type { LineOf } from './arguments.ts';
import { runProgram } from './program.ts';
import { programEnvironment } from './run-environment.ts';
import { openGate } from './run-gate.ts';
import type { World } from './world.ts';

/**
 * `run PROGRAM …`: the program's requests go to the running balancer, or to one that lives as long as the program. Gives
 * the program's exit code; nothing is written to its screen while it runs.
 */
export async function run(line: LineOf<'run'>, world: World): Promise<number> {
  const { cwd, env, stderr } = world;
  const [program = '', ...args] = line.words;
  const opened = await openGate(line.options, world);
  if (opened.kind === 'none') {
    stderr.write(`${opened.message}\n`);
    return opened.code;
  }
  const end = await runProgram(program, args, {
    cwd,
    env: programEnvironment(env, opened.gate),
    // `process.stdin` would open the program's own input beside it.
    onTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
  });
  const complaint = await opened.close();
  if (end.kind === 'failed') stderr.write(`${end.message}\n`);
  else if (end.code !== 0 && complaint !== undefined) stderr.write(`${complaint}\n`);
  return end.code;
}
