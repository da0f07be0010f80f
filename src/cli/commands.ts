import { COMMON_OPTIONS, type OPTIONS, type OptionName } from './options.ts';

/** Words after a command that are no options. */
export interface ArgumentSpec {
  /** How help names one. */
  readonly name: string;
  readonly least: 0 | 1;
  /** `many`: as many as one likes. `command line`: this word and everything after it belong to another program. */
  readonly most: 'one' | 'many' | 'command line';
  /** What shells offer for it, and what is accepted where it is a list. */
  readonly is: 'file' | 'provider' | 'program' | 'command' | readonly string[];
  /** An option that says the same. */
  readonly alsoAs?: OptionName;
}

export interface CommandSpec {
  /** One line for the list of commands. */
  readonly about: string;
  /** Paragraphs of its own help. */
  readonly details: readonly string[];
  readonly argument?: ArgumentSpec;
  /** Its options, with what each means here. */
  readonly options: Partial<Readonly<Record<OptionName, string>>>;
  /** Command lines without the command's own name in front, with what each is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
}

const FIND = {
  url: 'where the balancer listens: an address, host:port, or a port of this machine',
  config: 'the configuration that says where it listens and which key it asks for',
} as const;
const FIND_DETAILS =
  'The running balancer is looked for at --url; else where --config says; else at ANTHROPIC_BASE_URL if that is this ' +
  'machine; else at the host and port of the configuration that start would read. If it asks for a key, ' +
  'CLAUDE_CODE_BALANCER_API_KEY goes first, then settings.auth.api_key.';
const JSON_OUT = 'print JSON, for scripts';
const NAMES = { name: 'NAME', least: 1, most: 'many', is: 'provider' } as const;
const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * Every command: its help, the checking of its arguments and the completion of shells are made from this table and
 * from nothing else.
 */
export const COMMANDS = {
  start: {
    about: 'serve; this is also what happens without a command',
    details: [
      'Serves until SIGTERM or SIGINT, then lets running requests finish (settings.shutdown_timeout). A second signal ' +
        'ends at once. A changed configuration is taken over while it runs.',
      'HOST and PORT in the environment go before the configuration, --host and --port before them.',
    ],
    options: {
      config: 'the configuration (default: see "Configuration" in the general help)',
      port: 'the port to listen at (default 9090; 0: any free one)',
      host: 'the address to listen at (default 127.0.0.1)',
      env: 'accepted from older versions, changes nothing',
    },
    examples: [
      ['start', 'serve with ./providers.yaml'],
      ['start --config ~/balancer.yaml --port 8080', 'another file, another port'],
    ],
  },
  run: {
    about: 'run a program, usually claude, with its requests going through the balancer',
    details: [
      'Uses the running balancer, or starts one for as long as the program lives (on a free port if the configured one is ' +
        'taken). The program gets ANTHROPIC_BASE_URL, and ANTHROPIC_AUTH_TOKEN instead of your own credentials unless a ' +
        'provider is set to passthrough. Its input, output and exit code are untouched; signals are handed on.',
      'A balancer that it started keeps its log in settings.log_file_path, else in ' +
        '$XDG_STATE_HOME/claude-code-balancer/run.log.',
      'Everything from the program’s name on belongs to the program; -- before it is optional.',
    ],
    argument: { name: 'PROGRAM', least: 1, most: 'command line', is: 'program' },
    options: {
      config: 'the configuration of a balancer that has to be started',
      url: 'use the balancer that runs there, and start none',
    },
    examples: [
      ['run -- claude', 'Claude Code, by the balancer'],
      ['run -- claude -p "Say hello."', 'one question in a script'],
      ['run --config work.yaml -- claude --model opus', 'with the providers of another file'],
    ],
  },
  status: {
    about: 'a table of the running balancer: states, cooldowns, success rates, last errors',
    details: [FIND_DETAILS],
    options: { ...FIND, json: JSON_OUT },
    examples: [
      ['status', 'who is healthy, who cools, and for how long'],
      ['status --url 8080', 'of the balancer at port 8080 of this machine'],
      ['status --json', 'for scripts'],
    ],
  },
  top: {
    about: 'the same live, with the last hour and requests',
    details: [
      'Looks anew every second. q or Ctrl-C ends it; what is no terminal gets it once.',
      FIND_DETAILS,
    ],
    options: { ...FIND },
    examples: [['top', 'watch the providers and what comes in']],
  },
  providers: {
    about: 'the providers of the running balancer in detail',
    details: ['Everything known of each provider, or of the one that is named.', FIND_DETAILS],
    argument: { name: 'NAME', least: 0, most: 'one', is: 'provider' },
    options: { ...FIND, json: JSON_OUT },
    examples: [
      ['providers', 'all of them'],
      ['providers Reseller', 'one of them'],
      ['providers --json', 'for scripts'],
    ],
  },
  reload: {
    about: 'have the running balancer read its configuration again',
    details: [
      'A file with errors changes nothing: they are printed, and the balancer goes on as before.',
      FIND_DETAILS,
    ],
    options: { ...FIND, json: JSON_OUT },
    examples: [['reload', 'after an edit, where settings.reload is off']],
  },
  cool: {
    about: 'have a provider cool from now on',
    details: ['It gets no requests for settings.failure_cooldown; then one trial decides.', FIND_DETAILS],
    argument: NAMES,
    options: { ...FIND, json: JSON_OUT },
    examples: [['cool Reseller', 'it is known to be in trouble']],
  },
  reset: {
    about: 'forget a provider’s failures and cooldowns',
    details: ['The next request may go to it at once.', FIND_DETAILS],
    argument: NAMES,
    options: { ...FIND, json: JSON_OUT },
    examples: [['reset Reseller', 'it is mended, and need not wait']],
  },
  forget: {
    about: 'forget what a provider was found not to know',
    details: [
      'Betas, headers and fields that it refused as unknown go to it again with the next request.',
      FIND_DETAILS,
    ],
    argument: NAMES,
    options: { ...FIND, json: JSON_OUT },
    examples: [['forget Reseller', 'it was updated']],
  },
  disable: {
    about: 'send a provider nothing, until it is enabled again',
    details: ['Running requests finish. The configuration stays as it is.', FIND_DETAILS],
    argument: NAMES,
    options: { ...FIND, json: JSON_OUT },
    examples: [['disable Reseller', 'switched off by hand']],
  },
  enable: {
    about: 'switch on a provider that was disabled by hand',
    details: [FIND_DETAILS],
    argument: NAMES,
    options: { ...FIND, json: JSON_OUT },
    examples: [['enable Reseller', 'it takes part again']],
  },
  init: {
    about: 'write a configuration, by a few questions or from options',
    details: [
      'On a terminal it asks. Keys are not written into the file: it names the environment variables that hold them.',
      'FACTS of --provider are name=…, url=…, key-env=VARIABLE, auth=api_key|auth_token|passthrough and ' +
        'type=anthropic|openai, separated by commas; key=… writes the key itself into the file. What is left out has a ' +
        'default, except the name; --provider may stand more than once, in the order in which they are to be asked.',
      'A file that is there is never overwritten unless you say so: by --force, or by yes to the question.',
    ],
    options: {
      provider: 'a provider, as name=…,url=…,key-env=…',
      port: 'the port to write into the file',
      output: 'the file to write (default providers.yaml; -: standard output)',
      yes: 'ask nothing, and take the default for what no option says',
      force: 'overwrite the file',
    },
    examples: [
      ['init', 'by questions'],
      ['init --yes', 'the official API with the key in ANTHROPIC_API_KEY'],
      [
        'init --provider name=Reseller,url=https://claude.reseller.example,auth=auth_token,key-env=RESELLER_TOKEN',
        'without a question',
      ],
    ],
  },
  check: {
    about: 'read a configuration and say everything that is wrong with it',
    details: [
      'Names the form the file is written in (files of older versions are understood) and what was read. ' +
        'Ends with 1 if there is an error. Credentials are never shown.',
    ],
    argument: { name: 'FILE', least: 0, most: 'one', is: 'file', alsoAs: 'config' },
    options: { config: 'the same as FILE' },
    examples: [
      ['check', 'the file that start would read'],
      ['check config.yaml', 'this one'],
    ],
  },
  migrate: {
    about: 'print a configuration of an older version in today’s form',
    details: [
      'Comments are kept where they can be. The file itself stays as it is; what could not be taken over is told on ' +
        'standard error.',
    ],
    argument: { name: 'FILE', least: 0, most: 'one', is: 'file', alsoAs: 'config' },
    options: {
      config: 'the same as FILE',
      output: 'write to this file instead of standard output',
      force: 'overwrite that file',
    },
    examples: [
      ['migrate config.yaml > providers.yaml', 'look at it, then use it'],
      ['migrate config.yaml --output providers.yaml', 'the same'],
    ],
  },
  replay: {
    about: 'run a request that the inspector exported through the statecharts again',
    details: [
      'In simulated time, with each attempt ending as it did then. Prints every decision with its reasons, and whether they ' +
        'are those that were recorded; ends with 1 if they are not.',
      'With --config: what that configuration would have decided. A provider of which the trace says nothing is taken to ' +
        'have answered.',
    ],
    argument: { name: 'TRACE', least: 1, most: 'one', is: 'file' },
    options: { config: 'another configuration to decide by' },
    examples: [
      ['replay req_1234.trace.json', 'the same once more'],
      ['replay req_1234.trace.json --config other.yaml', 'what another configuration would have done'],
    ],
  },
  demo: {
    about: 'serve before three simulated providers, to watch failover without a key',
    details: ['Nothing leaves this machine.'],
    options: {
      port: 'the port to listen at (default 9090; 0: any free one)',
      host: 'the address to listen at (default 127.0.0.1)',
    },
    examples: [['demo --port 8080', 'then send it the request that it prints']],
  },
  completion: {
    about: 'print a script that lets the shell complete commands and options',
    details: [],
    argument: { name: 'SHELL', least: 1, most: 'one', is: SHELLS },
    options: {},
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/claude-code-balancer', 'bash'],
      ['completion zsh > "$fpath[1]/_claude-code-balancer"', 'zsh'],
      ['completion fish > ~/.config/fish/completions/claude-code-balancer.fish', 'fish'],
    ],
  },
  help: {
    about: 'the general help, or that of a command',
    details: [],
    argument: { name: 'COMMAND', least: 0, most: 'one', is: 'command' },
    options: {},
    examples: [['help run', 'the same as run --help']],
  },
  version: {
    about: 'the version of the balancer',
    details: [],
    options: {},
    examples: [['version', 'the same as --version']],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;
export type Shell = (typeof SHELLS)[number];

/** The value of an option as its command gets it; a switch that is absent is off. */
type OptionValue<Name extends OptionName> = {
  readonly text: string;
  readonly texts: readonly string[];
  readonly port: number;
  readonly switch: true;
}[(typeof OPTIONS)[Name]['kind']];

/** The options of a command, read and checked. */
export type OptionsOf<Name extends CommandName> = {
  readonly [Key in Extract<keyof (typeof COMMANDS)[Name]['options'], OptionName>]?: OptionValue<Key>;
};

export const COMMAND_NAMES: readonly CommandName[] = Object.keys(COMMANDS).filter(isCommand);

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** A command as the table has it, with every field that it may have. */
export function commandSpec(name: CommandName): CommandSpec {
  return COMMANDS[name];
}

/** All options of a command with what each means, the common ones last. */
export function optionsOf(name: CommandName): readonly (readonly [OptionName, string])[] {
  return Object.entries({ ...commandSpec(name).options, ...COMMON_OPTIONS }) as [OptionName, string][];
}

/** The words that an argument may be; undefined: any. */
export function choicesOf({ is }: ArgumentSpec): readonly string[] | undefined {
  if (is === 'command') return COMMAND_NAMES;
  return typeof is === 'string' ? undefined : is;
}
