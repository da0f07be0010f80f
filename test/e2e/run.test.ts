import { describe } from 'vitest';
import { scenario } from '../../src/simulator/scenarios.ts';
import { entry, keyOf } from './support/balancer.ts';
import { ANSWER, expectOnlyOwnKey } from './support/failover.ts';
import { runClaude } from './support/run-command.ts';
import { scene } from './support/stage.ts';

const SERVED = { code: 0, stdout: `${ANSWER}\n`, stderr: '' };
const USER_KEY = 'sk-key-of-the-user';
const USER_TOKEN = 'token-of-the-user';
const DOOR_KEY = 'key-of-the-door';

describe('run -- claude', () => {
  scene.concurrent(
    'answers without a login, over a balancer of its own, and fails over unseen',
    async ({ stage, expect }) => {
      const first = await stage.provider({
        name: 'first',
        behaviour: scenario('internal_server_error').behaviour,
      });
      const second = await stage.provider({ name: 'second', behaviour: { kind: 'message', text: ANSWER } });
      const providers = [entry('first', first.url), entry('second', second.url)];

      expect(await runClaude(stage, { providers })).toEqual(SERVED);
      expect(first.requests).toHaveLength(1);
      for (const received of second.requests) expectOnlyOwnKey(expect, received, 'second');
    },
  );

  scene.concurrent('keeps the user’s credentials out of its requests', async ({ stage, expect }) => {
    // What comes in is what goes out: this provider stands where the balancer would be.
    const door = await stage.provider({ name: 'door', behaviour: { kind: 'message', text: ANSWER } });
    const providers = [entry('door', door.url)];
    const env = { ANTHROPIC_API_KEY: USER_KEY, CLAUDE_CODE_OAUTH_TOKEN: USER_TOKEN };

    expect(await runClaude(stage, { providers }, env)).toEqual(SERVED);
    const whole = door.requests.map(({ rawHeaders, body }) => `${rawHeaders.join('\n')}\n${body}`).join('\n');
    expect(whole).toContain(keyOf('door'));
    expect(whole).not.toMatch(new RegExp(`${USER_KEY}|${USER_TOKEN}`));
  });

  scene.concurrent('opens the balancer’s locked door', async ({ stage, expect }) => {
    const provider = await stage.provider({ name: 'first', behaviour: { kind: 'message', text: ANSWER } });
    const settings = { auth: { enabled: true, api_key: DOOR_KEY } };
    const providers = [entry('first', provider.url)];
    const env = { ANTHROPIC_API_KEY: USER_KEY };

    expect(await runClaude(stage, { providers, settings }, env)).toEqual(SERVED);
    for (const received of provider.requests) expectOnlyOwnKey(expect, received, 'first');
  });

  scene.concurrent(
    'opens it beside the user’s own token, which a passthrough provider gets',
    async ({ stage, expect }) => {
      const provider = await stage.provider({ name: 'own', behaviour: { kind: 'message', text: ANSWER } });
      const settings = { auth: { enabled: true, api_key: DOOR_KEY } };
      const providers = [entry('own', provider.url, { auth_value: 'passthrough' })];
      const env = { ANTHROPIC_AUTH_TOKEN: USER_TOKEN };

      expect(await runClaude(stage, { providers, settings }, env)).toEqual(SERVED);
      const [received] = provider.requests;
      expect(received?.header('authorization')).toBe(`Bearer ${USER_TOKEN}`);
      expect(received?.rawHeaders.join('\n')).not.toContain(DOOR_KEY);
    },
  );

  scene.concurrent('gives its exit code, and says where the log is', async ({ stage, expect }) => {
    const provider = await stage.provider({
      name: 'first',
      behaviour: scenario('internal_server_error').behaviour,
    });
    const settings = { hold_while_cooling: 0 };
    const providers = [entry('first', provider.url)];
    const env = { CLAUDE_CODE_MAX_RETRIES: '0' };

    const { code, stdout, stderr } = await runClaude(stage, { providers, settings }, env);
    expect(code).toBe(1);
    expect(stdout).toContain('first');
    expect(stderr).toMatch(/^The balancer could not serve \d+ requests?; its log tells why: \S+run\.log\n$/);
  });
});
