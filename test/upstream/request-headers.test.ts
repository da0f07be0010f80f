import { describe, expect, it } from 'vitest';
import type { Credential } from '../../src/domain/settings/settings.ts';
import { upstreamHeaders } from '../../src/upstream/request-headers.ts';

const CLAUDE_CODE = [
  ['Accept', 'application/json'],
  ['Authorization', 'Bearer client-token'],
  ['Content-Type', 'application/json'],
  ['User-Agent', 'claude-cli/2.1.329 (external, cli)'],
  ['X-Claude-Code-Session-Id', 'abc'],
  ['X-Stainless-Timeout', '600'],
  ['anthropic-beta', 'one,two'],
  ['anthropic-version', '2024-01-01'],
  ['x-api-key', 'client-key'],
  ['x-app', 'cli'],
  ['Connection', 'keep-alive, X-Only-Here'],
  ['X-Only-Here', '1'],
  ['Host', 'localhost:9090'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Content-Length', '123'],
].flat();

interface Given {
  readonly client?: readonly string[];
  readonly credential?: Credential;
  readonly headers?: Record<string, string>;
  readonly type?: 'anthropic' | 'openai';
  readonly ownKeys?: readonly string[];
  readonly accessToken?: string;
}

function result({
  client = CLAUDE_CODE,
  credential,
  headers = {},
  type = 'anthropic',
  ownKeys = [],
  ...rest
}: Given) {
  return upstreamHeaders(
    client,
    { type, headers, credential: credential ?? { kind: 'api_key', value: 'provider-key' } },
    { isOwnKey: (value) => ownKeys.includes(value), ...rest },
  );
}

function sent(given: Given): string[] {
  const made = result(given);
  if (made.kind !== 'headers') throw new Error(made.reason);
  return made.headers;
}

function values(headers: readonly string[], name: string): string[] {
  return headers.filter((_text, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}

describe('headers to a provider', () => {
  it('are the client’s in order and case, without what belongs to its own connection, then the credential', () => {
    expect(sent({})).toEqual(
      [
        ['Accept', 'application/json'],
        ['Content-Type', 'application/json'],
        ['User-Agent', 'claude-cli/2.1.329 (external, cli)'],
        ['X-Claude-Code-Session-Id', 'abc'],
        ['X-Stainless-Timeout', '600'],
        ['anthropic-beta', 'one,two'],
        ['anthropic-version', '2024-01-01'],
        ['x-app', 'cli'],
        ['x-api-key', 'provider-key'],
        ['accept-encoding', 'identity'],
      ].flat(),
    );
  });

  it.each([
    'Keep-Alive',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Cookie',
    'Expect',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'Via',
    'X-Real-IP',
    'X-Provider',
    'X-Balancer-Request-Id',
  ])('never contain %s', (name) => {
    expect(values(sent({ client: [name, 'x', 'a', 'b'] }), name.toLowerCase())).toEqual([]);
  });

  it('name a version only where the client named none', () => {
    expect(values(sent({}), 'anthropic-version')).toEqual(['2024-01-01']);
    expect(values(sent({ client: [] }), 'anthropic-version')).toEqual(['2023-06-01']);
    expect(values(sent({ client: [], type: 'openai' }), 'anthropic-version')).toEqual([]);
    expect(values(sent({ client: [], headers: { 'anthropic-version': '9' } }), 'anthropic-version')).toEqual([
      '9',
    ]);
  });
});

describe('the credential', () => {
  it.each<[string, Given, string[], string[]]>([
    ['api_key', { credential: { kind: 'api_key', value: 'k' } }, ['k'], []],
    ['auth_token', { credential: { kind: 'auth_token', value: 't' } }, [], ['Bearer t']],
    [
      'api_key of an OpenAI provider',
      { type: 'openai', credential: { kind: 'api_key', value: 'k' } },
      [],
      ['Bearer k'],
    ],
    ['passthrough', { credential: { kind: 'passthrough' } }, ['client-key'], ['Bearer client-token']],
    ['oauth', { credential: { kind: 'oauth' }, accessToken: 'a' }, [], ['Bearer a']],
  ])('%s is the only one sent', (_name, given, keys, authorizations) => {
    const headers = sent(given);
    expect(values(headers, 'x-api-key')).toEqual(keys);
    expect(values(headers, 'authorization')).toEqual(authorizations);
  });

  it('for the balancer itself never goes upstream', () => {
    const credential: Credential = { kind: 'passthrough' };
    const one = sent({ credential, ownKeys: ['client-token'] });
    expect(values(one, 'authorization')).toEqual([]);
    expect(values(one, 'x-api-key')).toEqual(['client-key']);
    expect(result({ credential, ownKeys: ['client-token', 'client-key'] }).kind).toBe('no_credential');
  });

  it.each<[string, Given]>([
    ['a missing one', { credential: { kind: 'missing', reason: 'ANTHROPIC_KEY is not set' } }],
    ['passthrough without one', { client: [], credential: { kind: 'passthrough' } }],
    ['passthrough with an empty one', { client: ['x-api-key', ' '], credential: { kind: 'passthrough' } }],
    ['an account not signed in', { credential: { kind: 'oauth' } }],
    ['an empty key', { credential: { kind: 'api_key', value: '' } }],
  ])('is never left out: %s sends nothing, and says why', (_name, given) => {
    const made = result(given);
    expect(made.kind).toBe('no_credential');
    expect(made.kind === 'no_credential' && made.reason.length).toBeGreaterThan(10);
  });
});

describe('a provider’s own headers', () => {
  it('replace the client’s of the same name, in any case', () => {
    const headers = sent({
      client: ['User-Agent', 'a', 'user-agent', 'b'],
      headers: { 'user-agent': 'mine', 'x-new': '1' },
    });
    expect(values(headers, 'user-agent')).toEqual(['mine']);
    expect(values(headers, 'x-new')).toEqual(['1']);
  });

  it('append to anthropic-beta what is missing there', () => {
    expect(values(sent({ headers: { 'anthropic-beta': 'two, three' } }), 'anthropic-beta')).toEqual([
      'one,two,three',
    ]);
    expect(values(sent({ headers: { 'anthropic-beta': 'two' } }), 'anthropic-beta')).toEqual(['one,two']);
    expect(values(sent({ client: [], headers: { 'anthropic-beta': 'two' } }), 'anthropic-beta')).toEqual([
      'two',
    ]);
    const twice = ['anthropic-beta', 'a', 'anthropic-beta', 'b'];
    expect(values(sent({ client: twice, headers: { 'anthropic-beta': 'a,c' } }), 'anthropic-beta')).toEqual([
      'a',
      'b,c',
    ]);
  });

  it('can’t break the framing of the request', () => {
    const headers = sent({
      headers: { 'content-length': '1', connection: 'close', 'transfer-encoding': 'chunked' },
    });
    for (const name of ['content-length', 'connection', 'transfer-encoding'])
      expect(values(headers, name)).toEqual([]);
  });

  it('never bring a client’s credential back', () => {
    const headers = sent({ headers: { authorization: 'Bearer configured' } });
    expect(values(headers, 'authorization')).toEqual(['Bearer configured']);
    expect(headers.join()).not.toContain('client-');
  });
});
