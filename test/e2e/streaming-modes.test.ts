import { describe } from 'vitest';
import { entry } from './support/balancer.ts';
import { ANSWER } from './support/failover.ts';
import { scene } from './support/stage.ts';

const SERVED = { code: 0, stdout: `${ANSWER}\n`, stderr: '' };

describe('With streaming_mode', () => {
  scene.concurrent.for(['direct', 'background', 'auto'] as const)(
    '%s Claude Code prints a healthy provider’s answer after one request',
    async (mode, { stage, expect }) => {
      const provider = await stage.provider({ name: 'only', behaviour: { kind: 'message', text: ANSWER } });
      const balancer = await stage.balancer({
        providers: [entry('only', provider.url, { streaming_mode: mode, must_stream: true })],
      });
      expect(await stage.claude(balancer.url)).toEqual(SERVED);
      expect(balancer.tap.requests).toHaveLength(1);
    },
  );

  scene.concurrent(
    'background a break in the middle of the text fails over: Claude Code sends one request and prints the second provider’s answer',
    async ({ stage, expect }) => {
      const broken = await stage.provider({
        name: 'broken',
        behaviour: { kind: 'cut', after: 'block_stop', ends: 'reset', of: { text: 'Half of' } },
      });
      const good = await stage.provider({ name: 'good', behaviour: { kind: 'message', text: ANSWER } });
      const balancer = await stage.balancer({
        providers: [entry('broken', broken.url, { streaming_mode: 'background' }), entry('good', good.url)],
      });
      expect(await stage.claude(balancer.url)).toEqual(SERVED);
      expect(balancer.tap.requests).toHaveLength(1);
      expect([broken.requests.length, good.requests.length]).toEqual([1, 1]);
    },
  );
});

describe('A provider that must stream', () => {
  scene.concurrent('answers a request without streaming as one message', async ({ stage, expect }) => {
    const provider = await stage.provider({ name: 'only', behaviour: { kind: 'message', text: ANSWER } });
    const balancer = await stage.balancer({
      providers: [entry('only', provider.url, { must_stream: true })],
    });
    const response = await fetch(`${balancer.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude-sonnet-5',
        max_tokens: 9,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    expect(await response.json()).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: ANSWER }],
    });
    expect(provider.requests[0]?.json()).toMatchObject({ stream: true });
  });
});
