import { describe, expect, test } from 'vitest';
import type { ProviderSettings } from '../../src/domain/settings/settings.ts';
import { configurationOf, GOOD_PROVIDER } from './support.ts';

/** The provider of these lines, behind one that can always be used. */
function providerOf(...lines: string[]): ProviderSettings {
  const text = `${GOOD_PROVIDER}  - name: it\n${lines.map((line) => `    ${line}\n`).join('')}`;
  const provider = configurationOf(text).providers[1];
  if (provider === undefined) throw new Error('the provider is not there');
  return provider;
}

describe('a credential', () => {
  const base = 'base_url: https://a.example';
  test.each([
    ['a key by default', ['auth_value: k'], { kind: 'api_key', value: 'k' }],
    [
      'a token where auth_type says so',
      ['auth_type: auth_token', 'auth_value: t'],
      { kind: 'auth_token', value: 't' },
    ],
    ['without the line end that came along', ['auth_value: "k\\r\\n"'], { kind: 'api_key', value: 'k' }],
    ['the client’s own', ['auth_type: auth_token', 'auth_value: passthrough'], { kind: 'passthrough' }],
    ['an account by value', ['auth_type: auth_token', 'auth_value: oauth'], { kind: 'oauth' }],
    ['an account by type', ['auth_type: oauth'], { kind: 'oauth' }],
    ['missing', [], { kind: 'missing', reason: 'it has no credential' }],
  ])('is %s', (_, lines, credential) => {
    expect(providerOf(base, ...lines).credential).toEqual(credential);
  });
});

