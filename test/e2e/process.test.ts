import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { scenario } from '../../src/simulator/scenarios.ts';
import { entry, keyOf } from './support/balancer.ts';
import { withDeadline } from './support/deadline.ts';
import { ANSWER } from './support/failover.ts';
import { scene } from './support/stage.ts';

const SERVED = { code: 0, stdout: `${ANSWER}\n`, stderr: '' };

describe('The balancer as a process', () => {
  scene.concurrent('finishes a running answer after SIGTERM, and then ends', async ({ stage, expect }) => {
    const provider = await stage.provider({
      name: 'only',
      behaviour: { kind: 'message', text: ANSWER, hold: 'before_last' },
    });
    const balancer = await stage.process(await stage.folder(), { providers: [entry('only', provider.url)] });
    const run = await stage.startClaude(await balancer.url);
    const received = await provider.nextRequest(60_000);
    await received.held;

    balancer.process.kill('SIGTERM');
    await balancer.said(/Draining: 1 request/);
    received.release();
    expect(await run.result).toEqual(SERVED);
    expect(await balancer.exited).toBe(0);
    expect(await received.ended).toBe('answered');
    expect(provider.requests).toHaveLength(1);
  });

  scene.concurrent('ends at once after a second signal', async ({ stage, expect }) => {
    const provider = await stage.provider({
      name: 'only',
      behaviour: { kind: 'message', hold: 'before_last' },
    });
    const balancer = await stage.process(await stage.folder(), { providers: [entry('only', provider.url)] });
    await stage.startClaude(await balancer.url);
    const received = await provider.nextRequest(60_000);
    await received.held;

    balancer.process.kill('SIGTERM');
    await balancer.said(/Draining: 1 request/);
    balancer.process.kill('SIGTERM');
    await balancer.exited;
    const ended = await withDeadline(
      'the upstream is closed',
      (resolve) => void received.ended.then(resolve),
    );
    expect(ended).toBe('client_left');
  });

  scene.concurrent('knows after a restart who was cooling', async ({ stage, expect }) => {
    const limited = await stage.provider({ name: 'limited', behaviour: scenario('rate_limit').behaviour });
    const good = await stage.provider({ name: 'good', behaviour: { kind: 'message', text: ANSWER } });
    const file = { providers: [entry('limited', limited.url), entry('good', good.url)] };
    const folder = await stage.folder();

    const before = await stage.process(folder, file);
    expect(await stage.claude(await before.url)).toEqual(SERVED);
    expect(limited.requests).toHaveLength(1);
    before.process.kill('SIGTERM');
    expect(await before.exited).toBe(0);

    const after = await stage.process(folder, file);
    expect(await stage.claude(await after.url)).toEqual(SERVED);
    expect(limited.requests).toHaveLength(1);
    expect(good.requests).toHaveLength(2);
    // Neither what it wrote nor what it kept holds a credential.
    const kept = await readFile(join(folder, '.local/state/claude-code-balancer/health.json'), 'utf8');
    for (const name of ['limited', 'good']) {
      expect(`${kept}${before.output()}${after.output()}`).not.toContain(keyOf(name));
    }
  });

  scene.concurrent('says who has its port, and how to choose another', async ({ stage, expect }) => {
    const file = { providers: [entry('only', 'http://127.0.0.1:1')] };
    const first = await stage.process(await stage.folder(), file);
    const port = Number(new URL(await first.url).port);
    const second = await stage.process(await stage.folder(), file, port);

    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`Port ${port} on 127.0.0.1 is in use`);
    expect(second.output()).toContain('--port');
    expect(first.process.exitCode).toBeNull();
  });

  scene.concurrent(
    'takes over a change of its file, and keeps running at a bad one',
    async ({ stage, expect }) => {
      const old = await stage.provider({
        name: 'old',
        behaviour: { kind: 'message', text: 'From the old one.' },
      });
      const fresh = await stage.provider({ name: 'fresh', behaviour: { kind: 'message', text: ANSWER } });
      const folder = await stage.folder();
      const balancer = await stage.process(folder, { providers: [entry('old', old.url)] });
      const url = await balancer.url;
      const path = join(folder, 'providers.yaml');

      await writeFile(path, 'providers: [{');
      await balancer.said(/Configuration rejected/);
      expect(await stage.claude(url)).toMatchObject({ code: 0, stdout: 'From the old one.\n' });

      await writeFile(path, JSON.stringify({ providers: [entry('fresh', fresh.url)] }));
      await balancer.said(/Configuration reloaded/);
      expect(await stage.claude(url)).toEqual(SERVED);
    },
  );
});
