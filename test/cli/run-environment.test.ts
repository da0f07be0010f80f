import { describe, expect, it } from 'vitest';
import { programEnvironment } from '../../src/cli/run-environment.ts';

const URL = 'http://127.0.0.1:9090';
const OWN = {
  ANTHROPIC_API_KEY: 'sk-user',
  ANTHROPIC_AUTH_TOKEN: 'token-user',
  CLAUDE_CODE_OAUTH_TOKEN: 'oauth-user',
};

describe('the environment of a program', () => {
  it('points it at the balancer, and leaves everything else', () => {
    const env = { PATH: '/bin', LANG: undefined, ANTHROPIC_BASE_URL: 'https://elsewhere.example' };
    expect(programEnvironment(env, { url: URL, passthrough: true })).toEqual({
      PATH: '/bin',
      ANTHROPIC_BASE_URL: URL,
    });
  });

  it('has a placeholder instead of the user’s credentials where the balancer needs none', () => {
    expect(programEnvironment(OWN, { url: URL, passthrough: false })).toEqual({
      ANTHROPIC_BASE_URL: URL,
      ANTHROPIC_AUTH_TOKEN: 'claude-code-balancer',
    });
  });

  it('has the balancer’s key instead of them where it asks for one', () => {
    expect(programEnvironment(OWN, { url: URL, passthrough: false, key: 'the-key' })).toEqual({
      ANTHROPIC_BASE_URL: URL,
      ANTHROPIC_AUTH_TOKEN: 'the-key',
    });
  });

  it('keeps them where a provider takes them', () => {
    expect(programEnvironment(OWN, { url: URL, passthrough: true })).toEqual({
      ...OWN,
      ANTHROPIC_BASE_URL: URL,
    });
  });

  it('sends the balancer’s key beside them where both are wanted', () => {
    const env = { ...OWN, ANTHROPIC_CUSTOM_HEADERS: 'x-team: a' };
    expect(programEnvironment(env, { url: URL, passthrough: true, key: 'the-key' })).toEqual({
      ...OWN,
      ANTHROPIC_BASE_URL: URL,
      ANTHROPIC_CUSTOM_HEADERS: 'x-team: a\nx-api-key: the-key',
    });
  });

  it('speaks to no cloud’s own service past the balancer', () => {
    const env = { CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CODE_USE_VERTEX: '1', CLAUDE_CODE_USE_FOUNDRY: '1' };
    expect(programEnvironment(env, { url: URL, passthrough: true })).toEqual({ ANTHROPIC_BASE_URL: URL });
  });

  it.each([
    [{ https_proxy: 'http://proxy:1' }, '127.0.0.1'],
    [{ HTTP_PROXY: 'http://proxy:1', NO_PROXY: 'a.example' }, 'a.example,127.0.0.1'],
    [{ ALL_PROXY: 'http://proxy:1', no_proxy: '*' }, '*'],
    [{ HTTP_PROXY: 'http://proxy:1', no_proxy: 'localhost, 127.0.0.1' }, 'localhost, 127.0.0.1'],
    [{ HTTP_PROXY: '' }, undefined],
    [{}, undefined],
  ])('%j: no proxy stands before this machine', (env, value) => {
    expect(programEnvironment(env, { url: URL, passthrough: true }).no_proxy).toBe(value);
  });
});
