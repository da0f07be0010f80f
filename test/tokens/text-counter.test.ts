import fc from 'fast-check';
import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { describe, expect, it } from 'vitest';
import { createTextCounter } from '../../src/tokens/text-counter.ts';
import { readVocabulary } from '../../src/tokens/vocabulary.ts';

const reference = new Tiktoken(o200k);
const expected = (text: string): number => reference.encode(text, [], []).length;
const count = createTextCounter(readVocabulary(o200k));

/** Sentences of several scripts, with code, numbers and white space between. */
const PROSE = [
  'The quick brown fox doesn’t jump; it has 1,234,567 reasons.\n\n',
  'const answer = await ask({ model: "claude", max_tokens: 8192 }); // 50 ms\r\n',
  '漢字とひらがなとカタカナ。Größe, naïveté, Ελληνικά, עברית, 한국어 👩‍👩‍👧‍👦!\t\t  ',
].join('');

describe('the tokens of a text', () => {
  it.each([
    '',
    'hello',
    'Hello, world!',
    "it's they'LL we'Ve",
    '   leading and trailing   ',
    '\n\n\r\n\t \n',
    '1234567890',
    'snake_case camelCase SCREAMING_CASE kebab-case',
    '漢字とひらがな',
    '👩‍👩‍👧‍👦🏳️‍🌈',
    'e\u0301\u0301',
    '\ud83d alone \udc00',
    '<|endoftext|>',
    'a <|endofprompt|> b <|im_start|>',
    '/// ---- ==== \u0000\u0001',
    PROSE,
  ])('are those of js-tiktoken: %j', (text) => {
    expect(count(text)).toBe(expected(text));
  });

  it('are those of js-tiktoken for any short text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 24 }),
        fc.string({ maxLength: 30 }),
        (any, ascii) => {
          const text = any + ascii;
          return count(text) === expected(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are those of js-tiktoken for a text of several slices', () => {
    const text = PROSE.repeat(900);
    expect(text.length).toBeGreaterThan(131_072);
    expect(count(text)).toBe(expected(text));
  });

  it('of two texts in one are about those of each: only the seam makes a difference', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
        const [whole, parts] = [count(one + other), count(one) + count(other)];
        expect(whole).toBeGreaterThanOrEqual(Math.max(count(one), count(other)) * 0.5 - 3);
        expect(whole).toBeLessThanOrEqual(parts + 3);
      }),
    );
  });

  it.each([
    ['one letter', 'a'],
    ['spaces', ' '],
    ['line feeds', '\n'],
    ['ideographs', '漢'],
    ['combining marks', 'a\u0301'],
    ['surrogate pairs', '😀'],
    ['hyphens', '-'],
    ['digits', '9'],
  ])('are counted for 2 million characters of nothing but %s', (_, unit) => {
    const tokens = count(unit.repeat(2_000_000 / unit.length));
    expect(tokens).toBeGreaterThan(2_000_000 / 256);
    expect(tokens).toBeLessThanOrEqual(2_000_000);
  });

  it('of a long run without a gap are within 3 % of those of the whole run', () => {
    const run = Array.from({ length: 1_200 }, (_, at) => 'etaoinshrdlu'[(at * at + at * 7) % 12]).join('');
    expect(Math.abs(count(run) / expected(run) - 1)).toBeLessThan(0.03);
  });
});
