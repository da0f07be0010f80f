import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedProvider, startProvider } from '../../src/simulator/provider.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { fetchAnswer, messagesBody } from '../support/client.ts';
import { closedPort } from '../support/loopback.ts';
import { type Command, type File, type Result, runHere, type ServedFile, serveFile } from './in-process.ts';
import { createWorkplace, type Workplace } from './support.ts';

/** `broken` fails every time, `云雾` always answers, `spare` is switched off, `poor` has no credential. */
let broken: SimulatedProvider;
let good: SimulatedProvider;
let served: ServedFile;
let workplace: Workplace;
let cwd: string;
const servers: Server[] = [];

const entry = (name: string, url: string, more: object = {}) => ({
  name,
  base_url: url,
  auth_value: 'secret-of-it-1234',
  ...more,
});

function fileOf(settings: object = {}): File {
  return {
    providers: [
      entry('broken', broken.url),
      entry('云雾', good.url),
      entry('spare', 'https://spare.example', { enabled: false }),
      entry('poor', 'https://poor.example', { auth_value: '' }),
    ],
    settings: { sticky_provider_duration: 0, ...settings },
  };
}

beforeEach(async () => {
  workplace = createWorkplace();
  cwd = await workplace.folder();
  broken = await startProvider({ name: 'broken', behaviour: scenario('internal_server_error').behaviour });
  good = await startProvider({ name: 'good', behaviour: { kind: 'message', text: 'Hello' } });
  served = await serveFile(fileOf());
});
afterEach(async () => {
  await served.balancer.stop();
  await Promise.all([broken.close(), good.close(), workplace.close()]);
  for (const server of servers.splice(0)) server.close();
});

const run = (args: readonly string[], more: Partial<Command> = {}): Promise<Result> =>
  runHere({ args, cwd, ...more });
const ask = (...args: string[]): Promise<Result> => run([...args, '--url', served.url]);

async function request(): Promise<void> {
  const answer = await fetchAnswer(`${served.url}/v1/messages`, { body: messagesBody(), deadlineMs: 15_000 });
  expect(answer.status).toBe(200);
}

