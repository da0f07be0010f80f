import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientHeaders, headerText } from '../../src/upstream/response-headers.ts';

const OWN = { provider: 'P', attempts: 2, requestId: 'req_1', bodyMayDiffer: false };
const OURS = [
  ['x-balancer-provider', 'P'],
  ['x-provider-used', 'P'],
  ['x-balancer-attempts', '2'],
  ['x-balancer-request-id', 'req_1'],
].flat();

describe('headers to the client', () => {
  it('are the provider’s in order and case, then ours', () => {
    const upstream = [
      'Date',
      'today',
      'Server',
      'x',
      'request-id',
      'req_up',
      'anthropic-ratelimit-tokens-limit',
      '9',
    ];
    expect(clientHeaders(upstream, OWN)).toEqual([...upstream, ...OURS]);
  });

  it.each([
    ['Connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Transfer-Encoding', 'chunked'],
    ['Proxy-Authenticate', 'Basic'],
    ['Set-Cookie', 'a=b'],
    ['X-Balancer-Provider', 'another balancer'],
    ['X-Provider-Used', 'another balancer'],
    ['x-bad', 'a\r\nb: c'],
    ['x-bad', 'a\u0000'],
    ['x-bad', '云'],
    ['x bad', 'a'],
  ])('leave out %s: %s', (name, value) => {
    expect(clientHeaders([name, value], OWN)).toEqual(OURS);
  });

  it('leave out what the provider calls its own connection’s', () => {
    expect(clientHeaders(['Connection', 'X-Hop', 'X-Hop', '1'], OWN)).toEqual(OURS);
  });

  it.each([
    ['retry-after', '0', true],
    ['retry-after', '60', true],
    ['Retry-After', '61', false],
    ['retry-after', '3600', false],
    ['retry-after', '-1', false],
    ['retry-after', '1.5', false],
    ['retry-after', 'soon', false],
    ['retry-after', 'Wed, 21 Oct 2026 07:28:00 GMT', false],
    ['retry-after', '99999999999999999999', false],
    ['retry-after-ms', '60000', true],
    ['retry-after-ms', '60001', false],
  ])('%s: %s passes: %s', (name, value, passes) => {
    expect(clientHeaders([name, value], OWN)).toEqual(passes ? [name, value, ...OURS] : OURS);
  });

  it('keep length and encoding only where the body is the same', () => {
    const upstream = ['Content-Length', '5', 'Content-Encoding', 'gzip'];
    expect(clientHeaders(upstream, OWN)).toEqual([...upstream, ...OURS]);
    expect(clientHeaders(upstream, { ...OWN, bodyMayDiffer: true })).toEqual(OURS);
  });

  it('name providers in any script', () => {
    expect(headerText('云雾 API')).toBe('%E4%BA%91%E9%9B%BE API');
    expect(headerText('100%')).toBe('100%25');
    expect(headerText('a\r\nb')).toBe('a%0D%0Ab');
  });

  it('can always be written, and names can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const text = headerText(name);
        validateHeaderValue('x', text);
        expect(decodeURIComponent(text)).toBe(name);
      }),
    );
  });
});
