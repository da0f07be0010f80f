import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedProvider, startProvider } from '../../src/simulator/provider.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { messagesBody } from '../support/client.ts';
import { closedPort } from '../support/loopback.ts';
import { type ServedFile, serveFile } from './in-process.ts';
import {
  createWorkplace,
  type Finished,
  NO_TERMINAL,
  type Running,
  type RunOptions,
  type Workplace,
} from './support.ts';

const NODE = process.execPath;
const SECRET = 'secret-of-the-provider';
/** Asks the balancer as a client does, prints the answer's text, and ends with 0 if there was one. */
const CLIENT = `
const { ANTHROPIC_BASE_URL: base, ANTHROPIC_AUTH_TOKEN: token } = process.env;
const answer = await fetch(base + '/v1/messages', {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token },
  body: ${JSON.stringify(JSON.stringify(messagesBody({ stream: false })))},
});
const { content, error } = await answer.json();
console.log(content?.[0].text ?? error.type);
process.exitCode = answer.ok ? 0 : 9;
`;
const PRINT_URL = 'console.log(process.env.ANTHROPIC_BASE_URL)';

let provider: SimulatedProvider;
let workplace: Workplace;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  workplace = createWorkplace();
  provider = await startProvider({ behaviour: { kind: 'message', text: 'Hello from the provider.' } });
});
afterEach(async () => {
  await workplace.close();
  await provider.close();
  for (const close of closers.splice(0)) await close();
});

const entry = (more: object = {}) => ({ name: 'only', base_url: provider.url, auth_value: SECRET, ...more });

/** A folder with a configuration. */
function folder(settings: object = {}, entries: readonly object[] = [entry()]): Promise<string> {
  const file = { providers: entries, settings: { port: 0, ...settings } };
  return workplace.folder({ 'providers.yaml': JSON.stringify(file) });
}

const script = (text: string): string[] => [NODE, '--input-type=module', '-e', text];

function run(words: readonly string[], options: RunOptions): Promise<Finished> {
  return workplace.run(['run', ...words], options);
}

async function serveHere(settings: object = {}, more: object = {}): Promise<ServedFile> {
  const served = await serveFile({ providers: [entry(more)], settings });
  closers.push(() => served.balancer.stop());
  return served;
}