/** What a stranger's server answers. */
async function stranger(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('status', () => {
  it('shows each provider with state, failures, success rate and last error, and who served last', async () => {
    await request();
    await request();
    const { code, stdout, stderr } = await ask('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(
      `serving at ${served.url}, 1 of 4 providers available, 0 requests in flight, strategy priority`,
    );
    expect(lines[2]).toMatch(
      /^ +PROVIDER +STATE +FAILURES +COOLDOWN +IN FLIGHT +ATTEMPTS +SUCCESS +FIRST CONTENT +LAST ERROR$/,
    );
    expect(lines[3]).toMatch(/^ +broken +cooling +2\/2 +\S.* s +0 +2 +0 % +– +server_error: /);
    expect(lines[4]).toMatch(/^› +云雾 +healthy +0\/2 +– +0 +2 +100 % +\d+ ms +–$/);
    expect(lines[5]).toMatch(/^ +spare +disabled +0\/2 /);
    expect(lines[6]).toMatch(/^ +poor +unusable +0\/2 /);
    expect(stdout).toContain('\npoor is not used: ');
    expect(stdout).not.toMatch(/secret-of|\[\d+m/);
  });

  it('fits the terminal, and a Chinese name takes two columns a character', async () => {
    await request();
    for (const columns of [40, 60, 80, 100, 132]) {
      const { stdout } = await run(['status', '--url', served.url], { columns, env: { NO_COLOR: '1' } });
      const rows = stdout.split('\n').slice(2, 7);
      const widths = rows.map((line) =>
        [...line].reduce((sum, each) => sum + (/[云雾]/.test(each) ? 2 : 1), 0),
      );
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
      // The states begin at the same column in all rows.
      const states = rows
        .slice(1)
        .map((line) => line.search(/degraded|healthy|disabled|unusable/) + (/云雾/.test(line) ? 2 : 0));
      expect(new Set(states).size).toBe(1);
    }
  });

  it('is coloured on a terminal, and without colours under NO_COLOR', async () => {
    const colored = await run(['status', '--url', served.url], { columns: 120 });
    expect(colored.stdout).toContain('\u001b[32mhealthy');
    const plain = await run(['status', '--url', served.url], { columns: 120, env: { NO_COLOR: '1' } });
    expect(plain.stdout).not.toContain('\u001b[');
  });

  it('gives scripts what GET /providers says', async () => {
    const { code, stdout } = await ask('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      running: true,
      url: served.url,
      total_providers: 4,
      providers: [{ name: 'broken' }, { name: '云雾' }, { name: 'spare' }, { name: 'poor' }],
    });
  });
});

describe('the running balancer is looked for', () => {
  const headline = (): string => `serving at ${served.url}, `;
  const configured = (more: object = {}): Promise<string> =>
    workplace.folder({
      'providers.yaml': JSON.stringify({
        ...fileOf(),
        settings: { port: served.balancer.server.port, ...more },
      }),
    });

  it('at ANTHROPIC_BASE_URL if that is this machine, with or without /v1', async () => {
    for (const suffix of ['', '/', '/v1']) {
      const env = { ANTHROPIC_BASE_URL: `${served.url}${suffix}` };
      expect((await run(['status'], { env })).stdout).toContain(headline());
    }
  });

  it('not at ANTHROPIC_BASE_URL if that is another machine: at the address of the configuration', async () => {
    const env = { ANTHROPIC_BASE_URL: 'https://claude.reseller.example' };
    expect((await run(['status'], { env, cwd: await configured() })).stdout).toContain(headline());
  });

  it('on this machine where the configuration listens at every address', async () => {
    const result = await run(['status'], { cwd: await configured({ host: '0.0.0.0' }) });
    expect(result.stdout).toContain(headline());
  });

  it('where --config says, before ANTHROPIC_BASE_URL', async () => {
    const folder = await configured();
    const env = { ANTHROPIC_BASE_URL: `http://127.0.0.1:${await closedPort()}` };
    const result = await run(['status', '--config', `${folder}/providers.yaml`], { env });
    expect(result.stdout).toContain(headline());
  });

  it('by --url as a port, as host:port or as an address', async () => {
    const { port } = served.balancer.server;
    for (const url of [`${port}`, `localhost:${port}`, `http://127.0.0.1:${port}/`]) {
      expect((await run(['status', '--url', url])).stdout).toMatch(/^serving at http:/);
    }
    const wrong = await run(['status', '--url', 'http://']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('--url takes an address, host:port, or a port');
  });

  it('in vain: 3, where it was looked for, and how to start one', async () => {
    const port = await closedPort();
    const folder = await workplace.folder({
      'providers.yaml': JSON.stringify({ ...fileOf(), settings: { port } }),
    });
    const { code, stdout, stderr } = await run(['status'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      `No balancer is running at http://127.0.0.1:${port} (from ${folder}/providers.yaml): nobody listens there.\n` +
        'Start one with: claude-code-balancer start. If it listens elsewhere, say where with --url.\n',
    );
    const json = await run(['status', '--json'], { cwd: folder });
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({ running: false, url: `http://127.0.0.1:${port}` });
  });

  it('in vain where the configuration says port 0', async () => {
    const folder = await workplace.folder({
      'providers.yaml': JSON.stringify({ ...fileOf(), settings: { port: 0 } }),
    });
    const { code, stderr } = await run(['reload'], { cwd: folder });
    expect(code).toBe(3);
    expect(stderr).toContain('says port 0, which is any free one: give --url');
  });

  it.each([
    [200, '<html>hello</html>'],
    [404, '{"detail":"Not Found"}'],
    [200, '[]'],
  ])('and a stranger that answers %i %s is taken for none', async (status, body) => {
    const url = await stranger(status, body);
    for (const command of ['status', 'reload']) {
      const { code, stderr } = await run([command, '--url', url]);
      expect(code).toBe(3);
      expect(stderr).toContain(`Something answers at ${url}, but it is no balancer`);
    }
  });
});

describe('a balancer that asks for a key', () => {
  const KEY = 'the-key-of-the-balancer';
  let guarded: ServedFile;
  beforeEach(async () => {
    guarded = await serveFile(fileOf({ auth: { enabled: true, api_key: KEY } }));
  });
  afterEach(() => guarded.balancer.stop());

  it('refuses without it: 1, and which variable takes it', async () => {
    const { code, stdout, stderr } = await run(['status', '--url', guarded.url]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `The balancer at ${guarded.url} asks for a key: put it into CLAUDE_CODE_BALANCER_API_KEY.\n`,
    );
  });

  it('lets in by CLAUDE_CODE_BALANCER_API_KEY', async () => {
    const env = { CLAUDE_CODE_BALANCER_API_KEY: KEY };
    const { code, stdout } = await run(['status', '--url', guarded.url], { env });
    expect(code).toBe(0);
    expect(stdout).not.toContain(KEY);
  });

  it('lets in by the configuration’s key, and none of the wrong ones before it shows', async () => {
    const { port } = guarded.balancer.server;
    const folder = await workplace.folder({
      'providers.yaml': JSON.stringify(fileOf({ port, auth: { enabled: true, api_key: KEY } })),
    });
    const env = { CLAUDE_CODE_BALANCER_API_KEY: 'an-old-key' };
    const { code, stdout, stderr } = await run(['status'], { cwd: folder, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(/the-key-of|an-old-key/);
  });

  it('lets in by the client’s token, where ANTHROPIC_BASE_URL named it', async () => {
    const env = { ANTHROPIC_BASE_URL: guarded.url, ANTHROPIC_AUTH_TOKEN: KEY };
    expect((await run(['status'], { env })).code).toBe(0);
  });
});

describe('providers', () => {
  it('tells all that is known of each', async () => {
    await request();
    const { code, stdout } = await ask('providers');
    expect(code).toBe(0);
    const [first = '', second = '', third = '', fourth = ''] = stdout.split('\n\n');
    expect(first).toContain('broken  degraded\n');
    expect(first).toContain(`  address     ${broken.url} (anthropic)\n`);
    expect(first).toContain('  failures    1/2\n');
    expect(first).toMatch(/ {2}last error {2}server_error: /);
    expect(first).toContain('  requests    1 attempted, 0 served (0 %), 1 failed, 0 in flight');
    expect(second).toMatch(/ {2}first content {2}after \d+ ms \(half of the answers\), /);
    expect(third).toContain('spare  disabled\n');
    expect(fourth).toMatch(/^poor {2}unusable\n {2}why +\S/);
  });

  it('tells of the named one, as JSON too', async () => {
    expect((await ask('providers', '云雾')).stdout).toMatch(/^云雾 {2}healthy\n/);
    const { stdout } = await ask('providers', '云雾', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ name: '云雾', state: 'healthy' }]);
  });

  it('knows no other: 1, with the nearest name', async () => {
    const { code, stderr } = await ask('providers', 'brokne');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'No provider is called "brokne". Did you mean broken? There are: broken, 云雾, spare, poor.\n',
    );
  });

  it('breaks long lines where the terminal ends', async () => {
    await request();
    const { stdout } = await run(['providers', 'broken', '--url', served.url], {
      columns: 60,
      env: { NO_COLOR: '1' },
    });
    expect(stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });
});

describe('reload', () => {
  it('has the balancer read its file again', async () => {
    served.setFile({ providers: [entry('new', good.url)] });
    expect(await ask('reload')).toEqual({
      code: 0,
      stdout: 'Reloaded: 1 of 1 providers available.\n',
      stderr: '',
    });
  });

  it('tells why a file was not taken over: 1', async () => {
    served.setFile(['providers.yaml:1:1: error: no providers are configured']);
    expect(await ask('reload')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'providers.yaml:1:1: error: no providers are configured\n' +
        'The configuration was not taken over; the balancer goes on with the one before.\n',
    });
    const json = await ask('reload', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'error' });
  });
});

describe('reset, forget, disable and enable', () => {
  const stateOf = (name: string) =>
    served.balancer.engine.status().providers.find((provider) => provider.name === name);

  it('act on the provider by its name', async () => {
    await request();
    expect(stateOf('broken')?.health.failures).toBe(1);
    expect(await ask('reset', 'broken')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^broken is reset/),
    });
    expect(stateOf('broken')?.health.failures).toBe(0);

    expect(await ask('forget', 'broken')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^broken /),
    });
    expect((await ask('disable', '云雾', 'broken')).stdout).toMatch(
      /^云雾 is switched off .*\nbroken is switched off/,
    );
    expect(stateOf('云雾')?.disabledByHand).toBe(true);
    expect((await ask('status')).stdout).toMatch(/云雾 +disabled by hand/);

    expect(await ask('enable', '云雾')).toMatchObject({ code: 0, stdout: '云雾 is switched on.\n' });
    expect(stateOf('云雾')?.disabledByHand).toBe(false);
  });

  it('know no other: 1, with the nearest name, and the others are done all the same', async () => {
    const { code, stdout, stderr } = await ask('disable', 'brokn', 'broken');
    expect(code).toBe(1);
    expect(stderr).toContain('No provider is called "brokn". Did you mean broken?');
    expect(stdout).toContain('broken is switched off');
  });

  it('give scripts the answers', async () => {
    const { stdout } = await ask('enable', 'broken', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ status: 'success', provider: { name: 'broken' } }]);
  });

  it('need a running balancer: 3', async () => {
    const { code } = await run(['reset', 'a', '--url', `127.0.0.1:${await closedPort()}`]);
    expect(code).toBe(3);
  });
});

describe('top', () => {
  it('shows the providers, and each of the last requests with all that it tried', async () => {
    await request();
    const { code, stdout, stderr } = await ask('top');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('云雾');
    expect(stdout).toMatch(/PROVIDER .* FOR +P95 +TOKENS +LAST ERROR/);
    expect(stdout).toMatch(/Last hour +\d+ served, \d+ failed, \d+ cancelled, \d+ failovers?\n/);
    expect(stdout).toMatch(/\nRequests [ ▁-█]*█[ ▁-█]*\nFirst content [ ▁-█]*█[ ▁-█]* p50 .*, p95 .*\n/);
    expect(stdout).toMatch(/Last requests[\s\S]*OUTCOME[\s\S]*served +\S+ +broken > 云雾 +2 /);
  });

  it('shows the providers alone where there is no inspector', async () => {
    const plain = await serveFile(fileOf({ inspector: { enabled: false } }));
    try {
      const { code, stdout, stderr } = await run(['top', '--url', plain.url]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('broken');
      expect(stdout).not.toMatch(/Last hour|Last requests|TOKENS/);
    } finally {
      await plain.balancer.stop();
    }
  });
});
