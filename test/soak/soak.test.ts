import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { grown, type Resources } from './resources.ts';

const RUN = fileURLToPath(new URL('../../dist/test/soak/run.js', import.meta.url));

it('for a short while: no request is lost, and nothing grows', { timeout: 180_000 }, async () => {
  const child = spawn(process.execPath, ['--expose-gc', RUN, '--minutes', '0.25'], { timeout: 170_000 });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  expect(code, text).toBe(0);
  expect(text).toMatch(/"served":\d{2,}/);
  expect(text).toMatch(/"left":\d+/);
});

const ROUND: Resources = { bytes: 50_000_000, handles: 100, timers: 10, listeners: 20 };
const MORE: Resources = { bytes: 3_000_000, handles: 10, timers: 5, listeners: 1 };

it.each(['bytes', 'handles', 'timers', 'listeners'] as const)(
  '%s that grow by the round are found',
  (what) => {
    const rounds = Array.from({ length: 12 }, (_, at) => ({
      ...ROUND,
      [what]: ROUND[what] + at * MORE[what],
    }));
    expect(grown(rounds)).toEqual([expect.stringMatching(new RegExp(`^${what}: `))]);
    expect(grown(rounds.map(() => ROUND))).toEqual([]);
  },
);