describe('a base_url', () => {
  test.each([
    ['https://a.example/', 'https://a.example'],
    ['https://a.example/claudecode//', 'https://a.example/claudecode'],
    ['https://a.example/api/v1', 'https://a.example/api'],
    ['https://a.example/v1/messages', 'https://a.example'],
    ['https://a.example/v1beta', 'https://a.example/v1beta'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['HTTPS://A.example:443', 'https://a.example'],
  ])('%s is read as %s', (written, read) => {
    expect(providerOf(`base_url: ${written}`, 'auth_value: k').baseUrl).toBe(read);
  });

  test.each(['https://a.example/v1', 'https://a.example/openai/deployments/gpt?api-version=2024-10-21'])(
    'of type openai is used as it is written: %s',
    (written) => {
      const provider = providerOf('type: openai', `base_url: "${written}"`, 'auth_value: k');
      expect([provider.baseUrl, provider.unservable]).toEqual([written, undefined]);
    },
  );

  test.each(['a.example', 'ftp://a.example', 'https://', 'https://u:p@a.example', 'https://a.example?k=v'])(
    '%s keeps the provider from being used',
    (written) => {
      expect(providerOf(`base_url: "${written}"`, 'auth_value: k').credential.kind).toBe('missing');
    },
  );
});

test('a provider whose proxy cannot be used is not asked past it', () => {
  const provider = providerOf('base_url: https://a.example', 'auth_value: k', 'proxy: 127.0.0.1:7890');
  expect(provider.credential).toEqual({ kind: 'missing', reason: 'its proxy is not a complete address' });
  expect(provider.proxy).toBeUndefined();
});

test.each(['http://127.0.0.1:7890', 'https://u:p@proxy.example', 'socks5://127.0.0.1:1080'])(
  'a proxy may be %s',
  (proxy) => {
    expect(providerOf('base_url: https://a.example', 'auth_value: k', `proxy: ${proxy}`).proxy).toBe(proxy);
  },
);

test('header names become lower case', () => {
  const provider = providerOf(
    'base_url: https://a.example',
    'auth_value: k',
    'headers: { X-Team: Platform }',
  );
  expect(provider.headers).toEqual({ 'x-team': 'Platform' });
});

test('a provider’s own limits go before the general ones', () => {
  const { timeouts } = providerOf(
    'base_url: https://a.example',
    'auth_value: k',
    'timeouts: { streaming: { read_timeout: 7 } }',
  );
  expect(timeouts.streaming).toEqual({
    connectMs: 30_000,
    readMs: 7000,
    poolMs: 30_000,
    firstContentMs: 180_000,
  });
  expect(timeouts.nonStreaming.readMs).toBe(600_000);
});

test('one name may have several accounts', () => {
  const configuration = configurationOf(`providers:
  - { name: a, base_url: "https://a.example", auth_value: k }
  - { name: a, account_email: x@mail.example, base_url: "https://a.example", auth_value: k }
  - { name: a, account_email: x@mail.example, base_url: "https://b.example", auth_value: k }
`);
  expect(configuration.providers.map(({ id, baseUrl }) => [id, baseUrl])).toEqual([
    ['a', 'https://a.example'],
    ['a#x@mail.example', 'https://a.example'],
  ]);
});

describe('a route', () => {
  const PROVIDERS = `providers:
  - { name: a, account_email: one, base_url: "https://a.example", auth_value: k }
  - { name: a, account_email: two, base_url: "https://a.example", auth_value: k }
  - { name: b, base_url: "https://b.example", auth_value: k }
`;
  const targetsOf = (lines: string) =>
    configurationOf(`${PROVIDERS}model_routes:\n  "*":\n${lines}`).routes.flatMap(({ targets }) => targets);

  test('to a name goes to every account of it', () => {
    expect(targetsOf('    - provider: a\n').map(({ provider }) => provider)).toEqual(['a#one', 'a#two']);
  });

  test('to an account goes there only', () => {
    const targets = targetsOf('    - { provider: a, account_email: two }\n    - provider: a#one\n');
    expect(targets.map(({ provider }) => provider)).toEqual(['a#two', 'a#one']);
  });

  test('gets its position as priority, passes the model through and is enabled unless it says otherwise', () => {
    expect(
      targetsOf('    - provider: b\n    - { provider: b, model: m, priority: 0, enabled: false }\n'),
    ).toEqual([
      { provider: 'b', model: 'passthrough', priority: 1, enabled: true },
      { provider: 'b', model: 'm', priority: 0, enabled: false },
    ]);
  });

  test('keeps the order of the file', () => {
    const { routes } = configurationOf(
      `${PROVIDERS}model_routes:\n  "*z*": [{ provider: b }]\n  claude: [{ provider: b }]\n  "*a*": [{ provider: b }]\n`,
    );
    expect(routes.map(({ pattern }) => pattern)).toEqual(['*z*', 'claude', '*a*']);
  });
});

describe('compat of a provider of type openai', () => {
  const openai = ['type: openai', 'base_url: https://a.example/v1', 'auth_value: k'];

  test('is read key by key', () => {
    const { compat } = providerOf(
      ...openai,
      'compat:',
      '  max_tokens_field: max_completion_tokens',
      '  max_tokens_limit: "8192"',
      '  context_window: 131072',
      '  reasoning: think_tags',
      '  tool_choice_required: any',
      '  parallel_tool_calls: no',
      '  images: false',
      '  stream_usage: true',
      '  cache_control: true',
      '  extra_body: { provider: { order: [a, ~, 2], allow: true }, seed: 7, user: null }',
      '  drop_fields: [top_k]',
    );
    expect(compat).toEqual({
      maxTokensField: 'max_completion_tokens',
      maxTokensLimit: 8192,
      contextWindow: 131_072,
      reasoning: 'think_tags',
      toolChoiceRequired: 'any',
      parallelToolCalls: false,
      images: false,
      streamUsage: true,
      cacheControl: true,
      extraBody: { provider: { order: ['a', null, 2], allow: true }, seed: 7, user: null },
      dropFields: ['top_k'],
    });
  });

  test('is absent where the file says nothing, and on other types', () => {
    expect(providerOf(...openai).compat).toBeUndefined();
    expect(providerOf(...openai, 'compat:').compat).toBeUndefined();
    expect(
      providerOf('base_url: https://a.example', 'auth_value: k', 'compat: { images: false }').compat,
    ).toBeUndefined();
  });
});
