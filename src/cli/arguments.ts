import { parseArgs } from 'node:util';
import { nearest } from '../config/suggest.ts';

/** A command line, read. `usage`: what was wrong, for people. */
export type CommandLine =
  | { readonly command: 'start'; readonly options: StartOptions }
  | { readonly command: 'demo'; readonly options: ListenOptions }
  | { readonly command: 'check'; readonly file: string | undefined }
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'usage'; readonly message: string };

/** Where to listen; what is absent is up to the configuration. */
export interface ListenOptions {
  readonly port?: number;
  readonly host?: string;
}

export interface StartOptions extends ListenOptions {
  readonly config?: string;
}

const COMMANDS = ['start', 'demo', 'check', 'help'] as const;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  // Older versions had it; it never changed what is served.
  env: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** Reads `claude-code-balancer [command] [options]`; without a command it is `start`. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parse(args.map(withTwoDashes));
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  for (const token of tokens) {
    const mistake = token.kind === 'option' ? mistakeOf(token) : undefined;
    if (mistake !== undefined) return usage(mistake);
  }
  const [name = 'start', ...rest] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) return usage(`There is no command "${name}".${didYouMean(name, COMMANDS)}`);
  if (command === 'help') return { command };
  const config = textOf(values.config);
  if (command === 'check') {
    const [file = config, more] = rest;
    const twice = rest.length > 0 && config !== undefined;
    return more === undefined && !twice ? { command, file } : usage('check takes one file.');
  }
  if (rest.length > 0) return usage(`${command} takes no argument "${rest[0]}".`);
  const port = textOf(values.port);
  if (port !== undefined && !isPort(port)) {
    return usage(`--port takes a number from 0 to 65535, not "${port}".`);
  }
  const host = textOf(values.host);
  const listen: ListenOptions = {
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(host === undefined ? {} : { host }),
  };
  if (command === 'start') return { command, options: config === undefined ? listen : { ...listen, config } };
  if (config === undefined) return { command, options: listen };
  return usage('demo brings its own configuration; --config belongs to start.');
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
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

function mistakeOf({ name, rawName, value, inlineValue }: OptionToken): string | undefined {
  if (!isOption(name)) {
    return `There is no option ${rawName}.${didYouMean(name, Object.keys(OPTIONS), '--')}`;
  }
  if (OPTIONS[name].type === 'boolean') {
    return value === undefined ? undefined : `${rawName} takes no value.`;
  }
  const swallowed = inlineValue !== true && value?.startsWith('-') === true;
  return value === undefined || value === '' || swallowed ? `${rawName} needs a value.` : undefined;
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` Did you mean ${prefix}${near}?`;
}

/** Without strictness the parser's types allow a switch without a value, which is refused before. */
function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function usage(message: string): CommandLine {
  return { command: 'usage', message };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
