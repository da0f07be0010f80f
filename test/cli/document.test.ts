import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES, commandSpec } from '../../src/cli/commands.ts';
import { EXIT, EXIT_CODES } from '../../src/cli/exit-codes.ts';

const DOCUMENT = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
/** The sections of the commands by their titles: `reset, disable, enable`. */
const SECTIONS = [...DOCUMENT.matchAll(/^### (.+)\n([\s\S]*?)(?=^##)/gm)].map(
  ([, title = '', text = '']) => ({
    names: title.split(', '),
    text,
  }),
);

describe('docs/cli.md', () => {
  it('has a section for each command and for no other', () => {
    expect(SECTIONS.flatMap(({ names }) => names).sort()).toEqual([...COMMAND_NAMES].sort());
  });

  it.each(COMMAND_NAMES)('names every option of %s', (name) => {
    const section = SECTIONS.find(({ names }) => names.includes(name));
    const missing = Object.keys(commandSpec(name).options).filter(
      (option) => option !== commandSpec(name).argument?.alsoAs && !section?.text.includes(`--${option}`),
    );
    expect(missing).toEqual([]);
  });

  it('shows no command line that is refused', () => {
    const lines = [
      ...DOCUMENT.matchAll(/^claude-code-balancer (\w.*)$|`claude-code-balancer ([\w ./>-]+)`/gm),
    ]
      .map(([, block, inline]) => (block ?? inline ?? '').replace(/ > .*$/, ''))
      // `help` instead of a placeholder for any command.
      .map((line) => line.replace(/\bCOMMAND\b/, 'help'));
    expect(lines.length).toBeGreaterThan(15);
    const refused = lines.filter((line) => readCommandLine(line.split(' ')).command === 'usage');
    expect(refused).toEqual([]);
  });

  it('tells the exit codes as the help does', () => {
    const section = DOCUMENT.split('## Exit codes')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (\d[\d, ]*) \| (.+) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(rows).toEqual(EXIT_CODES.map((row) => [...row]));
  });
});

describe('the exit codes', () => {
  it('are all told', () => {
    const told = EXIT_CODES.flatMap(([codes]) => codes.split(', ').map(Number));
    expect(told.sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });
});
