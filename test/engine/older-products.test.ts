import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import type { SimulatedProvider } from '../../src/simulator/provider.ts';
import { scenario } from '../../src/simulator/scenarios.ts';
import { olderFile } from '../config/older-fixtures.ts';
import { DOWN, GOOD } from '../support/behaviours.ts';
import { messagesBody } from '../support/client.ts';
import { credentialsOf, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

/** A file of 0.1.6 with these providers, in this order, and its own settings: patterns, codes, limits. */
function fileOf(providers: readonly SimulatedProvider[], changes: Changes = {}): string {
  const { credentials = {}, routes, settings = '' } = changes;
  const entries = providers.map(
    ({ name, url }) =>
      `  - name: "${name}"\n    type: "anthropic"\n    base_url: "${url}/"\n${credentials[name] ?? KEY}    enabled: true\n`,
  );
  const targets = providers.map(
    ({ name }, index) => `    - {provider: "${name}", model: "passthrough", priority: ${index + 1}}\n`,
  );
  const own = olderFile('0.1.6');
  const ownSettings = own
    .slice(own.indexOf('settings:'), own.indexOf('\nauth:'))
    .replace(/ *log_file_path.*\n/, '');
  return [
    `providers:\n${entries.join('')}`,
    `model_routes:\n${routes ?? `  "*":\n${targets.join('')}`}`,
    `${ownSettings.trimEnd()}\n${settings}`,
  ].join('\n');
}

interface Changes {
  /** Lines about a provider's credential, by its name. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly routes?: string;
  /** More lines of settings. */
  readonly settings?: string;
}

const KEY = '    auth_type: "api_key"\n    auth_value: "key"\n';

describe('what older products did wrong and this one does right, from a file of 0.1.6:', () => {
  it.each([
    ['auth_token', 'oauth'],
    ['api_key', 'oauth'],
    ['oauth', 'oauth'],
    ['oauth', 'any'],
  ])('`auth_type: %s` with `auth_value: %s` never sends the word as a credential', async (type, value) => {
    const account = await start({ name: 'account' });
    const other = await start({ name: 'other' });
    const credentials = { account: `    auth_type: "${type}"\n    auth_value: "${value}"\n` };
    const bench = await balance(fileOf([account, other], { credentials }));
    const answer = await bench.messages().end;
    expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'other']);
    for (const request of [...account.requests, ...other.requests]) {
      expect(credentialsOf(request).join()).not.toMatch(/oauth|any/);
    }
  });

  it("a route's model goes to an Anthropic provider", async () => {
    const only = await start({ name: 'only' });
    const routes =
      '  "*sonnet*":\n    - {provider: "only", model: "claude-3-5-sonnet-20241022", priority: 1}\n';
    const bench = await balance(fileOf([only], { routes }));
    expect((await bench.messages().end).status).toBe(200);
    expect(only.requests[0]?.json()).toMatchObject({ model: 'claude-3-5-sonnet-20241022' });
  });

  it('a bad file on reload leaves providers, settings and health as they are', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const bench = await balance(fileOf([first, second]));
    await bench.messages().end;
    const before = await bench.view();
    for (const bad of ['providers: [', 'providers: []\n', 'settings: {port: many}\n', '- a list\n', '']) {
      const outcome = await bench.reload(bad);
      expect(outcome.kind).toBe('rejected');
    }
    expect(await bench.view()).toEqual(before);
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('second');
  });

  it('a good file on reload keeps what is known of providers that stay as they are', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const bench = await balance(fileOf([first, second]));
    await bench.messages().end;
    expect((await bench.provider('first')).failures).toBe('1/2');
    expect((await bench.reload(fileOf([first, second], { settings: '  random_top: 2\n' }))).kind).toBe(
      'reloaded',
    );
    expect((await bench.provider('first')).failures).toBe('1/2');
  });

  it.each([403, 404, 408, 429, 500, 502, 503, 504, 524])(
    'the very first error, a %d below the threshold, fails over',
    async (status) => {
      const behaviour = { kind: 'http', status, body: '{"error":{"message":"out of order"}}' } as const;
      const first = await start({ name: 'first', behaviour });
      const second = await start({ name: 'second' });
      const bench = await balance(fileOf([first, second]));
      const answer = await bench.messages().end;
      expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'second']);
    },
  );

  it('the first error goes to the client where `failover_below_threshold: false` asks for it, as it did', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const settings = '  failover_below_threshold: false\n';
    const bench = await balance(fileOf([first, second], { settings }));
    expect((await bench.messages().end).status).toBe(500);
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('second');
  });

  it('one failure counts once', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const bench = await balance(fileOf([first, second]));
    await bench.messages().end;
    expect(await bench.provider('first')).toMatchObject({ failures: '1/2', healthy: true, failure_count: 1 });
  });

  it.each([true, false])(
    'a model that writes about errors is not taken for one, whatever the patterns say (a stream: %s)',
    async (stream) => {
      const text =
        '"type": "error"\n\ndata: {"error": 1}\nevent: error\n{"message": "rate limit"} 没有可用 quota';
      const first = await start({ name: 'first', behaviour: { kind: 'message', text, pieces: 1 } });
      const second = await start({ name: 'second' });
      const bench = await balance(fileOf([first, second]));
      const answer = await bench.messages({ body: messagesBody({ stream }) }).end;
      expect(answer.header('x-balancer-provider')).toBe('first');
      expect(answer.text).toContain(JSON.stringify(text).slice(1, -1));
      await bench.ended(1);
      expect(await bench.provider('first')).toMatchObject({ failures: '0/2', last_error: null });
    },
  );

  it('an error after some text is the provider’s failure, and no words of the model', async () => {
    const first = await start({ name: 'first', behaviour: scenario('sse_error_mid_text').behaviour });
    const bench = await balance(fileOf([first]));
    const answer = await bench.messages().end;
    expect(answer.events.at(-1)?.name).toBe('error');
    expect(answer.text).not.toMatch(/❌|"stop_reason":"error"|message_stop/);
    expect((await bench.ended(1)).result).toBe('broken');
    expect((await bench.provider('first')).failures).toBe('1/2');
  });

  it.each(['fin_mid_text', 'reset_mid_text'] as const)(
    'an answer that breaks off (%s) gets no text of ours, and is no success',
    async (name) => {
      const first = await start({ name: 'first', behaviour: scenario(name).behaviour });
      const bench = await balance(fileOf([first]));
      const answer = await bench.messages().end;
      expect(answer.text).not.toMatch(/❌|"stop_reason":"error"|message_stop/);
      expect((await bench.ended(1)).result).toBe('broken');
      expect((await bench.provider('first')).failures).toBe('1/2');
    },
  );

  it.each([400, 413, 422])("the request's own fault, a %d, counts against nobody", async (status) => {
    const first = await start({
      name: 'first',
      behaviour: apiError(status, 'invalid_request_error', 'messages.0: this cannot be'),
    });
    const bench = await balance(fileOf([first]));
    for (let request = 0; request < 3; request += 1) {
      expect((await bench.messages().end).status).toBe(status);
    }
    expect(await bench.provider('first')).toMatchObject({ failures: '0/2', state: 'healthy' });
  });

  it('what its validator refused passes: large max_tokens, system messages, server tools', async () => {
    const only = await start({ name: 'only' });
    const bench = await balance(fileOf([only]));
    const body = messagesBody({
      max_tokens: 128_000,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'be brief' },
      ],
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    });
    expect((await bench.messages({ body }).end).status).toBe(200);
    expect(only.requests[0]?.json()).toEqual(body);
  });

  it('with round_robin the strategy acts, and each session has a provider of its own', async () => {
    const providers = await Promise.all(['A', 'B', 'C'].map((name) => start({ name })));
    const file = fileOf(providers).replace(
      'selection_strategy: "priority"',
      'selection_strategy: "round_robin"',
    );
    const bench = await balance(file);
    const names: (string | undefined)[] = [];
    for (const session of ['1', '2', '3', '1', '2', '3', undefined, undefined]) {
      const headers = session === undefined ? {} : { headers: { 'x-claude-code-session-id': session } };
      names.push((await bench.messages(headers).end).header('x-provider-used'));
    }
    expect(names.join('')).toBe('ABCABCAB');
  });

  it('a provider comes back from its cooldown with one request, not with all', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({ name: 'second' });
    const settings = '  sticky_provider_duration: 0\n';
    const file = fileOf([first, second]).replace(/ *sticky_provider_duration.*\n/, settings);
    const bench = await balance(file);
    for (let failure = 0; failure < 2; failure += 1) {
      await bench.messages().end;
      bench.clock.advance(1000);
    }
    expect((await bench.provider('first')).state).toBe('cooling');
    first.setBehaviour({ kind: 'message', hold: 'before_head' });
    bench.clock.advance(180_000);
    const trial = bench.messages();
    await bench.until('the trial', () => first.requests.length === 3);
    expect((await bench.messages().end).header('x-balancer-provider')).toBe('second');
    first.requests[2]?.release();
    expect((await trial.end).header('x-balancer-provider')).toBe('first');
    first.setBehaviour(GOOD);
    await bench.ended(4);
    expect(await bench.provider('first')).toMatchObject({ state: 'healthy', failures: '0/2' });
  });

  it("the balancer's own key is not sent to a provider that passes the client's through", async () => {
    const only = await start({ name: 'only' });
    const credentials = { only: '    auth_type: "auth_token"\n    auth_value: "passthrough"\n' };
    const auth = 'auth:\n  enabled: true\n  api_key: "door-key"\n';
    const bench = await balance(`${fileOf([only], { credentials })}${auth}`);
    const headers = { 'x-api-key': 'door-key', authorization: 'Bearer of-the-user' };
    expect((await bench.messages({ headers }).end).status).toBe(200);
    expect(only.requests.map(credentialsOf)).toEqual([[undefined, 'Bearer of-the-user']]);
    expect(JSON.stringify(only.requests[0]?.rawHeaders)).not.toContain('door-key');
  });
});
