import { describe } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { errorEvent } from '../../src/simulator/errors.ts';
import { type ScenarioName, scenario } from '../../src/simulator/scenarios.ts';
import { entry } from './support/balancer.ts';
import { messagesOf } from './support/bodies.ts';
import { ANSWER } from './support/failover.ts';
import { scene } from './support/stage.ts';

const GOOD: Behaviour = { kind: 'message', text: ANSWER };

/** Breaks before any block is complete. */
const BEFORE_A_BLOCK: readonly ScenarioName[] = [
  'reset_mid_text',
  'reset_mid_event',
  'fin_mid_text',
  'end_mid_text',
  'bad_framing_mid_text',
];

describe('A stream that breaks after its first content is passed on as broken, and Claude Code', () => {
  scene.concurrent.for(BEFORE_A_BLOCK.map((name) => ({ name, about: scenario(name).about })))(
    'asks once more, as a stream: $name, $about',
    async ({ name }, { stage, expect }) => {
      const provider = await stage.provider({
        name: 'only',
        behaviour: [scenario(name).behaviour, GOOD],
      });
      const balancer = await stage.balancer({ providers: [entry('only', provider.url)] });
      const result = await stage.claude(balancer.url);

      expect(result).toMatchObject({ code: 0, stdout: `${ANSWER}\n` });
      const [first, second] = await Promise.all(
        [1, 2].map((at) => balancer.events.next('request.ended', at)),
      );
      expect([first?.result, first?.trace.attempts.at(-1)?.outcome?.kind]).toEqual(['broken', 'cut_late']);
      expect(second?.result).toBe('served');
      const bodies = balancer.tap.requests.map(({ body }) => body.toString());
      expect(bodies).toHaveLength(2);
      expect(bodies[1]).toBe(bodies[0]);
    },
  );

  scene.concurrent(
    'asks without a stream after an error event, and is answered anew',
    async ({ stage, expect }) => {
      const words = errorEvent('api_error', 'broken off');
      const provider = await stage.provider({
        name: 'only',
        behaviour: [{ kind: 'cut', after: 'delta', add: [words], ends: 'end' }, GOOD],
      });
      const balancer = await stage.balancer({ providers: [entry('only', provider.url)] });
      const result = await stage.claude(balancer.url);

      expect(result).toMatchObject({ code: 0, stdout: `${ANSWER}\n` });
      const streams = provider.requests.map((request) => (request.json() as { stream?: boolean }).stream);
      expect(streams).toHaveLength(2);
      expect([streams[0], streams[1] === true]).toEqual([true, false]);
    },
  );

  scene.concurrent('continues where a completed block ended', async ({ stage, expect }) => {
    const begun = 'This much was said';
    const provider = await stage.provider({
      name: 'only',
      behaviour: [{ kind: 'cut', after: 'block_stop', ends: 'fin', of: { text: begun } }, GOOD],
    });
    const balancer = await stage.balancer({ providers: [entry('only', provider.url)] });
    const result = await stage.claude(balancer.url);

    expect(result.code).toBe(0);
    expect(result.stdout).toContain(ANSWER);
    expect(provider.requests).toHaveLength(2);
    const [question, continuation] = provider.requests.map(messagesOf);
    expect(continuation?.slice(question?.length)).toMatchObject([
      { role: 'assistant', content: [{ type: 'text', text: begun }] },
      { role: 'user' },
    ]);
    expect(provider.requests[1]?.json()).toMatchObject({ stream: true });
  });
});
