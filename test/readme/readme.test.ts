import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellBlocks } from './blocks.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const blocks = shellBlocks(readFileSync(join(ROOT, 'README.md'), 'utf8'));

/** What a fresh clone holds, as far as the commands need it. */
const CLONE = [
  'LICENSE',
  'bench',
  'machines',
  'package-lock.json',
  'package.json',
  'providers.example.yaml',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
  'vite.inspector.config.ts',
];
/** What the examples take from the environment. */
const KEYS = [
  'ANTHROPIC_API_KEY',
  'RESELLER_TOKEN',
  'RESELLER_TOKEN_2',
  'COMPANY_TOKEN',
  'OPENROUTER_API_KEY',
  'OLLAMA_API_KEY',
];
/** The port that the page names; a free one takes its place. */
const PORT = 9090;
/** The first one fetches every package, which takes minutes over a slow line. */
const COMMAND_MS = 480_000;

describe('blocks of a page', () => {
  it('are found with their marks, others are passed over', () => {
    const page = [
      'text',
      '<!-- run -->',
      '```sh',
      'a',
      'b',
      '```',
      '```yaml',
      'no: shell',
      '```',
      '<!-- run with demo -->',
      '```bash',
      'c',
      '```',
      '<!-- serve as demo -->',
      '```sh',
      'd',
      '```',
      '<!-- not run: needs a person -->',
      '```sh',
      'e',
      '```',
      '<!-- not run: -->',
      '```sh',
      'f',
      '```',
    ].join('\n');
    expect(shellBlocks(page)).toEqual([
      { line: 3, script: 'a\nb', use: { kind: 'run' } },
      { line: 11, script: 'c', use: { kind: 'run', server: 'demo' } },
      { line: 15, script: 'd', use: { kind: 'serve', server: 'demo' } },
      { line: 19, script: 'e', use: { kind: 'exempt', reason: 'needs a person' } },
      { line: 23, script: 'f', use: { kind: 'unmarked' } },
    ]);
  });
});

describe('the commands of README.md', () => {
  let folder = '';
  let port = 0;
  let server: { readonly name: string; readonly process: ChildProcess } | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'balancer-readme-'));
    for (const name of CLONE) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    port = await freePort();
  });
  afterAll(async () => {
    await stopServer();
    rmSync(folder, { recursive: true, force: true });
  });

  it('each say whether they are run here, and if not why', () => {
    expect(blocks.length).toBeGreaterThan(3);
    const unmarked = blocks.filter(({ use }) => use.kind === 'unmarked').map(({ line }) => `line ${line}`);
    expect(
      unmarked,
      'put <!-- run -->, <!-- run with NAME -->, <!-- serve as NAME --> or <!-- not run: REASON --> above',
    ).toEqual([]);
  });

  it.each(blocks.filter(({ use }) => use.kind === 'run' || use.kind === 'serve'))(
    'work: line $line',
    async ({ script, use }) => {
      if (use.kind === 'serve') await startServer(use.server, script);
      if (use.kind !== 'run') return;
      if (use.server !== undefined && server?.name !== use.server) {
        const block = blocks.find((each) => each.use.kind === 'serve' && each.use.server === use.server);
        if (block === undefined) throw new Error(`No block serves ${use.server}.`);
        await startServer(use.server, block.script);
      }
      const { code, output } = await ended(shell(script));
      expect(code, output).toBe(0);
      // curl without --fail is content with any answer.
      expect(output).not.toMatch(/^HTTP\/1\.1 [45]|"type":"error"|^\{"error":/m);
    },
    COMMAND_MS,
  );

  function shell(script: string): ChildProcess {
    const commands = script
      .replaceAll(`:${PORT}`, `:${port}`)
      .replaceAll(/\bcurl /g, 'curl --silent --show-error ');
    return spawn('bash', ['-e', '-o', 'pipefail', '-c', commands], {
      cwd: folder,
      // A group of its own, to be ended as a whole.
      detached: true,
      env: {
        // What the page installs globally goes here, and is found.
        PATH: `${join(folder, 'global', 'bin')}:${process.env.PATH}`,
        npm_config_prefix: join(folder, 'global'),
        HOME: folder,
        PORT: String(port),
        npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? folder, '.npm'),
        npm_config_loglevel: 'error',
        npm_config_audit: 'false',
        ...Object.fromEntries(KEYS.map((name) => [name, 'not-a-key'])),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async function startServer(name: string, script: string): Promise<void> {
    await stopServer();
    const process = shell(script);
    server = { name, process };
    const end = ended(process);
    const failed = end.then(({ output }) => {
      throw new Error(`It ended: ${output}`);
    });
    failed.catch(() => {});
    await Promise.race([failed, answers(`http://127.0.0.1:${port}/readyz`)]);
  }

  async function stopServer(): Promise<void> {
    const running = server?.process;
    server = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const closed = once(running, 'close');
    process.kill(-running.pid, 'SIGTERM');
    await closed;
  }
});

async function ended(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

/** Resolves as soon as the address answers well. */
async function answers(url: string): Promise<void> {
  const deadline = Date.now() + COMMAND_MS - 10_000;
  while (Date.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer.`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
