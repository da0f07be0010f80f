import { describe, expect, it } from 'vitest';
import { type CommandLine, readCommandLine } from '../../src/cli/arguments.ts';
import { HELP } from '../../src/cli/help.ts';

const read = (line: string): CommandLine => readCommandLine(line.split(' ').filter((word) => word !== ''));

describe('a command line', () => {
  it.each<[string, CommandLine]>([
    ['', { command: 'start', options: {} }],
    ['start', { command: 'start', options: {} }],
    ['--port 8080', { command: 'start', options: { port: 8080 } }],
    [
      'start --config a.yaml --port 0 --host ::1',
      { command: 'start', options: { config: 'a.yaml', port: 0, host: '::1' } },
    ],
    ['start -c a.yaml -p 65535', { command: 'start', options: { config: 'a.yaml', port: 65_535 } }],
    ['--port=8080 --config=a.yaml start', { command: 'start', options: { config: 'a.yaml', port: 8080 } }],
    ['--port 1 --port 2', { command: 'start', options: { port: 2 } }],
    ['demo --port 0', { command: 'demo', options: { port: 0 } }],
    ['check', { command: 'check', file: undefined }],
    ['check a.yaml', { command: 'check', file: 'a.yaml' }],
    ['check --config a.yaml', { command: 'check', file: 'a.yaml' }],
    ['help', { command: 'help' }],
    ['--help', { command: 'help' }],
    ['start -h', { command: 'help' }],
    ['--version', { command: 'version' }],
    ['-v', { command: 'version' }],
  ])('`%s` is understood', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each<[string, CommandLine]>([
    ['--env production --port 1', { command: 'start', options: { port: 1 } }],
    ['-config a.yaml', { command: 'start', options: { config: 'a.yaml' } }],
    ['-config=a.yaml', { command: 'start', options: { config: 'a.yaml' } }],
  ])('`%s`, as older versions had it, still starts', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each([
    ['strat', 'There is no command "strat". Did you mean start?'],
    ['frobnicate', 'There is no command "frobnicate".'],
    ['start a.yaml', 'start takes no argument "a.yaml".'],
    ['check a.yaml b.yaml', 'check takes one file.'],
    ['check a.yaml --config b.yaml', 'check takes one file.'],
    ['demo --config a.yaml', 'demo brings its own configuration; --config belongs to start.'],
    ['--prot 1', 'There is no option --prot. Did you mean --port?'],
    ['-x', 'There is no option -x.'],
    ['--port', '--port needs a value.'],
    ['--config=', '--config needs a value.'],
    ['--port --host localhost', '--port needs a value.'],
    ['--port 65536', '--port takes a number from 0 to 65535, not "65536".'],
    ['--port 0x10', '--port takes a number from 0 to 65535, not "0x10".'],
    ['demo --port 1.5', '--port takes a number from 0 to 65535, not "1.5".'],
  ])('`%s` is refused with what is wrong', (line, message) => {
    expect(read(line)).toEqual({ command: 'usage', message });
  });
});

describe('the help', () => {
  it.each(['start', 'check', 'demo', 'help'])('names the command %s', (command) => {
    expect(HELP).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  it.each(['-c, --config FILE', '-p, --port N', '--host H', '--env NAME', '-h, --help', '-v, --version'])(
    'names the option %s',
    (option) => {
      expect(HELP).toContain(option);
    },
  );

  it('names no option that is refused', () => {
    const options = [...HELP.matchAll(/(?<=\s)--?[a-z]+/g)].map(([option]) => option);
    expect(options.length).toBeGreaterThan(8);
    const refused = options.filter((option) => {
      const line = read(`${option}=x`);
      return line.command === 'usage' && line.message.startsWith('There is no option');
    });
    expect(refused).toEqual([]);
  });

  it('fits a terminal of 120 columns', () => {
    expect(HELP.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
