import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { ProviderSettings } from '../../src/domain/settings/settings.ts';
import { parseState, restoreState } from '../../src/engine/state-codec.ts';
import { between, seeded } from '../simulation/chance.ts';

const WRITER = fileURLToPath(new URL('../../dist/test/hostile/state-writer.js', import.meta.url));
const LENGTH_MS = 60_000;
const KILLS = 200;
/** Two at a time, each on a file of its own. */
const LINES = 2;

const folder = mkdtempSync(join(tmpdir(), 'killed-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = { id: 'p', baseUrl: 'https://p.example', credential: { kind: 'api_key', value: 'k' } };
const provider = settings as unknown as ProviderSettings;

/** Lets a writer write, kills it so long after its first file, and gives what it had to say. */
function killed(file: string, afterMicroseconds: number): Promise<string> {
  const child = spawn(process.execPath, [WRITER, file, String(LENGTH_MS)], { timeout: 15_000 });
  let said = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (!said.includes('ready')) return;
      const from = performance.now();
      const kill = (): void => {
        if (performance.now() - from < afterMicroseconds / 1_000) setImmediate(kill);
        else child.kill('SIGKILL');
      };
      kill();
    });
    child.once('close', () => resolve(said));
  });
}

/** The file as the next start would find it. */
function check(file: string): void {
  const state = parseState(readFileSync(file, 'utf8'));
  const now = 0;
  const kept = restoreState(state, provider, now);
  expect(kept?.health.pairs.size).toBe(50);
  for (const { cooling } of [
    kept?.health.provider ?? { cooling: undefined },
    ...(kept?.health.pairs.values() ?? []),
  ]) {
    expect(cooling?.until).toBeGreaterThan(now);
    expect((cooling?.until ?? 0) - now).toBeLessThanOrEqual(LENGTH_MS);
  }
}

it('the state file is whole after each of 200 kills, and no cooldown longer', {
  timeout: 180_000,
}, async () => {
  const lines = Array.from({ length: LINES }, async (_, line) => {
    const file = join(folder, `line-${line}`, 'health.json');
    const random = seeded(line + 1);
    for (let kill = 0; kill < KILLS / LINES; kill += 1) {
      // The next one begins with what the last one left.
      expect(await killed(file, between(random, 0, 12_000))).toBe('ready\n');
      check(file);
    }
    // What was half written is swept up by the next start.
    const left = readdirSync(dirname(file)).filter((name) => name !== basename(file));
    expect(left.length).toBeLessThanOrEqual(1);
  });
  await Promise.all(lines);
});
