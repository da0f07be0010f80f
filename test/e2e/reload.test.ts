import { describe } from 'vitest';
import { entry } from './support/balancer.ts';
import { scene } from './support/stage.ts';

const CLIENTS = 3;

describe('A reload', () => {
  scene('breaks none of the running answers, and newcomers go where it says', async ({ stage, expect }) => {
    const old = await stage.provider({
      name: 'old',
      behaviour: { kind: 'message', text: 'From the old one.', hold: 'before_last' },
    });
    const fresh = await stage.provider({
      name: 'fresh',
      behaviour: { kind: 'message', text: 'From the fresh one.' },
    });
    const balancer = await stage.balancer({ providers: [entry('old', old.url)] });
    const running = await Promise.all(Array.from({ length: CLIENTS }, () => stage.startClaude(balancer.url)));
    for (const _ of running) await (await old.nextRequest(60_000)).held;

    await balancer.reconfigure({ providers: [entry('fresh', fresh.url)] });
    const newcomer = await stage.claude(balancer.url);
    expect(newcomer).toEqual({ code: 0, stdout: 'From the fresh one.\n', stderr: '' });

    old.release();
    const results = await Promise.all(running.map((run) => run.result));
    expect(results).toEqual(running.map(() => ({ code: 0, stdout: 'From the old one.\n', stderr: '' })));
    expect(balancer.tap.requests).toHaveLength(CLIENTS + 1);
    expect(balancer.balancer.engine.status().providers.map(({ id }) => id)).toEqual(['fresh']);
  });
});
