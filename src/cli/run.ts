import { readCommandLine } from './arguments.ts';
import { check } from './check.ts';
import { demo } from './demo.ts';
import { HELP, SEE_HELP } from './help.ts';
import { start } from './start.ts';
import { packageVersion } from './version.ts';
import type { World } from './world.ts';

/** Runs a command line and gives the exit code: 0 all is well, 1 it failed, 2 the command line is wrong. */
export async function run(args: readonly string[], world: World): Promise<number> {
  const line = readCommandLine(args);
  switch (line.command) {
    case 'start':
      return start(line.options, world);
    case 'demo':
      return demo(line.options, world);
    case 'check':
      return check(line.file, world);
    case 'help':
      world.stdout.write(HELP);
      return 0;
    case 'version':
      world.stdout.write(`${packageVersion()}\n`);
      return 0;
    case 'usage':
      world.stderr.write(`${line.message}\n${SEE_HELP}\n`);
      return 2;
  }
}
