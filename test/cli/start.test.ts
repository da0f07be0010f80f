import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchAnswer, messagesBody } from '../support/client.ts';
import { createWorkplace, type Workplace } from './support.ts';

const ENTRY = `
  - name: a
    base_url: https://a.example
    auth_value: secret-of-a-1234
`;
const CONFIGURATION = `providers:${ENTRY}`;

let workplace: Workplace;
const servers: Server[] = [];

beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(async () => {
  await workplace.close();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A port of 127.0.0.1 that somebody else listens at. */
async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function providersOf(url: string): Promise<string[]> {
  const answer = await fetchAnswer(`${url}/providers`);
  const { providers } = answer.json() as { providers: { name: string; base_url: string }[] };
  return providers.map((provider) => `${provider.name} ${provider.base_url}`);
}

describe('start without a configuration', () => {
  it('serves the official API, and says in one line how to add providers', async () => {
    const balancer = workplace.launch(['--port', '0'], { cwd: await workplace.folder() });
    const url = await balancer.url;
    expect(await providersOf(url)).toEqual(['anthropic https://api.anthropic.com']);
    expect(balancer.stderr()).toContain('To add providers: claude-code-balancer init\n');
  });
});

describe('start', () => {
  it.each(['providers.yaml', 'config.yaml'])('finds ./%s', async (name) => {
    const cwd = await workplace.folder({ [name]: CONFIGURATION });
    const { url } = workplace.launch(['start', '--port', '0'], { cwd });
    expect(await providersOf(await url)).toEqual(['a https://a.example']);
  });

  it('tells the accounts of one provider apart in its panel', async () => {
    const account = (email: string): string => `
  - name: a
    account_email: ${email}
    base_url: https://a.example
    auth_value: secret-of-a-1234
`;
    const file = `providers:${account('one@mail.example')}${account('two@mail.example')}`;
    const cwd = await workplace.folder({ 'providers.yaml': file });
    const balancer = workplace.launch(['start', '--port', '0'], { cwd });
    await balancer.url;
    expect(balancer.stderr()).toContain('[✓] a#one@mail.example (anthropic): https://a.example');
    expect(balancer.stderr()).toContain('[✓] a#two@mail.example (anthropic): https://a.example');
  });

  it('finds claude-code-balancer/providers.yaml in $XDG_CONFIG_HOME', async () => {
    const cwd = await workplace.folder();
    const folder = join(cwd, 'xdg', 'claude-code-balancer');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'providers.yaml'), CONFIGURATION);
    const env = { XDG_CONFIG_HOME: join(cwd, 'xdg') };
    const { url } = workplace.launch(['start', '--port', '0'], { cwd, env });
    expect(await providersOf(await url)).toEqual(['a https://a.example']);
  });

  it('reads the file that --config names instead of the usual ones', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': 'providers: []', 'mine.yaml': CONFIGURATION });
    const { url } = workplace.launch(['start', '--config', 'mine.yaml', '--port', '0'], { cwd });
    expect(await providersOf(await url)).toEqual(['a https://a.example']);
  });

  it.each([
    ['0.1.6.yaml', ['--env', 'production', '--host', '127.0.0.1', '--config', 'config.yaml', '--port', '0']],
    ['aiproxy.yaml', ['-config', 'config.yaml', '-port', '0']],
  ])('serves an older file, %s, by its older command line', async (fixture, args) => {
    const text = await readFile(new URL(`../fixtures/config/${fixture}`, import.meta.url), 'utf8');
    const cwd = await workplace.folder({ 'config.yaml': text });
    const balancer = workplace.launch(args, { cwd });
    expect((await fetchAnswer(`${await balancer.url}/livez`)).status).toBe(200);
    expect(balancer.stderr()).toMatch(/Providers {5}: [1-9]\d*\/\d+ healthy/);
  });

  it('prints the real port where any free one was asked for', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': `${CONFIGURATION}settings: { port: 0 }\n` });
    const balancer = workplace.launch(['start'], { cwd });
    const url = await balancer.url;
    expect(Number(new URL(url).port)).toBeGreaterThan(0);
    expect((await fetchAnswer(`${url}/livez`)).status).toBe(200);
  });

  it('takes PORT and HOST from the environment before the file, and the flags before both', async () => {
    const taken = await takenPort();
    const cwd = await workplace.folder({
      'providers.yaml': `${CONFIGURATION}settings: { port: ${taken}, host: 127.0.0.1 }\n`,
    });
    const fromEnvironment = workplace.launch(['start'], { cwd, env: { PORT: '0', HOST: 'localhost' } });
    expect(await fromEnvironment.url).toMatch(/^http:\/\/localhost:\d+$/);
    const flags = ['start', '--port', '0', '--host', '127.0.0.1'];
    const fromFlags = workplace.launch(flags, { cwd, env: { PORT: String(taken), HOST: 'localhost' } });
    expect(await fromFlags.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('ends with 1 where its port is taken, and says which port and what to do', async () => {
    const port = await takenPort();
    const cwd = await workplace.folder({ 'providers.yaml': CONFIGURATION });
    expect(await workplace.run(['start', '--port', String(port)], { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `Port ${port} on 127.0.0.1 is in use: another balancer may be running. ` +
        'Stop it, or choose another port with --port or settings.port.\n',
    });
  });

  it('ends with 1 on a file that cannot be used, and says where it is wrong', async () => {
    const text = `${CONFIGURATION}settings:\n  selection_strategy: fastest\n`;
    const cwd = await workplace.folder({ 'providers.yaml': text });
    const { code, stdout, stderr } = await workplace.run(['start', '--port', '0'], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${join(cwd, 'providers.yaml')}:6:23: error: settings.selection_strategy`);
  });

  it('writes JSON lines to a pipe, the panel beside them, colours nowhere, secrets nowhere', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': CONFIGURATION });
    const balancer = workplace.launch(['start', '--port', '0'], { cwd });
    await balancer.url;
    balancer.signal('SIGTERM');
    expect(await balancer.exit).toBe(0);
    const lines = balancer.stdout().trimEnd().split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['config.loaded', 'server.listening', 'server.draining', 'server.stopped']);
    expect(balancer.stderr()).toContain('│    Providers     : 1/1 healthy');
    expect(balancer.stdout() + balancer.stderr()).not.toMatch(/secret-of-a|\[\d+m/);
  });

  it('keeps the log as JSON lines in log_file_path, relative to the configuration', async () => {
    const text = `${CONFIGURATION}settings: { log_file_path: logs/balancer.jsonl }\n`;
    const cwd = await workplace.folder({ 'mine.yaml': text });
    const elsewhere = await workplace.folder();
    const balancer = workplace.launch(['start', '-c', join(cwd, 'mine.yaml'), '-p', '0'], { cwd: elsewhere });
    await balancer.url;
    balancer.signal('SIGTERM');
    await balancer.exit;
    const eventsOf = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: string }).event);
    const kept = eventsOf(await readFile(join(cwd, 'logs', 'balancer.jsonl'), 'utf8'));
    expect(kept).toEqual(['config.loaded', 'server.listening', 'server.draining', 'server.stopped']);
    expect(eventsOf(balancer.stdout())).toEqual(kept);
  });
});

describe('a reload', () => {
  it('takes over an edited file by itself', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': CONFIGURATION });
    const balancer = workplace.launch(['start', '--port', '0'], { cwd });
    const url = await balancer.url;
    await writeFile(join(cwd, 'providers.yaml'), CONFIGURATION + ENTRY.replace('name: a', 'name: b'));
    await balancer.printed(/"event":"config\.(?:reloaded|rejected)"/);
    expect((await providersOf(url)).length).toBe(2);
  });

  it('by hand refuses a broken file with its mistakes, and the running one stays', async () => {
    const cwd = await workplace.folder({
      'providers.yaml': `${CONFIGURATION}settings: { reload: false }\n`,
    });
    const balancer = workplace.launch(['start', '--port', '0'], { cwd });
    const url = await balancer.url;
    await writeFile(join(cwd, 'providers.yaml'), 'providers: []\n');
    const refused = await fetchAnswer(`${url}/providers/reload`, { method: 'POST' });
    expect(refused.status).toBe(422);
    expect(refused.json()).toMatchObject({ status: 'error', errors: [expect.stringContaining('providers')] });
    expect(await providersOf(url)).toEqual(['a https://a.example']);

    await writeFile(join(cwd, 'providers.yaml'), CONFIGURATION.replace('name: a', 'name: z'));
    const taken = await fetchAnswer(`${url}/providers/reload`, { method: 'POST' });
    expect(taken.json()).toMatchObject({ status: 'success', providers_count: 1 });
    expect(await providersOf(url)).toEqual(['z https://a.example']);
  });
});

describe('demo', () => {
  it('answers without a key from three simulated providers, says what to type, and leaves nothing behind', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': 'broken: [' });
    const balancer = workplace.launch(['demo', '--port', '0'], { cwd });
    const url = await balancer.url;
    await balancer.printed(/ANTHROPIC_BASE_URL=\S+ ANTHROPIC_API_KEY=demo claude\n/);
    expect(balancer.stderr()).toContain(`curl ${url}/v1/messages`);
    const names = (await providersOf(url)).map((provider) => provider.split(' ')[0]);
    expect(names).toEqual(['broken', 'limited', 'steady']);
    for (let i = 0; i < 3; i += 1) {
      const answer = await fetchAnswer(`${url}/v1/messages`, {
        headers: { 'content-type': 'application/json' },
        body: messagesBody({ stream: false }),
        deadlineMs: 15_000,
      });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('No model was asked and nothing was spent.');
    }
    expect(balancer.stdout()).toContain('"provider":"broken"');
    balancer.signal('SIGINT');
    expect(await balancer.exit).toBe(0);
    expect(await readdir(cwd)).toEqual(['providers.yaml']);
  });
});