/** A port of this machine at which something else than a balancer answers. */
async function takenPort(): Promise<number> {
  const server: Server = createServer((_, response) => response.end('hello'));
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('run starts a balancer', () => {
  it('for as long as the program lives, and writes nothing to its screen', async () => {
    const cwd = await folder();
    expect(await run(['--', ...script(CLIENT)], { cwd })).toEqual({
      code: 0,
      stdout: 'Hello from the provider.\n',
      stderr: '',
    });
    expect(provider.requests.map((request) => request.header('x-api-key'))).toEqual([SECRET]);
    expect(provider.requests[0]?.header('authorization')).toBeUndefined();
    expect(provider.openConnections).toBe(0);
  });

  it('that keeps its log in run.log, without a secret', async () => {
    const cwd = await folder();
    await run(['--', ...script(CLIENT)], { cwd });
    const log = await readFile(join(cwd, '.local/state/claude-code-balancer/run.log'), 'utf8');
    const events = log
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toContain('server.listening');
    expect(events).toContain('request.ended');
    expect(events.at(-1)).toBe('server.stopped');
    expect(log).not.toContain(SECRET);
  });

  it('at the configured port, or where something else has that, at a free one', async () => {
    const port = await takenPort();
    const { code, stdout, stderr } = await run(script(PRINT_URL), { cwd: await folder({ port }) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(stdout).not.toContain(`:${port}\n`);
  });

  it('that only this machine reaches, whatever the configuration says', async () => {
    const { stdout } = await run(script(PRINT_URL), { cwd: await folder({ host: '0.0.0.0' }) });
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  it('beside that of another run, which would end with its own program', async () => {
    const port = await closedPort();
    const cwd = await folder({ port });
    const waiting = `${PRINT_URL}; setInterval(() => {}, 1000)`;
    const first = workplace.launch(['run', '--', ...script(waiting)], { cwd });
    await first.printed(new RegExp(`^http://127\\.0\\.0\\.1:${port}\n`));
    const second = await run(script(CLIENT), { cwd });
    expect(second).toMatchObject({ code: 0, stdout: 'Hello from the provider.\n' });
    const third = await run(script(PRINT_URL), { cwd });
    expect(third.stdout).not.toContain(`:${port}\n`);
    first.signal('SIGTERM');
    expect(await first.exit).toBe(143);
  });

  it('and says after the program failed where the log tells why', async () => {
    provider.setBehaviour(scenario('unauthorized').behaviour);
    const cwd = await folder({ hold_while_cooling: 0 });
    const { code, stdout, stderr } = await run(script(CLIENT), { cwd });
    expect({ code, stdout }).toEqual({ code: 9, stdout: 'api_error\n' });
    expect(stderr).toBe(
      `The balancer could not serve 1 request; its log tells why: ${join(cwd, '.local/state/claude-code-balancer/run.log')}\n`,
    );
  });

  it('and says so of a request that it refused itself, whose reason Claude Code keeps to itself', async () => {
    const file = { providers: [entry()], model_routes: { 'no-such-*': [{ provider: 'only' }] } };
    const cwd = await workplace.folder({
      'providers.yaml': JSON.stringify({ ...file, settings: { port: 0 } }),
    });
    const { code, stdout, stderr } = await run(script(CLIENT), { cwd });
    expect({ code, stdout }).toEqual({ code: 9, stdout: 'not_found_error\n' });
    expect(stderr).toContain('The balancer could not serve 1 request; its log tells why: ');
  });

  it('and says nothing of a request that a provider refused in its own words', async () => {
    provider.setBehaviour(scenario('orphaned_tool_use').behaviour);
    const { code, stderr } = await run(script(CLIENT), { cwd: await folder() });
    expect({ code, stderr }).toEqual({ code: 9, stderr: '' });
  });

  it('whose key the program gets', async () => {
    const cwd = await folder({ auth: { enabled: true, api_key: 'the-key-of-the-balancer' } });
    const env = { ANTHROPIC_API_KEY: 'sk-of-the-user' };
    const result = await run(script(`${CLIENT}; console.log(process.env.ANTHROPIC_API_KEY)`), { cwd, env });
    expect(result).toEqual({ code: 0, stdout: 'Hello from the provider.\nundefined\n', stderr: '' });
    expect(JSON.stringify(provider.requests[0]?.rawHeaders)).not.toMatch(/the-key-of|sk-of-the-user/);
  });

  it('or, with a configuration that cannot be used, none: 125, and the program is not started', async () => {
    const cwd = await workplace.folder({ 'providers.yaml': 'providers: []' });
    const { code, stdout, stderr } = await run(script(PRINT_URL), { cwd });
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain('no providers are configured');
    expect(stderr).toContain('The balancer cannot start with this configuration.\n');
  });
});

describe('run uses the running balancer', () => {
  it('at the configured address, and leaves it running', async () => {
    const served = await serveHere();
    const cwd = await folder({ port: served.balancer.server.port });
    const { code, stdout } = await run(script(`${PRINT_URL}; ${CLIENT}`), { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${served.url}\nHello from the provider.\n` });
    expect(served.balancer.engine.status()).toMatchObject({
      phase: 'serving',
      providers: [{ requests: { successes: 1 } }],
    });
  });

  it('at ANTHROPIC_BASE_URL, if it is this machine and a balancer', async () => {
    const served = await serveHere();
    const cwd = await folder();
    const there = await run(script(PRINT_URL), { cwd, env: { ANTHROPIC_BASE_URL: served.url } });
    expect(there.stdout).toBe(`${served.url}\n`);
    const stranger = `http://127.0.0.1:${await takenPort()}`;
    const own = await run(script(CLIENT), { cwd, env: { ANTHROPIC_BASE_URL: stranger } });
    expect(own).toMatchObject({ code: 0, stdout: 'Hello from the provider.\n' });
  });

  it('at --url, with the key of CLAUDE_CODE_BALANCER_API_KEY; without it, none: 125', async () => {
    const key = 'the-key-of-the-balancer';
    const { url } = await serveHere({ auth: { enabled: true, api_key: key } });
    const cwd = await folder();
    const words = ['--url', url, '--', ...script(CLIENT)];
    const entered = await run(words, { cwd, env: { CLAUDE_CODE_BALANCER_API_KEY: key } });
    expect(entered).toMatchObject({ code: 0, stdout: 'Hello from the provider.\n' });
    const refused = await run(words, { cwd });
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toContain('asks for a key: put it into CLAUDE_CODE_BALANCER_API_KEY.');
  });

  it('and keeps the user’s credentials where they may be passed through', async () => {
    const served = await serveHere({}, { auth_value: 'passthrough' });
    const cwd = await folder({ port: served.balancer.server.port }, [entry({ auth_value: 'passthrough' })]);
    const env = { ANTHROPIC_AUTH_TOKEN: 'token-of-the-user' };
    expect((await run(script(CLIENT), { cwd, env })).code).toBe(0);
    expect(provider.requests[0]?.header('authorization')).toBe('Bearer token-of-the-user');
  });
});

describe('run gives the exit code', () => {
  it.each([
    ['of the program', script('process.exit(7)'), 7],
    ['128 and the signal’s number, if one ended it', script(`process.kill(process.pid, 'SIGKILL')`), 137],
    ['127 if there is no such program', ['no-such-program'], 127],
    ['126 if it cannot be executed', ['./providers.yaml'], 126],
  ])('%s', async (_, words, code) => {
    expect(await run(words, { cwd: await folder() })).toMatchObject({ code });
  });
});

describe('a signal', () => {
  const trap = (name: string): string =>
    `process.on('${name}', () => { console.log('got ${name}'); process.exit(5); }); console.log('ready'); setInterval(() => {}, 1000)`;

  it.each(['SIGTERM', 'SIGINT'] as const)('%s goes to the program', async (name) => {
    const running = workplace.launch(['run', ...script(trap(name))], { cwd: await folder() });
    await running.printed(/ready/);
    running.signal(name);
    expect(await running.exit).toBe(5);
    expect(running.stdout()).toBe(`ready\ngot ${name}\n`);
  });
});

describe.skipIf(NO_TERMINAL !== undefined)(
  `run on a terminal${NO_TERMINAL ? ` (${NO_TERMINAL})` : ''}`,
  () => {
    const INTERACTIVE = `
let interrupts = 0;
process.on('SIGINT', () => console.log('interrupt', ++interrupts));
process.stdin.setEncoding('utf8').on('data', (line) => {
  console.log('heard', line.trim(), process.stdin.isTTY, process.stdout.columns);
  if (line.trim() === 'end') process.exit(3);
});
console.log('ready');
`;

    it('hands it to the program as it is: keys, size, and Ctrl-C once', async () => {
      const cwd = await folder();
      const running: Running = workplace.launch(['run', '--', ...script(INTERACTIVE)], {
        cwd,
        terminal: true,
      });
      await running.printed(/ready/);
      running.type('hello\r');
      await running.printed(/heard hello true 100/);
      running.type('\u0003');
      await running.printed(/interrupt 1/);
      running.type('end\r');
      expect(await running.exit).toBe(3);
      expect(running.stdout()).not.toContain('interrupt 2');
    });
  },
);

describe('the state of the providers', () => {
  it('is known to the next run', async () => {
    const first = await startProvider({ name: 'first', behaviour: scenario('rate_limit').behaviour });
    closers.push(() => first.close());
    const cwd = await folder({}, [{ name: 'first', base_url: first.url, auth_value: SECRET }, entry()]);
    await writeFile(join(cwd, 'client.mjs'), CLIENT);
    for (let i = 0; i < 2; i += 1) {
      expect(await run([NODE, 'client.mjs'], { cwd })).toMatchObject({ code: 0 });
    }
    expect(first.requests).toHaveLength(1);
  });
});
