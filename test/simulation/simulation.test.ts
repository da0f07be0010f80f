import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { KNOWN_SEEDS } from './seeds.ts';
import { explained } from './shrink.ts';
import { play } from './world.ts';

const RUN = fileURLToPath(new URL('../../dist/test/simulation/run.js', import.meta.url));
const DEADLINE_MS = 600_000;

/** Plays runs in a process of their own: what it prints, and how it ended. */
function simulate(seed: number, requests: number): Promise<{ code: number | null; text: string }> {
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=64', RUN, '--seed', String(seed), '--requests', String(requests)],
    {
      timeout: DEADLINE_MS,
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

describe('whatever providers, network and clients do', () => {
  it('every invariant holds, for 100,000 requests', { timeout: DEADLINE_MS }, async () => {
    const runs = await Promise.all([simulate(1_000_000, 50_000), simulate(2_000_000, 50_000)]);
    for (const { code, text } of runs) {
      expect(code, text).toBe(0);
      expect(JSON.parse(text)).toMatchObject({ requests: 50_000 });
    }
  });

  it.each(KNOWN_SEEDS)('every invariant holds in run $seed: $why', { timeout: 60_000 }, async (known) => {
    const plan = planOf(known.seed, known.requests);
    const outcome = await play(plan);
    if (outcome.violation !== undefined) expect.fail(await explained(plan, outcome));
    expect(outcome.requests).toBe(known.requests);
  });

  it('the same seed gives the same run, down to the last line', { timeout: 60_000 }, async () => {
    const plan = planOf(42, 150);
    const [one, other] = [await play(plan, true), await play(plan, true)];
    expect(one.trace.length).toBeGreaterThan(500);
    expect(other).toEqual(one);
  });

  it('runs meet everything that the rules speak of', { timeout: 120_000 }, async () => {
    let text = '';
    for (let seed = 1; seed <= 12; seed += 1) text += (await play(planOf(seed, 300), true)).trace.join('\n');
    const missing = MET.filter((words) => !text.includes(words));
    expect(missing).toEqual([]);
  });
});

/** Ends of requests, ends of trials, and what an operator does. */
const MET = [
  'ended: served ',
  'ended: broken ',
  'ended: refused ',
  'ended: exhausted ',
  'ended: cancelled ',
  'ended: local ',
  ' joins q',
  'its trial succeeded',
  'its trial failed',
  'its trial was cut short',
  'tried while it cools',
  'provider.learned',
  '· reload',
  '· operator',
  '· cleanup',
];
