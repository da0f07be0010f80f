import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/parse.ts';
import { type Result, runHere } from './in-process.ts';
import { createWorkplace, NO_TERMINAL, type Running, type Workplace } from './support.ts';

let workplace: Workplace;
let cwd: string;

beforeEach(async () => {
  workplace = createWorkplace();
  cwd = await workplace.folder();
});
afterEach(() => workplace.close());

const init = (...args: string[]): Promise<Result> => runHere({ args: ['init', ...args], cwd });
const written = (name = 'providers.yaml'): Promise<string> => readFile(join(cwd, name), 'utf8');
const check = (env: Readonly<Record<string, string>>): Promise<Result> =>
  runHere({ args: ['check'], cwd, env });

/** The configuration that a file's text stands for. */
function configurationOf(text: string, env: Readonly<Record<string, string>> = {}) {
  const result = parseConfiguration(text, { env });
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.configuration;
}

describe('init --yes', () => {
  it('writes the official API with its key in ANTHROPIC_API_KEY, and says what to do next', async () => {
    const { code, stdout, stderr } = await init('--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Written: ${join(cwd, 'providers.yaml')}`);
    expect(stdout).toContain('export ANTHROPIC_API_KEY=…');
    const { providers, settings } = configurationOf(await written(), { ANTHROPIC_API_KEY: 'key-1234' });
    expect(providers).toMatchObject([
      {
        name: 'Anthropic',
        baseUrl: 'https://api.anthropic.com',
        credential: { kind: 'api_key', value: 'key-1234' },
      },
    ]);
    expect(settings.port).toBe(9090);
  });

  it('writes a file that check finds nothing wrong with, once the variable is set', async () => {
    await init('--yes');
    const { code, stdout } = await check({ ANTHROPIC_API_KEY: 'key-1234' });
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/error|warning/);
  });

  it('writes a file that only its owner reads', async () => {
    await init('--yes');
    expect((await stat(join(cwd, 'providers.yaml'))).mode & 0o077).toBe(0);
  });

  it('overwrites no file: 1; with --force it does', async () => {
    await writeFile(join(cwd, 'providers.yaml'), 'mine');
    const { code, stderr } = await init('--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('is there already, and stays as it is. To overwrite it: --force.');
    expect(await written()).toBe('mine');
    expect((await init('--yes', '--force')).code).toBe(0);
    expect(await written()).toContain('providers:');
  });
});

describe('init --provider', () => {
  it('writes providers in order, with their own way of signing in', async () => {
    const { code } = await init(
      '--provider',
      'name=云雾,url=https://yun.example/v1/,auth=auth_token,key-env=YUN_TOKEN',
      '--provider',
      'name=Mine,auth=passthrough',
      '--port',
      '8080',
      '--output',
      'mine.yaml',
    );
    expect(code).toBe(0);
    const { providers, settings } = configurationOf(await written('mine.yaml'), { YUN_TOKEN: 'token-1234' });
    expect(providers).toMatchObject([
      {
        name: '云雾',
        baseUrl: 'https://yun.example',
        credential: { kind: 'auth_token', value: 'token-1234' },
      },
      { name: 'Mine', baseUrl: 'https://api.anthropic.com', credential: { kind: 'passthrough' } },
    ]);
    expect(settings.port).toBe(8080);
  });

  it('names the variable after the provider where none is given', async () => {
    await init('--provider', 'name=My Reseller,url=reseller.example,auth=auth_token');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own way of writing.
    expect(await written()).toContain('auth_value: "${MY_RESELLER_TOKEN}"');
    expect(await written()).toContain('base_url: "https://reseller.example"');
  });

  it('writes a key itself only where key= says so, whatever is in it', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own way of writing.
    const key = 'a"b\\c${HOME},d';
    await init('--provider', `name=a "b" \${X},key=${key}`);
    const [provider] = configurationOf(await written()).providers;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own way of writing.
    expect(provider).toMatchObject({ name: 'a "b" ${X}', credential: { kind: 'api_key', value: key } });
  });

  it('writes to standard output with --output -', async () => {
    const { code, stdout } = await init('--provider', 'name=a,url=https://a.example', '-o', '-');
    expect(code).toBe(0);
    expect(configurationOf(stdout, { A_API_KEY: 'key-1234' }).providers).toHaveLength(1);
  });

  it.each([
    ['url=https://a.example', '--provider needs a name'],
    ['name=a,ulr=https://a.example', '--provider does not know "ulr". Did you mean url?'],
    ['name=a,auth=token', 'auth of --provider is one of api_key, auth_token, passthrough, not "token".'],
    ['name=a,type=zed', 'type of --provider is one of anthropic, openai, not "zed".'],
    ['name=a,url=ftp://a.example', 'url of --provider: its base_url is not an address'],
    ['name=a,key-env=sk-ant-secret', 'key-env of --provider takes the name of an environment variable'],
    ['sk-ant-secret', '--provider takes facts as name=…'],
  ])('%s is a wrong command line', async (facts, message) => {
    const { code, stderr } = await init('--provider', facts);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('sk-ant-secret');
  });

  it('twice with the same name writes nothing: the check would refuse it', async () => {
    const { code, stderr } = await init('--provider', 'name=a', '--provider', 'name=a');
    expect(code).toBe(1);
    expect(stderr).toContain('a second provider "a"');
    await expect(written()).rejects.toThrow('ENOENT');
  });
});

