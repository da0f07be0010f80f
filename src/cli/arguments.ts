import { parseArgs } from 'node:util';
import { nearest } from '../config/suggest.ts';
import {
  COMMAND_NAMES,
  type CommandName,
  choicesOf,
  commandSpec,
  isCommand,
  type OptionsOf,
  optionsOf,
} from './commands.ts';
import { isOption, OPTION_NAMES, type OptionName, optionSpec } from './options.ts';

/** The line of one command: its options, and the words after it. */
export interface LineOf<Name extends CommandName> {
  readonly command: Name;
  readonly options: OptionsOf<Name>;
  readonly words: readonly string[];
}

/** A command line, read. `usage`: what was wrong, for people. */
export type CommandLine =
  | { readonly [Name in CommandName]: LineOf<Name> }[CommandName]
  | { readonly command: 'usage'; readonly message: string; readonly about?: CommandName };

/** Where to listen; what is absent is up to the configuration. */
export interface ListenOptions {
  readonly port?: number;
  readonly host?: string;
}

/** Reads `claude-code-balancer [command] [options] [words]`; without a command it is `start`. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { own, foreign } = split(args);
  const tokens = tokensOf(own);
  const options = tokens.filter((token) => token.kind === 'option');
  const [name, ...words] = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const asked = (option: OptionName): boolean => options.some((token) => token.name === option);
  if (asked('help')) return help(name);
  if (asked('version')) return { command: 'version', options: {}, words: [] };
  // Before the command is judged: a word that belongs to a misspelt option looks like one.
  for (const token of options) {
    const mistake = optionMistake(token);
    if (mistake !== undefined) return usage(mistake);
  }
  if (name !== undefined && !isCommand(name)) return usage(unknownCommand(name));
  const command = name ?? 'start';
  const read = readOptions(command, options);
  if (typeof read === 'string') return usage(read, command);
  const given = withOption(command, read, [...words, ...foreign]);
  const mistake = argumentMistake(command, given.words);
  if (mistake !== undefined) return usage(mistake, command);
  // The table's types say which options a command has; `readOptions` has let no other through.
  return { command, ...given } as CommandLine;
}

/** What is ours, and what belongs to the program of `run`: it begins at `--` or at the first word. */
function split(args: readonly string[]): { own: readonly string[]; foreign: readonly string[] } {
  const [command, ...rest] = tokensOf(args).filter(({ kind }) => kind !== 'option');
  const next = rest[0];
  const takes =
    command?.kind === 'positional' && isCommand(command.value)
      ? commandSpec(command.value).argument?.most
      : undefined;
  if (takes !== 'command line' || next === undefined) return { own: args, foreign: [] };
  const begin = next.kind === 'option-terminator' ? next.index + 1 : next.index;
  return { own: args.slice(0, next.index), foreign: args.slice(begin) };
}

function tokensOf(args: readonly string[]) {
  const options = Object.fromEntries(
    OPTION_NAMES.map((name) => {
      const { kind, short } = optionSpec(name);
      const type = kind === 'switch' ? ('boolean' as const) : ('string' as const);
      return [name, { type, ...(short !== undefined && { short }) }];
    }),
  );
  const parsed = parseArgs({
    args: args.map(withTwoDashes),
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  return parsed.tokens;
}

/** `-config FILE`, as the Go version of old had it, means `--config FILE`. */
function withTwoDashes(argument: string): string {
  return /^-(?:config|port|host)(?:=|$)/.test(argument) ? `-${argument}` : argument;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

type Values = Partial<Record<OptionName, string | number | true | readonly string[]>>;

/** The options of a command, or what is wrong with them. Of an option that stands twice the last counts. */
function readOptions(command: CommandName, tokens: readonly OptionToken[]): Values | string {
  const values: Values = {};
  const own = new Map(optionsOf(command));
  for (const token of tokens) {
    const { name } = token;
    if (!isOption(name)) return unknownOption(token);
    if (!own.has(name)) return foreignOption(command, name);
    const { value = '' } = token;
    switch (optionSpec(name).kind) {
      case 'switch':
        values[name] = true;
        break;
      case 'port':
        values[name] = Number(value);
        break;
      case 'text':
        values[name] = value;
        break;
      case 'texts': {
        const before = values[name];
        values[name] = [...(Array.isArray(before) ? before : []), value];
      }
    }
  }
  return values;
}

function optionMistake(token: OptionToken): string | undefined {
  const { name, rawName, value, inlineValue } = token;
  if (!isOption(name)) return unknownOption(token);
  const { kind } = optionSpec(name);
  if (kind === 'switch') return value === undefined ? undefined : `${rawName} takes no value.`;
  // A lone dash stands for standard output.
  const swallowed = inlineValue !== true && value !== '-' && value?.startsWith('-') === true;
  if (value === undefined || value === '' || swallowed) return `${rawName} needs a value.`;
  if (kind === 'port' && !isPort(value)) {
    return `--${name} takes a number from 0 to 65535, not "${value}".`;
  }
  return undefined;
}

/** Where an option says the same as the word, it becomes the word. */
function withOption(command: CommandName, options: Values, words: readonly string[]) {
  const alias = commandSpec(command).argument?.alsoAs;
  const value = alias === undefined ? undefined : options[alias];
  if (alias === undefined || typeof value !== 'string') return { options, words };
  const { [alias]: _, ...others } = options;
  return { options: others, words: [...words, value] };
}

function argumentMistake(command: CommandName, words: readonly string[]): string | undefined {
  const { argument } = commandSpec(command);
  const [first, second] = words;
  if (argument === undefined) {
    return first === undefined ? undefined : `${command} takes no argument "${first}".`;
  }
  const { name, least, most } = argument;
  if (words.length < least) return `${command} needs a ${name}.`;
  if (most === 'one' && second !== undefined) return `${command} takes one ${name}.`;
  if (most === 'command line' && first?.startsWith('-') === true) {
    return `${command} needs a ${name} before "${first}".`;
  }
  const choices = choicesOf(argument);
  if (choices === undefined || first === undefined || choices.includes(first)) return undefined;
  if (argument.is === 'command') return unknownCommand(first);
  return `${command} knows no ${name} "${first}"; there are ${choices.join(', ')}.`;
}

function help(name: string | undefined): CommandLine {
  if (name !== undefined && !isCommand(name)) return usage(unknownCommand(name));
  return { command: 'help', options: {}, words: name === undefined ? [] : [name] };
}

function unknownCommand(name: string): string {
  return `There is no command "${name}".${didYouMean(name, COMMAND_NAMES)}`;
}

function unknownOption({ name, rawName }: OptionToken): string {
  return `There is no option ${rawName}.${didYouMean(name, OPTION_NAMES, '--')}`;
}

function foreignOption(command: CommandName, name: OptionName): string {
  const owners = COMMAND_NAMES.filter((each) => commandSpec(each).options[name] !== undefined);
  return `${command} has no option --${name}; it belongs to ${owners.join(', ')}.`;
}

function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` Did you mean ${prefix}${near}?`;
}

function usage(message: string, about?: CommandName): CommandLine {
  return { command: 'usage', message, ...(about !== undefined && { about }) };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
