import { describe, expect, it } from 'vitest';
import { type CommandLine, readCommandLine } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES, type CommandName, commandSpec, optionsOf } from '../../src/cli/commands.ts';
import { commandHelp, generalHelp } from '../../src/cli/help.ts';
import { OPTION_NAMES, optionSpec } from '../../src/cli/options.ts';

const read = (line: string): CommandLine => readCommandLine(wordsOf(line));

/** Words as a shell splits them, double quotes included. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe('a command line', () => {
  it.each<[string, string, object, string[]?]>([
    ['', 'start', {}],
    ['start', 'start', {}],
    ['--port 8080', 'start', { port: 8080 }],
    ['start --config a.yaml --port 0 --host ::1', 'start', { config: 'a.yaml', port: 0, host: '::1' }],
    ['start -c a.yaml -p 65535', 'start', { config: 'a.yaml', port: 65_535 }],
    ['--port=8080 --config=a.yaml start', 'start', { config: 'a.yaml', port: 8080 }],
    ['--port 1 --port 2', 'start', { port: 2 }],
    ['demo --port 0', 'demo', { port: 0 }],
    ['check', 'check', {}],
    ['check a.yaml', 'check', {}, ['a.yaml']],
    ['check --config a.yaml', 'check', {}, ['a.yaml']],
    ['status --json --url 8080', 'status', { json: true, url: '8080' }],
    ['providers 云雾', 'providers', {}, ['云雾']],
    ['reset a "b c"', 'reset', {}, ['a', 'b c']],
    [
      'init --provider name=a --provider name=b -o - -y',
      'init',
      { provider: ['name=a', 'name=b'], output: '-', yes: true },
    ],
    ['completion zsh', 'completion', {}, ['zsh']],
    ['help', 'help', {}],
    ['help run', 'help', {}, ['run']],
    ['--help', 'help', {}],
    ['start -h', 'help', {}, ['start']],
    ['--version', 'version', {}],
    ['-v', 'version', {}],
    ['version', 'version', {}],
  ])('`%s` is understood', (line, command, options, words = []) => {
    expect(read(line)).toEqual({ command, options, words });
  });

  it.each<[string, object, string[]]>([
    ['run -- claude -p hi --port 1', {}, ['claude', '-p', 'hi', '--port', '1']],
    ['run claude -p hi --help', {}, ['claude', '-p', 'hi', '--help']],
    ['run --config a.yaml claude -c', { config: 'a.yaml' }, ['claude', '-c']],
    ['run --config a.yaml -- claude -- x', { config: 'a.yaml' }, ['claude', '--', 'x']],
    ['--url 8080 run claude -config', { url: '8080' }, ['claude', '-config']],
  ])('`%s` leaves the program its own words', (line, options, words) => {
    expect(read(line)).toEqual({ command: 'run', options, words });
  });

  it.each<[string, object]>([
    ['--env production --port 1', { env: 'production', port: 1 }],
    ['--config a.yaml --host 0.0.0.0 --port 9090', { config: 'a.yaml', host: '0.0.0.0', port: 9090 }],
    ['-config a.yaml', { config: 'a.yaml' }],
    ['-config=a.yaml', { config: 'a.yaml' }],
  ])('`%s`, as older versions had it, still starts', (line, options) => {
    expect(read(line)).toEqual({ command: 'start', options, words: [] });
  });

  it.each([
    ['strat', 'There is no command "strat". Did you mean start?'],
    ['statsu --json', 'There is no command "statsu". Did you mean status?'],
    ['strat --help', 'There is no command "strat". Did you mean start?'],
    ['help rnu', 'There is no command "rnu". Did you mean run?'],
    ['frobnicate', 'There is no command "frobnicate".'],
    ['start a.yaml', 'start takes no argument "a.yaml".'],
    ['check a.yaml b.yaml', 'check takes one FILE.'],
    ['check a.yaml --config b.yaml', 'check takes one FILE.'],
    ['reset', 'reset needs a NAME.'],
    ['run', 'run needs a PROGRAM.'],
    ['run -- -p hi', 'run needs a PROGRAM before "-p".'],
    ['completion tcsh', 'completion knows no SHELL "tcsh"; there are bash, zsh, fish.'],
    ['demo --config a.yaml', /^demo has no option --config; it belongs to start, run, /],
    [
      'start --json',
      'start has no option --json; it belongs to status, providers, reload, cool, reset, forget, disable, enable.',
    ],
    ['--prot 1', 'There is no option --prot. Did you mean --port?'],
    ['status --josn', 'There is no option --josn. Did you mean --json?'],
    ['-x', 'There is no option -x.'],
    ['--port', '--port needs a value.'],
    ['--config=', '--config needs a value.'],
    ['--port --host localhost', '--port needs a value.'],
    ['status --json=1', '--json takes no value.'],
    ['--port 65536', '--port takes a number from 0 to 65535, not "65536".'],
    ['--port 0x10', '--port takes a number from 0 to 65535, not "0x10".'],
    ['demo --port 1.5', '--port takes a number from 0 to 65535, not "1.5".'],
  ])('`%s` is refused with what is wrong', (line, message) => {
    expect(read(line)).toMatchObject({
      command: 'usage',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});

describe('the general help', () => {
  it('names every command with what it does', () => {
    for (const name of COMMAND_NAMES) {
      expect(generalHelp()).toMatch(new RegExp(`^ {2}${name}[ …]`, 'm'));
    }
    expect(generalHelp()).toContain('Exit codes');
  });
});

describe.each(COMMAND_NAMES)('the help of %s', (name: CommandName) => {
  const text = commandHelp(name);

  it('names each of its options with its letter and its value, and no other', () => {
    const shown = [...text.matchAll(/^ {2}(?:-(\w), | {4})--([a-z]+)(?: ([A-Z]+))?/gm)];
    expect(shown.map(([, short, option, value]) => ({ option, short, value }))).toEqual(
      optionsOf(name).map(([option]) => {
        const { short, value } = optionSpec(option);
        return { option, short, value };
      }),
    );
  });

  it('has examples that are understood', () => {
    const { examples } = commandSpec(name);
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) {
      expect(text).toContain(`claude-code-balancer ${line}\n`);
      expect(read(line.replace(/ > .*$/, ''))).toMatchObject({ command: name });
    }
  });

  it('fits a terminal of 120 columns', () => {
    expect(
      text.split('\n').filter((line) => line.length > 120 && !line.includes('--provider name=')),
    ).toEqual([]);
  });
});

describe('the table of options', () => {
  it('gives each letter to one option, and each option to a command', () => {
    const letters = OPTION_NAMES.flatMap((name) => optionSpec(name).short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
    const used = new Set(COMMAND_NAMES.flatMap((name) => optionsOf(name).map(([option]) => option)));
    expect(OPTION_NAMES.filter((name) => !used.has(name))).toEqual([]);
  });
});
