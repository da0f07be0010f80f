import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Fingerprint,
  fingerprintOf,
  isSameRequest,
  type RequestIdentity,
} from '../../src/domain/fingerprint.ts';
import { comparableParts } from '../../src/protocols/anthropic/body-parts.ts';
import { walkBody } from '../../src/protocols/anthropic/body-walker.ts';

const IDENTITY: RequestIdentity = {
  endpoint: 'messages',
  path: '/v1/messages?beta=true',
  session: 'session',
  agent: undefined,
  beta: 'a,b',
  version: '2023-06-01',
  credential: 'key',
};

function fingerprint(
  body: string,
  identity: Partial<RequestIdentity> = {},
  maxTokensCounts = false,
): Fingerprint {
  const walked = walkBody(Buffer.from(body), () => true);
  if (walked.kind === 'malformed') throw new Error(walked.message);
  const parts = comparableParts(walked.members, maxTokensCounts);
  return fingerprintOf({ ...IDENTITY, ...identity }, walked.bytes, parts);
}

const BODY = '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}],"stream":true}';

describe('two requests are the same', () => {
  it.each([
    ['without stream', '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}'],
    ['with another max_tokens', BODY.replace('5', '64000')],
    ['with stream elsewhere', '{"stream": false,"model":"m","messages":[{"role":"user","content":"hi"}]}'],
    ['with a pin', BODY.replace('{', '{"provider":"A",')],
    ['with a pin and stream at the end', BODY.replace('}]', '}], "provider" : "A"')],
    ['with space between members', BODY.replace('5,', '5 ,\n ').replace('],', '] , ')],
  ])('%s', (_, body) => {
    expect(isSameRequest(fingerprint(BODY), fingerprint(body))).toBe(true);
  });
});

describe('two requests differ', () => {
  it.each([
    ['in a letter', BODY.replace('hi', 'ho')],
    ['in a member more', BODY.replace('{', '{"temperature":1,')],
    ['in the model', BODY.replace('"m"', '"n"')],
    ['in a stream that is no member of the top level', BODY.replace('"user",', '"user","stream":true,')],
  ])('%s', (_, body) => {
    expect(isSameRequest(fingerprint(BODY), fingerprint(body))).toBe(false);
  });

  it.each<Partial<RequestIdentity>>([
    { endpoint: 'count_tokens' },
    { path: '/v1/messages' },
    { session: 'other' },
    { session: undefined },
    { agent: 'agent' },
    { beta: 'a' },
    { version: 'later' },
    { credential: 'other' },
  ])('in %j', (identity) => {
    expect(isSameRequest(fingerprint(BODY), fingerprint(BODY, identity))).toBe(false);
  });

  it('in max_tokens, where that counts', () => {
    const other = BODY.replace('5', '6');
    expect(isSameRequest(fingerprint(BODY, {}, true), fingerprint(other, {}, true))).toBe(false);
    expect(isSameRequest(fingerprint(BODY, {}, true), fingerprint(BODY, {}, true))).toBe(true);
  });

  it('where a part of the identity looks like two', () => {
    const one = fingerprint(BODY, { beta: 'a","b', version: 'c' });
    const other = fingerprint(BODY, { beta: 'a', version: 'b","c' });
    expect(isSameRequest(one, other)).toBe(false);
  });
});

it('for any two bodies the answer is that of their members, whatever stands in stream, provider and max_tokens', () => {
  const value = fc.jsonValue();
  const members = fc.dictionary(fc.constantFrom('a', 'b', 'messages', 'system'), value, { maxKeys: 4 });
  const steering = fc.record(
    { stream: fc.boolean(), max_tokens: fc.nat(), provider: fc.string() },
    { requiredKeys: [] },
  );
  const whole = fc.tuple(members, steering, fc.boolean());
  fc.assert(
    fc.property(whole, whole, ([one, before, first], [two, after, second]) => {
      const text = (own: object, extra: object, ahead: boolean) =>
        JSON.stringify({ model: 'm', ...(ahead ? extra : {}), ...own, ...extra });
      const same = JSON.stringify(one) === JSON.stringify(two);
      const found = isSameRequest(
        fingerprint(text(one, before, first)),
        fingerprint(text(two, after, second)),
      );
      expect(found).toBe(same);
    }),
  );
});
