import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Result, runHere } from './in-process.ts';
import { createWorkplace, type Workplace } from './support.ts';

let workplace: Workplace;
let cwd: string;

beforeEach(async () => {
  workplace = createWorkplace();
  const old = await readFile(new URL('../fixtures/config/0.3.0.yaml', import.meta.url), 'utf8');
  cwd = await workplace.folder({ 'config.yaml': old });
});
afterEach(() => workplace.close());

const run = (...args: string[]): Promise<Result> => runHere({ args, cwd });

describe('migrate', () => {
  it('prints the file in today’s form, says what it was, and leaves it alone', async () => {
    const before = await readFile(join(cwd, 'config.yaml'), 'utf8');
    const { code, stdout, stderr } = await run('migrate', 'config.yaml');
    expect(code).toBe(0);
    expect(stderr).toContain('It was a file of balancer 0.3.0.\n');
    expect(stderr).not.toContain('calls these warnings errors');
    expect(stdout).toContain('model_routes:');
    expect(await readFile(join(cwd, 'config.yaml'), 'utf8')).toBe(before);

    await writeFile(join(cwd, 'new.yaml'), stdout);
    const checked = await run('check', 'new.yaml');
    expect(checked.stdout).toContain(', in today’s form\n');
    const again = await run('migrate', 'new.yaml');
    expect(again.stdout).toBe(stdout);
    expect(again.stderr).toContain('It has today’s form already.\n');
  });

  it('says which warnings of the older file are errors in the new one', async () => {
    const old = await readFile(
      new URL('../fixtures/config/fragment with auth.yaml', import.meta.url),
      'utf8',
    );
    await writeFile(join(cwd, 'old.yaml'), old);
    const { code, stdout, stderr } = await run('migrate', 'old.yaml');
    expect(code).toBe(0);
    expect(stderr.split('\n').slice(-3)).toEqual([
      'It was a file of balancer 0.1.6.',
      'In today’s form check calls these warnings errors: providers[1].name, providers[1].base_url, model_routes["*sonnet*"][0].provider.',
      '',
    ]);
    await writeFile(join(cwd, 'new.yaml'), stdout);
    expect((await run('check', 'old.yaml')).code).toBe(0);
    expect((await run('check', 'new.yaml')).code).toBe(1);
  });

  it('without a file takes the one that start would read', async () => {
    expect((await run('migrate')).stdout).toContain('model_routes:');
  });

  it('writes to --output, for its owner only, and over another file only with --force', async () => {
    expect((await run('migrate', 'config.yaml', '--output', 'new.yaml')).code).toBe(0);
    expect((await stat(join(cwd, 'new.yaml'))).mode & 0o077).toBe(0);
    await writeFile(join(cwd, 'new.yaml'), 'mine');
    const refused = await run('migrate', 'config.yaml', '-o', 'new.yaml');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('is there already, and stays as it is. To overwrite it: --force.');
    expect(await readFile(join(cwd, 'new.yaml'), 'utf8')).toBe('mine');
    expect((await run('migrate', 'config.yaml', '-o', 'new.yaml', '--force')).code).toBe(0);
    expect(await readFile(join(cwd, 'new.yaml'), 'utf8')).toContain('model_routes:');
  });

  it.each([
    ['none.yaml', 'there is no such file'],
    ['broken.yaml', ':1:'],
  ])('prints nothing for %s: 1, and why', async (file, why) => {
    await writeFile(join(cwd, 'broken.yaml'), 'providers: [');
    const { code, stdout, stderr } = await run('migrate', file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(why);
  });
});
