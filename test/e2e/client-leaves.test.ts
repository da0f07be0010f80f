import { describe } from 'vitest';
import type { MessageBehaviour } from '../../src/simulator/behaviour.ts';
import { entry } from './support/balancer.ts';
import { withDeadline } from './support/deadline.ts';
import { scene } from './support/stage.ts';

const HOLDS = [
  'before_head',
  'before_content',
  'before_last',
] as const satisfies readonly MessageBehaviour['hold'][];

describe('When the user interrupts Claude Code', () => {
  scene.concurrent.for(HOLDS)('the provider is let go of: held %s', async (hold, { stage, expect }) => {
    const provider = await stage.provider({ name: 'only', behaviour: { kind: 'message', hold } });
    const balancer = await stage.balancer({ providers: [entry('only', provider.url)] });
    const run = await stage.startClaude(balancer.url);
    const received = await provider.nextRequest(60_000);
    await received.held;
    run.process.kill('SIGINT');

    // Only the abort ends this answer: nobody ever releases it.
    const ended = await withDeadline(
      'the upstream is closed',
      (resolve) => void received.ended.then(resolve),
    );
    expect(ended).toBe('client_left');
    const { result } = await balancer.events.next('request.ended');
    expect(result).toBe('cancelled');
    await run.result;
    const [status] = balancer.balancer.engine.status().providers;
    expect(status).toMatchObject({ state: 'healthy', health: { failures: 0 }, requests: { inFlight: 0 } });
    expect(provider.requests).toHaveLength(1);
  });
});
