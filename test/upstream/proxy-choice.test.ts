import { describe, expect, it } from 'vitest';
import { chooseProxy } from '../../src/upstream/proxy-choice.ts';

const chosen = (url: string, env: Record<string, string>, configured?: string): string => {
  const choice = chooseProxy(new URL(url), configured, env);
  return choice.kind === 'proxy' ? `${choice.proxy.protocol} ${choice.proxy.label}` : choice.kind;
};

const ENV = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'http://plain:2' };

describe('the choice of a proxy', () => {
  it.each([
    ['https://a.example', ENV, 'http secure:1'],
    ['http://a.example', ENV, 'http plain:2'],
    ['https://a.example', { https_proxy: 'socks5://s' }, 'socks5 s:1080'],
    ['https://a.example', { Https_Proxy: 'proxy.example:8080' }, 'http proxy.example:8080'],
    ['https://a.example', { https_proxy: 'https://p' }, 'https p:443'],
    ['https://a.example', { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://big:1' }, 'http small:1'],
    ['https://a.example', { ALL_PROXY: 'socks5h://s:9' }, 'socks5 s:9'],
    ['https://a.example', { HTTPS_PROXY: '' }, 'direct'],
    ['https://a.example', {}, 'direct'],
    ['https://localhost', ENV, 'direct'],
    ['https://api.localhost', ENV, 'direct'],
    ['http://127.8.9.1', ENV, 'direct'],
    ['http://[::1]:80', ENV, 'direct'],
    ['https://a.example', { HTTPS_PROXY: 'http://' }, 'unusable'],
    ['https://a.example', { HTTPS_PROXY: 'gopher://p' }, 'unusable'],
  ])('for %s with %j is %s', (url, env, expected) => {
    expect(chosen(url, env)).toBe(expected);
  });

  it('is the provider’s own before all else, for loopback and NO_PROXY too', () => {
    expect(chosen('http://127.0.0.1', { ...ENV, NO_PROXY: '*' }, 'http://own:3')).toBe('http own:3');
  });

  it.each([
    ['*', 'https://a.example', true],
    ['a.example', 'https://a.example', true],
    ['A.EXAMPLE', 'https://a.example', true],
    ['example', 'https://a.example', true],
    ['.example', 'https://a.example', true],
    ['*.example', 'https://a.example', true],
    ['b.example', 'https://a.example', false],
    ['ample', 'https://a.example', false],
    ['x, a.example', 'https://a.example', true],
    ['x a.example', 'https://a.example', true],
    ['a.example:443', 'https://a.example', true],
    ['a.example:8443', 'https://a.example', false],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['2001:db8::/32', 'https://[2001:db8::1]', true],
    ['[2001:db8::1]:443', 'https://[2001:db8::1]', true],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
  ])('with NO_PROXY=%s for %s leaves the proxy out: %s', (list, url, exempt) => {
    expect(chosen(url, { ...ENV, no_proxy: list })).toBe(exempt ? 'direct' : 'http secure:1');
  });
});
