import { type CommandLine, readCommandLine } from './arguments.ts';
import { isCommand } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { commandHelp, generalHelp, seeHelp } from './help.ts';
import { packageVersion } from './version.ts';
import type { World } from './world.ts';

/** Runs a command line and gives the exit code (see `EXIT`). */
export async function dispatch(args: readonly string[], world: World): Promise<number> {
  const line = readCommandLine(args);
  // A command's own code is loaded when it is asked for: help and completion must not wait for a server's.
  switch (line.command) {
    case 'start':
      return (await import('./start.ts')).start(line.options, world);
    case 'run':
      return (await import('./run.ts')).run(line, world);
    case 'status':
      return (await import('./status.ts')).status(line, world);
    case 'top':
      return (await import('./top.ts')).top(line, world);
    case 'replay':
      return (await import('./replay.ts')).replay(line, world);
    case 'providers':
      return (await import('./providers.ts')).providers(line, world);
    case 'reload':
      return (await import('./reload.ts')).reload(line, world);
    case 'cool':
    case 'reset':
    case 'forget':
    case 'disable':
    case 'enable':
      return (await import('./operate.ts')).operate(line, world);
    case 'init':
      return (await import('./init.ts')).init(line, world);
    case 'check':
      return (await import('./check.ts')).check(line.words[0], world);
    case 'migrate':
      return (await import('./migrate.ts')).migrate(line, world);
    case 'demo':
      return (await import('./demo.ts')).demo(line.options, world);
    case 'completion':
      return (await import('./completion.ts')).completion(line, world);
    case 'help':
      return help(line.words[0], world);
    case 'version':
      world.stdout.write(`${packageVersion()}\n`);
      return EXIT.ok;
    case 'usage':
      return usage(line, world);
  }
}

function help(name: string | undefined, world: World): number {
  world.stdout.write(name !== undefined && isCommand(name) ? commandHelp(name) : generalHelp());
  return EXIT.ok;
}

function usage({ message, about }: Extract<CommandLine, { command: 'usage' }>, world: World): number {
  world.stderr.write(`${message}\n${seeHelp(about)}\n`);
  return EXIT.usage;
}