describe('init without a terminal', () => {
  it('has nobody to ask, and says so: 2', async () => {
    const { code, stderr } = await init();
    expect(code).toBe(2);
    expect(stderr).toContain('init asks its questions on a terminal; elsewhere give --provider …, or --yes.');
  });
});

describe.skipIf(NO_TERMINAL !== undefined)(
  `init on a terminal${NO_TERMINAL ? ` (${NO_TERMINAL})` : ''}`,
  () => {
    const launch = (...args: string[]): Running =>
      workplace.launch(['init', ...args], { cwd, terminal: true });

    /** Waits for each question and answers it. */
    async function answer(running: Running, dialogue: readonly (readonly [RegExp, string])[]): Promise<void> {
      let seen = 0;
      for (const [question, keys] of dialogue) {
        const pattern = new RegExp(question.source, 'g');
        await running.printed(
          // A question that was asked before stands above: only what is new counts.
          Object.assign(pattern, {
            exec: (text: string) => {
              pattern.lastIndex = seen;
              const found = RegExp.prototype.exec.call(pattern, text);
              if (found !== null) seen = pattern.lastIndex;
              return found;
            },
          }),
        );
        running.type(`${keys}\r`);
      }
    }

    it('asks until it has what it needs, and writes a file that check accepts', async () => {
      const running = launch();
      await answer(running, [
        [/Its name \[Anthropic\]: /, ''],
        [/Its address \[https:\/\/api\.anthropic\.com\]: /, ''],
        [/1, 2 or 3 \[1\]: /, '4'],
        [/Answer 1, 2 or 3\.[\s\S]*1, 2 or 3 \[1\]: /, ''],
        [/holds its key \[ANTHROPIC_API_KEY\]: /, ''],
        [/Another provider\? \[y\/N\]: /, 'y'],
        [/Its name: /, 'Anthropic'],
        [/That name is taken\.[\s\S]*Its name: /, '云雾'],
        [/Its address: /, 'ftp://yun.example'],
        [/must begin with[\s\S]*Its address: /, 'yun.example/v1'],
        [/1, 2 or 3 \[1\]: /, '2'],
        [/holds its key \[PROVIDER_TOKEN\]: /, 'sk-its-key'],
        [/Is it the key itself\?[\s\S]*\[y\/N\]: /, 'n'],
        [/holds its key \[PROVIDER_TOKEN\]: /, 'YUN_TOKEN'],
        [/Another provider\? \[y\/N\]: /, ''],
        [/The port to listen at \[9090\]: /, '0'],
        [/A number from 1 to 65535\.[\s\S]*\[9090\]: /, '8080'],
      ]);
      await running.printed(/Written: .*providers\.yaml/);
      expect(await running.exit).toBe(0);
      const env = { ANTHROPIC_API_KEY: 'key-1234', YUN_TOKEN: 'token-1234' };
      const { providers, settings } = configurationOf(await written(), env);
      expect(providers).toMatchObject([
        { name: 'Anthropic', credential: { kind: 'api_key', value: 'key-1234' } },
        {
          name: '云雾',
          baseUrl: 'https://yun.example',
          credential: { kind: 'auth_token', value: 'token-1234' },
        },
      ]);
      expect(settings.port).toBe(8080);
      expect((await check(env)).code).toBe(0);
    });

    it('asks before it overwrites: no is 1, and the file stays', async () => {
      await writeFile(join(cwd, 'providers.yaml'), 'mine');
      const running = launch();
      await answer(running, [[/is there already\. Overwrite it\? \[y\/N\]: /, '']]);
      expect(await running.exit).toBe(1);
      expect(await written()).toBe('mine');
    });

    it('asks only that where the providers are given: yes overwrites', async () => {
      await writeFile(join(cwd, 'providers.yaml'), 'mine');
      const running = launch('--provider', 'name=a,url=https://a.example');
      await answer(running, [[/is there already\. Overwrite it\? \[y\/N\]: /, 'y']]);
      expect(await running.exit).toBe(0);
      expect(await written()).toContain('name: "a"');
    });

    it.each([
      ['Ctrl-C', '\u0003'],
      ['Ctrl-D', '\u0004'],
    ])('ends at %s with 130, and nothing is written', async (_, key) => {
      const running = launch();
      await running.printed(/Its name \[Anthropic\]: /);
      running.type(key);
      expect(await running.exit).toBe(130);
      expect(running.stdout()).toContain('Nothing was written.');
      await expect(written()).rejects.toThrow('ENOENT');
    });
  },
);
