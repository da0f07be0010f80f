import { COMMAND_NAMES, type CommandName, commandSpec, optionsOf } from './commands.ts';
import { PROGRAM } from './help.ts';
import { OPTION_NAMES, type OptionName, optionSpec } from './options.ts';

/**
 * The ids of the running balancer's providers, a line each, out of the JSON that `providers` prints: shells have no
 * parser for it, but the command indents it always alike. A single quote must not occur in it.
 */
export const PROVIDER_NAMES = `${PROGRAM} providers --json 2>/dev/null | sed -n 's/^    "id": "\\(.*\\)",\\{0,1\\}$/\\1/p'`;

/** Commands whose argument is of this kind. */
export function commandsWith(kind: 'file' | 'provider' | 'program' | 'command'): readonly CommandName[] {
  return COMMAND_NAMES.filter((name) => commandSpec(name).argument?.is === kind);
}

/** `--config`, and `-c` where there is one. */
function spellings(name: OptionName): readonly string[] {
  const { short } = optionSpec(name);
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

/** All spellings of the options of a command. */
export function optionWords(name: CommandName): readonly string[] {
  return optionsOf(name).map(([option]) => `--${option}`);
}

/** Options that take a value, as far as `test` agrees. */
export function valueOptions(test: (name: OptionName) => boolean): readonly string[] {
  return OPTION_NAMES.filter((name) => optionSpec(name).kind !== 'switch' && test(name)).flatMap(spellings);
}

/** A text within single quotes of any shell. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
