import { describe, expect, it } from 'vitest';
import type { Credential } from '../../src/domain/settings/settings.ts';
import { chatHeaders } from '../../src/upstream/chat-headers.ts';

const CLIENT = [
  ...['x-api-key', 'sk-client', 'anthropic-version', '2023-06-01', 'anthropic-beta', 'a'],
  ...['user-agent', 'claude-cli/2', 'x-app', 'cli', 'x-stainless-lang', 'js', 'cookie', 'c=1'],
];

function headersOf(
  credential: Credential,
  more: { baseUrl?: string; headers?: Record<string, string>; client?: string[]; ownKeys?: string[] } = {},
) {
  const { baseUrl = 'https://a.example/v1', headers = {}, client = CLIENT, ownKeys = [] } = more;
  const made = chatHeaders(client, { credential, baseUrl, headers }, true, {
    isOwnKey: (value) => ownKeys.includes(value),
  });
  if (made.kind !== 'headers') return made;
  const names = made.headers.filter((_, at) => at % 2 === 0);
  return Object.fromEntries(names.map((name, at) => [name, made.headers[at * 2 + 1]]));
}

const PLAIN = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
  'accept-encoding': 'identity',
  'user-agent': 'claude-code-provider-balancer',
};

describe('headers to a provider of type openai', () => {
  it.each<[Credential['kind'], Credential]>([
    ['api_key', { kind: 'api_key', value: 'k' }],
    ['auth_token', { kind: 'auth_token', value: 'k' }],
  ])('carry its credential as Bearer (%s) and nothing of the client', (_, credential) => {
    expect(headersOf(credential)).toEqual({ ...PLAIN, authorization: 'Bearer k' });
  });

  it('carry a key of Azure in its own header, a token of Azure as Bearer', () => {
    const baseUrl = 'https://mine.openai.azure.com/openai/v1';
    expect(headersOf({ kind: 'api_key', value: 'k' }, { baseUrl })).toEqual({ ...PLAIN, 'api-key': 'k' });
    expect(headersOf({ kind: 'auth_token', value: 'k' }, { baseUrl })).toEqual({
      ...PLAIN,
      authorization: 'Bearer k',
    });
  });

  it('carry what the configuration adds, in the place of ours', () => {
    const headers = { 'http-referer': 'https://me.example', 'user-agent': 'mine' };
    expect(headersOf({ kind: 'api_key', value: 'k' }, { headers })).toEqual({
      ...PLAIN,
      authorization: 'Bearer k',
      ...headers,
    });
  });

  it.each([
    [['x-api-key', 'sk-1'], 'Bearer sk-1'],
    [['authorization', 'Bearer sk-1'], 'Bearer sk-1'],
    [['Authorization', 'bearer  sk-1'], 'Bearer sk-1'],
    [['x-api-key', 'own', 'authorization', 'Bearer sk-1'], 'Bearer sk-1'],
  ])('carry the client’s credential as Bearer where it may pass: %j', (client, value) => {
    expect(headersOf({ kind: 'passthrough' }, { client, ownKeys: ['own'] })).toMatchObject({
      authorization: value,
    });
  });

  it('are none without a credential; a key of the balancer is no credential', () => {
    expect(
      headersOf({ kind: 'passthrough' }, { client: ['x-api-key', 'own'], ownKeys: ['own'] }),
    ).toMatchObject({ kind: 'no_credential' });
    expect(headersOf({ kind: 'missing', reason: 'it is not set' })).toEqual({
      kind: 'no_credential',
      reason: 'it is not set',
    });
  });

  it('are enough where the configuration holds the credential among its headers', () => {
    expect(headersOf({ kind: 'api_key', value: '' }, { headers: { 'api-key': 'z' } })).toMatchObject({
      'api-key': 'z',
    });
  });
});
