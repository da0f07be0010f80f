import { parseArgs } from 'node:util';

/** A command line, read. `usage`: what was wrong, for people. */
export type CommandLine =
  | { readonly command: 'start' | 'demo'; readonly options: StartOptions }
  | { readonly command: 'check'; readonly file: string | undefined }
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'usage'; readonly message: string };

export interface StartOptions {
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
}

const COMMANDS = ['start', 'demo', 'check', 'help'] as const;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** Reads `claude-code-balancer [command] [options]`; without a command it is `start`. */
export function readCommandLine(args: readonly string[]): CommandLine {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return { command: 'usage', message: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  const [name = 'start', ...rest] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) return usage(`there is no command "${name}"`);
  if (command === 'help') return { command };
  if (command === 'check') {
    if (rest.length > 1) return usage('check takes one file');
    return { command, file: rest[0] ?? values.config };
  }
  if (rest.length > 0) return usage(`${command} takes no argument "${rest[0]}"`);
  const port = values.port === undefined ? undefined : portOf(values.port);
  if (port === 'wrong') return usage(`--port takes a number from 0 to 65535, not "${values.port}"`);
  const options: StartOptions = {
    ...(values.config === undefined ? {} : { config: values.config }),
    ...(port === undefined ? {} : { port }),
    ...(values.host === undefined ? {} : { host: values.host }),
  };
  return { command, options };
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
}

function usage(message: string): CommandLine {
  return { command: 'usage', message };
}

function portOf(text: string): number | 'wrong' {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : 'wrong';
}

export const HELP = `claude-code-balancer: a proxy before Claude Code that balances and fails over between providers

Usage: claude-code-balancer [command] [options]

Commands
  start            serve (this is also what happens without a command)
  check [FILE]     read the configuration and say everything that is wrong with it
  demo             serve before three simulated providers, to watch failover without a key
  help             this text

Options of start and demo
  -c, --config FILE   the configuration; else ./providers.yaml, ./config.yaml,
                      $XDG_CONFIG_HOME/claude-code-balancer/providers.yaml
  -p, --port N        the port (default 9090; 0: any free one)
      --host H        the address to listen on (default 127.0.0.1)

  -h, --help          this text
  -v, --version       the version

Exit codes: 0 all is well, 1 it failed or the configuration has errors, 2 the command line is wrong

Examples
  claude-code-balancer start --config providers.yaml --port 9090
  claude-code-balancer check providers.yaml
  ANTHROPIC_BASE_URL=http://127.0.0.1:9090 claude
`;
