import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/commands.ts';
import { runHere } from './in-process.ts';
import { createWorkplace, type Workplace } from './support.ts';

let workplace: Workplace;
let cwd: string;

beforeEach(async () => {
  workplace = createWorkplace();
  cwd = await workplace.folder();
});
afterEach(() => workplace.close());

const scriptFor = async (shell: string): Promise<string> =>
  (await runHere({ args: ['completion', shell], cwd })).stdout;

const SHELLS = [
  ['bash', ['-n']],
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
] as const;

describe.each(SHELLS)('the completion of %s', (shell, flags) => {
  const there = spawnSync(shell, ['--version']).status === 0;

  it.skipIf(!there)(
    `is a script that ${shell} accepts${there ? '' : ` (${shell} is not installed)`}`,
    async () => {
      const file = join(cwd, 'script');
      await writeFile(file, await scriptFor(shell));
      const { status, stderr } = spawnSync(shell, [...flags, file], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );

  it('names every command', async () => {
    const script = await scriptFor(shell);
    for (const name of COMMAND_NAMES) expect(script).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

/** What bash offers for a line whose last word is being typed. */
async function offered(line: string, path = '/usr/bin:/bin'): Promise<string[]> {
  const words = line.split(' ');
  const array = words.map((word) => `"${word}"`).join(' ');
  const driver = `${await scriptFor('bash')}
COMP_WORDS=(${array})
COMP_CWORD=${words.length - 1}
_claude_code_balancer
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', driver], {
    cwd,
    encoding: 'utf8',
    env: { PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash offers', () => {
  it.each([
    ['claude-code-balancer st', ['start', 'status']],
    ['claude-code-balancer help mi', COMMAND_NAMES.filter((name) => name.startsWith('mi'))],
    ['claude-code-balancer status --', ['--url', '--config', '--json', '--help', '--version']],
    ['claude-code-balancer status --j', ['--json']],
    ['claude-code-balancer completion ', ['bash', 'zsh', 'fish']],
    ['claude-code-balancer --po', ['--port']],
    ['claude-code-balancer start --port ', []],
    ['claude-code-balancer reload ', []],
  ])('after `%s` %j', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it.each(['check ', 'start --config ', 'start --config = '])('files after `%s`', async (line) => {
    await writeFile(join(cwd, 'mine.yaml'), '');
    expect(await offered(`claude-code-balancer ${line}mi`)).toEqual(['mine.yaml']);
  });

  it('programs after run, and the names of the running balancer’s providers', async () => {
    const bin = join(cwd, 'bin');
    await mkdir(bin);
    const document = JSON.stringify(
      [
        { name: 'a', id: 'a' },
        { name: 'b c', id: 'b c' },
      ],
      null,
      2,
    );
    await writeFile(join(bin, 'claude-code-balancer'), `#!/bin/sh\ncat <<'END'\n${document}\nEND\n`, {
      mode: 0o755,
    });
    const path = `${bin}:/usr/bin:/bin`;
    expect(await offered('claude-code-balancer run claude-code-b', path)).toContain('claude-code-balancer');
    expect(await offered('claude-code-balancer reset ', path)).toEqual(['a', 'b\\ c']);
    expect(await offered('claude-code-balancer reset a b', path)).toEqual(['b\\ c']);
  });
});
