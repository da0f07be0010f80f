import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './support.ts';

const GOOD = `
providers:
  - name: a
    base_url: https://a.example
    auth_value: key-of-a-1234
  - name: b
    base_url: https://b.example
    auth_value: key-of-b-1234
model_routes:
  "*opus*":
    - provider: a
`;
const UNKNOWN_KEY = `${GOOD}settings:\n  failure_cooldwon: 5\n`;
const WRONG = `
providers:
  - name: a
    base_url: https://a.example/v1
    auth_value: \${NOT_SET}
  - name: b
    base_url: https://b.example
    auth_value: secret-of-b-1234
settings:
  selection_strategy: fastest
`;

let workplace: Workplace;

beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.close());

async function check(files: Readonly<Record<string, string>>, ...args: string[]) {
  const cwd = await workplace.folder(files);
  return { cwd, ...(await workplace.run(['check', ...args], { cwd })) };
}

describe('check', () => {
  it('ends with 0 and says what it found in a good file', async () => {
    const { cwd, ...result } = await check({ 'good.yaml': GOOD }, 'good.yaml');
    expect(result).toEqual({
      code: 0,
      stdout:
        `${join(cwd, 'good.yaml')}: ok (2 providers, 1 route), in today’s form\n` +
        '  a           anthropic, https://a.example, api_key\n' +
        '  b           anthropic, https://b.example, api_key\n' +
        '  *opus*      → a\n' +
        '  chosen by   priority; 2 failures let a provider rest for 60 s\n' +
        '  listens at  127.0.0.1, port 9090\n',
      stderr: '',
    });
  });

  it('finds the file in the usual places', async () => {
    const { cwd, code, stdout } = await check({ 'providers.yaml': GOOD, 'config.yaml': WRONG });
    expect(code).toBe(0);
    expect(stdout).toContain(`${join(cwd, 'providers.yaml')}: ok (2 providers, 1 route), `);
  });

  it('ends with 0 where there are only warnings, and tells them with their place', async () => {
    const { cwd, code, stdout } = await check({ 'a.yaml': UNKNOWN_KEY }, 'a.yaml');
    const file = join(cwd, 'a.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${file}:13:3: warning: settings.failure_cooldwon: this key is not known; it is ignored\n` +
        '    Did you mean `failure_cooldown`?\n' +
        `${file}: ok (2 providers, 1 route, 1 warning), in today’s form\n`,
    );
  });

  it.each([
    ['0.3.0.yaml', 'balancer 0.3.0'],
    ['0.1.7.yaml', 'balancer 0.1.7'],
    ['aiproxy.yaml', 'aiproxy'],
  ])('names the older form of %s, and what was read from it', async (fixture, form) => {
    const text = await readFile(new URL(`../fixtures/config/${fixture}`, import.meta.url), 'utf8');
    const { cwd, stdout } = await check({ 'config.yaml': text }, 'config.yaml');
    const [, rest = ''] = stdout.split(`\n${join(cwd, 'config.yaml')}: `);
    expect(rest).toMatch(/^ok \(\d+ providers, /);
    expect(rest).toContain(`, in the form of ${form}\n`);
    expect(rest.match(/ (?:anthropic|openai), https?:/g)?.length).toBeGreaterThan(0);
  });

  it('says what a file of aiproxy asks for: weights, models, streams, and when an upstream is out', async () => {
    const text = await readFile(new URL('../fixtures/config/aiproxy.yaml', import.meta.url), 'utf8');
    const { stdout } = await check({ 'config.yaml': text }, 'config.yaml');
    const lines = stdout.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
    expect(lines).toEqual(
      expect.arrayContaining([
        'strong anthropic, https://strong.example, api_key, weight 10, 1 model mapped, 2 models only',
        'nameless.example:8443 anthropic, https://nameless.example:8443/api, api_key, weight 1, must stream',
        'chosen by weighted_round_robin; 3 failures let a provider rest for 1800 s',
      ]),
    );
  });

  it('ends with 1 on errors, tells all of them at once and their number, and shows no secret', async () => {
    const { cwd, code, stdout, stderr } = await check({ 'a.yaml': WRONG }, 'a.yaml');
    const file = join(cwd, 'a.yaml');
    expect(code).toBe(1);
    expect(stdout.split('\n').filter((line) => line.includes(': error: '))).toEqual([
      `${file}:4:15: error: providers[0].base_url: the balancer adds /v1 itself; "/v1" at the end is cut`,
      `${file}:5:17: error: providers[0].auth_value: this provider is not used: the environment variable NOT_SET is not set`,
      expect.stringContaining(`${file}:10:23: error: settings.selection_strategy: this value does not fit`),
    ]);
    expect(stdout).toContain(`\n${file}: not ok (3 errors), in today’s form\n`);
    expect(stdout + stderr).not.toContain('secret-of-b');
  });

  it('ends with 1 where the file is not there', async () => {
    const { cwd, code, stdout } = await check({}, 'none.yaml');
    const file = join(cwd, 'none.yaml');
    expect(code).toBe(1);
    expect(stdout).toBe(
      `${file}: error: the configuration cannot be read: there is no such file\n${file}: not ok (1 error)\n`,
    );
  });

  it('ends with 0 without any file: the built-in default is good', async () => {
    const { code, stdout } = await check({});
    expect(code).toBe(0);
    expect(stdout).toContain('note: no configuration file');
    expect(stdout).toContain('\nthe built-in default: ok (1 provider, 0 routes)\n');
    expect(stdout).toContain('anthropic, https://api.anthropic.com, passthrough');
  });
});

describe('the command', () => {
  it.each([
    [['--help'], 0, /^Usage: claude-code-balancer/m, /^$/],
    [['reset', '--help'], 0, /^Usage: claude-code-balancer reset NAME/m, /^$/],
    [['help', 'run'], 0, /^Usage: claude-code-balancer run /m, /^$/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    [['--prot', '1'], 2, /^$/, /^There is no option --prot\. Did you mean --port\?\nSee .*--help\.\n$/],
  ])('%j ends with %i', async (args, code, stdout, stderr) => {
    const result = await workplace.run(args, { cwd: await workplace.folder() });
    expect(result).toEqual({
      code,
      stdout: expect.stringMatching(stdout),
      stderr: expect.stringMatching(stderr),
    });
  });
});
