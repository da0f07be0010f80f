import { COMMAND_NAMES, type CommandName, commandSpec, optionsOf } from './commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { type OptionName, optionSpec } from './options.ts';
import { twoColumns, wrap } from './wrap.ts';

export const PROGRAM = 'claude-code-balancer';

const COLUMNS = 100;

const PLACES =
  'The first that exists of the file of --config, ./providers.yaml, ./config.yaml and ' +
  '$XDG_CONFIG_HOME/claude-code-balancer/providers.yaml; else the official API with the client’s own credentials.';

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['PORT, HOST', 'where start listens; they go before the configuration, --port and --host before them'],
  ['ANTHROPIC_BASE_URL', 'where status and the like look for the balancer, if it is this machine'],
  ['CLAUDE_CODE_BALANCER_API_KEY', 'the key with which they and run enter, if it asks for one'],
  ['NO_COLOR', 'no colours'],
];

const EXAMPLES = ['init', 'start', 'run -- claude', 'status', 'help run'];

/** The general help. */
export function generalHelp(): string {
  return lines([
    `${PROGRAM}: a proxy before Claude Code that balances and fails over between providers`,
    '',
    `Usage: ${PROGRAM} [command] [options]`,
    '',
    'Commands',
    ...twoColumns(
      COMMAND_NAMES.map((name) => [signature(name), commandSpec(name).about]),
      COLUMNS,
    ),
    '',
    'Options of every command',
    ...twoColumns(
      [
        [written('help'), 'the help of the command'],
        [written('version'), 'the version'],
      ],
      COLUMNS,
    ),
    '',
    'Configuration',
    ...indented(wrap(PLACES, COLUMNS - 2)),
    '',
    'Environment',
    ...twoColumns(ENVIRONMENT, COLUMNS),
    '',
    'Exit codes',
    ...twoColumns(EXIT_CODES, COLUMNS),
    '',
    'Examples',
    ...indented(EXAMPLES.map((line) => `${PROGRAM} ${line}`)),
    '',
  ]);
}

/** The help of one command. */
export function commandHelp(name: CommandName): string {
  const { about, details, examples } = commandSpec(name);
  return lines([
    `${PROGRAM} ${name}: ${about}`,
    '',
    `Usage: ${usageLine(name)}`,
    ...details.flatMap((text) => ['', ...wrap(text, COLUMNS)]),
    '',
    'Options',
    ...twoColumns(
      optionsOf(name).map(([option, text]) => [written(option), text]),
      COLUMNS,
    ),
    '',
    'Examples',
    ...examples.flatMap(([line, purpose]) => indented([`# ${purpose}`, `${PROGRAM} ${line}`])),
    '',
  ]);
}

/** What a mistaken command line gets, after what is wrong with it. */
export function seeHelp(about: CommandName | undefined): string {
  return `See ${PROGRAM}${about === undefined ? '' : ` ${about}`} --help.`;
}

/** `check [FILE]`, `reset NAME…` */
function signature(name: CommandName): string {
  const { argument } = commandSpec(name);
  if (argument === undefined) return name;
  const words = argument.most === 'one' ? argument.name : `${argument.name}…`;
  return `${name} ${argument.least === 0 ? `[${words}]` : words}`;
}

function usageLine(name: CommandName): string {
  const { argument } = commandSpec(name);
  if (argument?.most === 'command line') {
    return `${PROGRAM} ${name} [options] [--] ${argument.name} [its arguments]`;
  }
  return `${PROGRAM} ${signature(name)} [options]`;
}

/** `-c, --config FILE` */
function written(name: OptionName): string {
  const { short, value } = optionSpec(name);
  const letter = short === undefined ? '    ' : `-${short}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function indented(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `  ${text}`);
}

function lines(texts: readonly string[]): string {
  return texts.join('\n');
}
