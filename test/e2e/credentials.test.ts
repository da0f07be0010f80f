import { describe } from 'vitest';
import { scenario } from '../../src/simulator/scenarios.ts';
import { entry, keyOf } from './support/balancer.ts';
import { CLIENT_KEY } from './support/claude.ts';
import { ANSWER, expectOnlyOwnKey } from './support/failover.ts';
import { scene } from './support/stage.ts';

const ROUTED = 'claude-from-elsewhere';

describe('Credentials and models', () => {
  scene.concurrent(
    'both of the client’s credentials stay at the balancer’s door',
    async ({ stage, expect }) => {
      const provider = await stage.provider({ name: 'first', behaviour: { kind: 'message', text: ANSWER } });
      const balancer = await stage.balancer({
        providers: [entry('first', provider.url)],
        settings: { auth: { enabled: true, api_key: CLIENT_KEY } },
      });
      const result = await stage.claude(balancer.url, {
        env: { ANTHROPIC_AUTH_TOKEN: `${CLIENT_KEY}-token` },
      });

      expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
      expect(balancer.tap.requests[0]?.header('authorization')).toBe(`Bearer ${CLIENT_KEY}-token`);
      for (const received of provider.requests) {
        expectOnlyOwnKey(expect, received, 'first');
        expect(received.header('authorization')).toBeUndefined();
      }
    },
  );

  scene.concurrent(
    'a wrong key is refused at the door, and no provider hears of it',
    async ({ stage, expect }) => {
      const provider = await stage.provider({ name: 'first', behaviour: { kind: 'message' } });
      const balancer = await stage.balancer({
        providers: [entry('first', provider.url)],
        settings: { auth: { enabled: true, api_key: 'another-key' } },
      });
      const result = await stage.claude(balancer.url, { env: { CLAUDE_CODE_MAX_RETRIES: '0' } });

      expect(result.code).toBe(1);
      expect(result.stdout).toMatch(/authenticate|API key/);
      expect(provider.requests).toHaveLength(0);
    },
  );

  scene.concurrent(
    'a passthrough provider gets the client’s own credential, and only it',
    async ({ stage, expect }) => {
      const own = await stage.provider({ name: 'own', behaviour: scenario('unauthorized').behaviour });
      const second = await stage.provider({ name: 'second', behaviour: { kind: 'message', text: ANSWER } });
      const balancer = await stage.balancer({
        providers: [entry('own', own.url, { auth_value: 'passthrough' }), entry('second', second.url)],
      });
      const result = await stage.claude(balancer.url);

      expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
      expect(own.requests.map((request) => request.header('x-api-key'))).toEqual([CLIENT_KEY]);
      for (const received of second.requests) expectOnlyOwnKey(expect, received, 'second');
      const { trace } = await balancer.events.next('request.ended');
      expect(trace.attempts[0]?.outcome?.kind).toBe('client_credentials');
      expect(balancer.balancer.engine.status().providers[0]?.state).toBe('healthy');
    },
  );

  scene.concurrent(
    'a key that a provider echoes is struck out of what the user sees',
    async ({ stage, expect }) => {
      const echo = await stage.provider({ name: 'echo', behaviour: scenario('echoed_key').behaviour });
      const balancer = await stage.balancer({
        providers: [entry('echo', echo.url)],
        settings: { hold_while_cooling: 0 },
      });
      const result = await stage.claude(balancer.url);

      expect(result.code).toBe(1);
      expect(result.stdout).toContain('echo');
      expect(`${result.stdout}${result.stderr}`).not.toContain(keyOf('echo'));
      expect(JSON.stringify(balancer.events.of('request.ended'))).not.toContain(keyOf('echo'));
      // Nothing mends itself here: the client is told so, and does not spend three minutes on retries.
      expect(balancer.tap.requests).toHaveLength(1);
    },
  );

  scene.concurrent(
    'a route changes the model’s name in the body, and no other byte',
    async ({ stage, expect }) => {
      const provider = await stage.provider({ name: 'first', behaviour: { kind: 'message', text: ANSWER } });
      const balancer = await stage.balancer({
        providers: [entry('first', provider.url)],
        model_routes: { '*opus*': [{ provider: 'first', model: ROUTED }] },
      });
      const result = await stage.claude(balancer.url);

      expect(result).toEqual({ code: 0, stdout: `${ANSWER}\n`, stderr: '' });
      const sent = balancer.tap.requests[0]?.body.toString() ?? '';
      const { model } = JSON.parse(sent) as { model: string };
      expect(model).toContain('opus');
      expect(provider.requests[0]?.body.toString()).toBe(
        sent.replace(`"model":${JSON.stringify(model)}`, `"model":${JSON.stringify(ROUTED)}`),
      );
    },
  );
});
