import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProvider } from '../../src/simulator/provider.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const INSTALL_MS = 240_000;
/** What the package is made of, as it lies in the repository. */
const SOURCES = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'bench',
  'docs',
  'machines',
  'package.json',
  'providers.example.yaml',
  'src',
  'test',
  'tsconfig.build.json',
  'tsconfig.json',
  'vite.inspector.config.ts',
];

const run = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

let folder = '';
let packed: string[] = [];
let tarball = '';

/** Packs a copy: what earlier builds left behind in this folder has no part in it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'balancer-package-'));
  const copy = join(folder, 'copy');
  mkdirSync(join(copy, 'dist', 'src'), { recursive: true });
  writeFileSync(join(copy, 'dist', 'src', 'left-behind.js'), '');
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: copy });
  const [result] = JSON.parse(stdout.slice(stdout.indexOf('[\n')));
  packed = result.files.map(({ path }: { path: string }) => path).sort();
  tarball = join(folder, result.filename);
}, INSTALL_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds the compiled program and what its reader needs, and nothing else', () => {
    const others = packed
      .filter((path) => !/^dist\/(?:src|machines)\/[\w/.-]+\.js$/.test(path))
      .map((path) => path.replace(/-[\w-]{8}\.js$/, '-*.js'));
    expect(others).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/inspector/assets/inspector-*.js',
      'dist/inspector/assets/inspector.css',
      'dist/inspector/index.html',
      'docs/providers.schema.json',
      'package.json',
      'providers.example.yaml',
    ]);
  });

  it('holds the schema at the place that the first line of the example names', () => {
    const [line = ''] = readFileSync(join(folder, 'copy', 'providers.example.yaml'), 'utf8').split('\n');
    const [, schema] = /^# yaml-language-server: \$schema=\.\/(\S+)$/.exec(line) ?? [];
    expect(packed).toContain(schema);
  });

  it('holds every compiled source, and none whose source is gone', () => {
    const compiled = ['src', 'machines'].flatMap((top) =>
      readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
        // The page is one file of its own.
        .filter((name) => name.endsWith('.ts') && !name.startsWith('inspector/'))
        .map((name) => `dist/${top}/${name.replace(/\.ts$/, '.js')}`),
    );
    expect(packed.filter((path) => /^dist\/(?!inspector\/)/.test(path))).toEqual(compiled.sort());
  });

  it('depends on every package that its files import, and on no other one', () => {
    const copy = join(folder, 'copy');
    const imported = packed
      .filter((path) => path.endsWith('.js') && !path.startsWith('dist/inspector/'))
      .flatMap((path) => [
        ...readFileSync(join(copy, path), 'utf8').matchAll(
          /^(?:import|export)\b[^;'"]*?from ['"](@?[\w-]+(?:\/[\w./-]+)?)['"];$/gm,
        ),
      ])
      .map((match) => match[1] ?? '')
      .filter((name) => !name.startsWith('node:'))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    expect([...new Set(imported)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });
});

describe('the package installed in an empty folder', () => {
  const home = () => join(folder, 'home');
  const npx = (args: readonly string[]) =>
    spawn('npx', ['--no-install', 'claude-code-balancer', ...args], {
      cwd: home(),
      // The group is ended as a whole: npx starts a shell, and that the program.
      detached: true,
      env: { HOME: home(), PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  beforeAll(async () => {
    mkdirSync(home());
    writeFileSync(join(home(), 'package.json'), '{ "private": true }\n');
    const quiet = ['--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await run('npm', ['install', ...quiet, tarball], { cwd: home(), timeout: INSTALL_MS });
  }, INSTALL_MS);

  it('tells its version', async () => {
    const child = npx(['--version']);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    const [code] = await once(child, 'close');
    expect([code, output.trim()]).toEqual([0, manifest.version]);
  });

  it('serves a request, and its pages of documentation', async () => {
    const sideBehaviour = { kind: 'http', status: 404 } as const;
    const provider = await startProvider({ name: 'only', behaviour: { kind: 'message' }, sideBehaviour });
    const file = join(home(), 'providers.yaml');
    writeFileSync(
      file,
      `providers:\n  - name: only\n    base_url: ${provider.url}\n    auth_value: test-key\nsettings:\n  state_file: ""\n`,
    );
    const child = npx(['start', '--config', file, '--port', '0']);
    try {
      const url = await listening(child);
      const answer = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        body: JSON.stringify({
          model: 'claude-sonnet-4-5',
          max_tokens: 9,
          messages: [{ role: 'user', content: 'hi' }],
        }),
      });
      expect([answer.status, answer.headers.get('x-balancer-provider')]).toEqual([200, 'only']);
      expect(await answer.json()).toMatchObject({ type: 'message' });
      const counted = await fetch(`${url}/v1/messages/count_tokens`, {
        method: 'POST',
        body: JSON.stringify({
          model: 'claude-opus-5',
          messages: [{ role: 'user', content: 'Hello there' }],
        }),
      });
      // Counted, not estimated by size: its thread has started.
      expect(await counted.json()).toEqual({ input_tokens: 10 });
      for (const path of ['/docs', '/redoc', '/openapi.json'])
        expect((await fetch(url + path)).status).toBe(200);
    } finally {
      const closed = once(child, 'close');
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await closed;
      await provider.close();
    }
  });
});

/** Where a started balancer says that it listens. */
function listening(child: ReturnType<typeof spawn>): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`It does not listen: ${output}`)), 30_000);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => {
        output += part;
        const url = /Listening on (http:\/\/[\d.:]+)"/.exec(output)?.[1];
        if (url === undefined) return;
        clearTimeout(late);
        resolve(url);
      });
    }
  });
}
