import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigurationFile } from './balancer.ts';
import type { ClaudeResult } from './claude.ts';
import { CLIENT_BINARY } from './client-package.ts';
import { withDeadline } from './deadline.ts';
import type { Stage } from './stage.ts';

/** The compiled command line; `npm run e2e` builds it first. */
const MAIN = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));

/**
 * `claude-code-balancer run -- claude -p …` with a configuration, in a folder of its own and with no credential but
 * those of `env`.
 */
export async function runClaude(
  stage: Stage,
  file: ConfigurationFile,
  env: Readonly<Record<string, string>> = {},
): Promise<ClaudeResult> {
  const home = await stage.folder();
  // JSON is YAML.
  const settings = { port: 0, ...file.settings };
  await writeFile(join(home, 'providers.yaml'), JSON.stringify({ ...file, settings }));
  const words = ['run', '--', CLIENT_BINARY, '-p', 'Say hello.'];
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME: home,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...env,
    },
  });
  stage.afterwards(() => child.kill('SIGKILL'));
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  return withDeadline(
    'run and its client end',
    (resolve) => child.on('close', (code) => resolve({ code, ...text })),
    () => `They wrote: ${JSON.stringify(text)}`,
    100_000,
  );
}
