import type { LineOf } from './arguments.ts';
import type { Shell } from './commands.ts';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import { EXIT } from './exit-codes.ts';
import type { World } from './world.ts';

const SCRIPTS: Readonly<Record<Shell, () => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `completion SHELL`: the script, made from the table of commands. */
export function completion(line: LineOf<'completion'>, world: World): number {
  const shell = line.words[0] ?? '';
  // The table lets no other word through.
  if (isShell(shell)) world.stdout.write(SCRIPTS[shell]());
  return EXIT.ok;
}

function isShell(word: string): word is Shell {
  return Object.hasOwn(SCRIPTS, word);
}
