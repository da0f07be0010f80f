import { describe, expect, it } from 'vitest';
import { createResponseCache, type StoredAnswer } from '../../src/broadcast/response-cache.ts';
import type { Fingerprint } from '../../src/domain/fingerprint.ts';

function request(text: string, key = 'k'): Fingerprint {
  const body = Buffer.from(text);
  return { key, body, parts: [{ start: 0, end: body.length }] };
}

function answer(body: string): StoredAnswer {
  return {
    status: 200,
    headers: ['content-type', 'application/json'],
    form: 'message',
    body: Buffer.from(body),
    provider: 'A',
    model: 'm',
    stoppedAtLimit: false,
    maxTokens: 5,
  };
}

const any = () => true;

function setUp(limits = { maxEntries: 3, maxBytes: 10_000 }) {
  const clock = { at: 1_000 };
  return { clock, cache: createResponseCache(limits, () => clock.at) };
}

describe('the response cache', () => {
  it('gives an answer with its age to an equal request, until its time is over', () => {
    const { cache, clock } = setUp();
    cache.place(request('a'), 100)(answer('1'));
    clock.at += 99;
    expect(cache.get(request('a'), any)).toMatchObject({ ageMs: 99, answer: { provider: 'A' } });
    clock.at += 1;
    expect(cache.get(request('a'), any)).toBeUndefined();
    expect(cache.use()).toEqual({ entries: 0, bytes: 0, hits: 1, misses: 1 });
  });

  it('keeps nothing for longer because the clock was set back', () => {
    const { cache, clock } = setUp();
    cache.place(request('a'), 100)(answer('1'));
    clock.at -= 500;
    expect(cache.get(request('a'), any)).toBeUndefined();
  });

  it('gives nothing to a request of another body or key, nor where the answer does not fit', () => {
    const { cache } = setUp();
    cache.place(request('a'), 100)(answer('1'));
    expect(cache.get(request('b'), any)).toBeUndefined();
    expect(cache.get(request('a', 'l'), any)).toBeUndefined();
    expect(cache.get(request('a'), () => false)).toBeUndefined();
    expect(cache.use()).toMatchObject({ hits: 0, misses: 3, entries: 1 });
  });

  it('replaces an older answer to the same request', () => {
    const { cache } = setUp();
    cache.place(request('a'), 100)(answer('1'));
    cache.place(request('a'), 100)(answer('2'));
    expect(cache.get(request('a'), any)?.answer.body.toString()).toBe('2');
    expect(cache.use().entries).toBe(1);
  });

  it('lets go what was used longest ago when entries or bytes are too many, and keeps nothing too large', () => {
    const { cache } = setUp({ maxEntries: 2, maxBytes: 3_000 });
    cache.place(request('a'), 100)(answer('1'));
    cache.place(request('b'), 100)(answer('2'));
    cache.get(request('a'), any);
    cache.place(request('c'), 100)(answer('3'));
    expect([cache.get(request('a'), any) !== undefined, cache.get(request('b'), any)]).toEqual([
      true,
      undefined,
    ]);
    cache.place(request('d'), 100)(answer('x'.repeat(2_400)));
    expect(cache.use().entries).toBe(1);
    cache.place(request('e'), 100)(answer('x'.repeat(5_000)));
    expect(cache.get(request('e'), any)).toBeUndefined();
    expect(cache.get(request('d'), any)).toBeDefined();
  });

  it('forgets what is old, or everything, and says how much', () => {
    const { cache, clock } = setUp();
    cache.place(request('a'), 100)(answer('1'));
    cache.place(request('b'), 1_000)(answer('2'));
    clock.at += 500;
    expect(cache.clear(false)).toBe(1);
    expect(cache.clear(true)).toBe(1);
    expect(cache.use()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('takes new limits without losing what fits, the newest first', () => {
    const { cache } = setUp();
    for (const text of 'abc') cache.place(request(text), 100)(answer(text));
    cache.limit({ maxEntries: 2, maxBytes: 10_000 });
    expect([...'abc'].map((text) => cache.get(request(text), any) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});
