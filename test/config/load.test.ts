import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatDiagnostics } from '../../src/config/format.ts';
import { type LoadOptions, loadConfiguration } from '../../src/config/load.ts';
import { GOOD_PROVIDER } from './support.ts';

let root: string;
let options: LoadOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'balancer-config-'));
  await Promise.all([mkdir(join(root, 'cwd')), mkdir(join(root, 'home')), mkdir(join(root, 'xdg'))]);
  options = { cwd: join(root, 'cwd'), home: join(root, 'home'), env: {} };
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, content: string | Buffer = GOOD_PROVIDER): Promise<string> {
  const file = join(root, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** The file that was read, or what was said instead. */
async function outcome(overrides: Partial<LoadOptions> = {}): Promise<string | undefined> {
  const result = await loadConfiguration({ ...options, ...overrides });
  return result.ok ? result.configuration.file : formatDiagnostics(result.diagnostics).replaceAll(root, '');
}

describe('where a configuration is looked for', () => {
  test('goes from the working folder to the user’s', async () => {
    const home = await put('home/.config/claude-code-balancer/providers.yaml');
    expect(await outcome()).toBe(home);
    const config = await put('cwd/config.yaml');
    expect(await outcome()).toBe(config);
    const providers = await put('cwd/providers.yaml');
    expect(await outcome()).toBe(providers);
    const named = await put('cwd/sub/named.yaml');
    expect(await outcome({ path: 'sub/named.yaml' })).toBe(named);
    expect(await outcome({ path: named })).toBe(named);
  });

  test('follows XDG_CONFIG_HOME, if it is absolute', async () => {
    const home = await put('home/.config/claude-code-balancer/providers.yaml');
    const xdg = await put('xdg/claude-code-balancer/providers.yaml');
    expect(await outcome({ env: { XDG_CONFIG_HOME: join(root, 'xdg') } })).toBe(xdg);
    expect(await outcome({ env: { XDG_CONFIG_HOME: 'xdg' } })).toBe(home);
  });

  test('ends with the official API and the client’s credentials', async () => {
    const result = await loadConfiguration(options);
    expect(formatDiagnostics(result.diagnostics)).toBe(
      'note: no configuration file: requests go to https://api.anthropic.com with the client’s own credentials\n' +
        '    To add providers: claude-code-balancer init',
    );
    expect(result).toMatchObject({
      ok: true,
      configuration: {
        providers: [
          { id: 'anthropic', baseUrl: 'https://api.anthropic.com', credential: { kind: 'passthrough' } },
        ],
        routes: [],
      },
    });
    expect('configuration' in result && result.configuration.file).toBeUndefined();
  });

  test('stops at the first file, though it is broken', async () => {
    await put('cwd/config.yaml');
    await put('cwd/providers.yaml', 'providers: []\n');
    expect(await outcome()).toMatch(
      /^\/cwd\/providers\.yaml:1:12: error: providers: no providers are configured/,
    );
  });
});

describe('a file that cannot be used is an error', () => {
  test('if --config names none', async () => {
    expect(await outcome({ path: 'none.yaml' })).toBe(
      '/cwd/none.yaml: error: the configuration cannot be read: there is no such file',
    );
  });

  test('if it is a folder', async () => {
    await mkdir(join(root, 'cwd/providers.yaml'));
    expect(await outcome()).toBe(
      '/cwd/providers.yaml: error: the configuration cannot be read: this is a folder',
    );
  });

  test('if it is a link to itself', async () => {
    await symlink(join(root, 'cwd/providers.yaml'), join(root, 'cwd/providers.yaml'));
    expect(await outcome()).toBe('/cwd/providers.yaml: error: the configuration cannot be read: ELOOP');
  });

  test('if it is larger than any configuration', async () => {
    await put('cwd/providers.yaml', `${GOOD_PROVIDER}#${'x'.repeat(1024 * 1024)}`);
    expect(await outcome()).toBe('/cwd/providers.yaml: error: larger than 1024 KB');
  });

  test('if it is no text', async () => {
    await put('cwd/providers.yaml', Buffer.from([0x70, 0xff, 0x00]));
    expect(await outcome()).toBe('/cwd/providers.yaml: error: this is not UTF-8 text\n    Save it as UTF-8.');
  });
});

test('UTF-16 with its mark is read', async () => {
  const file = await put('cwd/providers.yaml', Buffer.from(`\uFEFF${GOOD_PROVIDER}`, 'utf16le'));
  expect(await outcome()).toBe(file);
});

test('an empty file has no providers', async () => {
  await put('cwd/providers.yaml', '');
  expect(await outcome()).toMatch(/^\/cwd\/providers\.yaml: error: providers: no providers are configured/);
});

test('paths start at the file’s folder, and ~ is the home folder', async () => {
  await put(
    'cwd/sub/p.yaml',
    `${GOOD_PROVIDER}    ca_file: ~/ca.pem\nsettings: { log_file_path: logs/a.jsonl, state_file: /var/state.json }\n`,
  );
  const result = await loadConfiguration({ ...options, path: 'sub/p.yaml' });
  expect(result).toMatchObject({
    configuration: {
      providers: [{ caFile: join(root, 'home/ca.pem') }],
      settings: { logFilePath: join(root, 'cwd/sub/logs/a.jsonl'), stateFile: '/var/state.json' },
    },
  });
});

test('health is kept under XDG_STATE_HOME, else in the home folder', async () => {
  const stateFile = async (env: LoadOptions['env']) => {
    const result = await loadConfiguration({ ...options, env });
    return result.ok ? result.configuration.settings.stateFile : undefined;
  };
  expect(await stateFile({})).toBe(join(root, 'home/.local/state/claude-code-balancer/health.json'));
  expect(await stateFile({ XDG_STATE_HOME: '/xdg' })).toBe('/xdg/claude-code-balancer/health.json');
});
