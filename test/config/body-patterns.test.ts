import { describe, expect, test } from 'vitest';
import { compileBodyPattern } from '../../src/config/body-patterns.ts';

const matches = (source: string, text: string) => compileBodyPattern(source).pattern?.test(text);

describe('a body pattern', () => {
  test('is a regular expression without regard to case', () => {
    expect(matches('rate.?limit', 'RATE-LIMIT reached')).toBe(true);
  });

  test.each([
    ['(?i)quota', 'QUOTA'],
    ['(?P<what>quota) (?P=what)', 'quota quota'],
    ['\\Aquota\\Z', 'quota'],
    ['(?s)a.b', 'a\nb'],
    ['(?im)^b$', 'a\nB\nc'],
  ])('may be written as in Python: %s', (source, text) => {
    expect(matches(source, text)).toBe(true);
    expect(compileBodyPattern(source).finding).toBeUndefined();
  });

  test('that is no regular expression is plain text', () => {
    expect(matches('no (credit', 'There is NO (CREDIT left')).toBe(true);
    expect(matches('no (credit', 'no credit')).toBe(false);
  });

  test.each(['"type"\\s*:\\s*"error"', '.*', '', '   ', 'error', '^\\{', 'y|quota'])(
    'that matches every error is left out: %j',
    (source) => {
      const { pattern, finding } = compileBodyPattern(source);
      expect(pattern).toBeUndefined();
      expect(finding).toMatchObject({ code: 'body-pattern', start: 'warning' });
    },
  );

  test.each(['(q+)+', '(?:q*)*z', '((q+)z)*', '(q+|z)+', '([^"]+,?)*"', '(q{2,})+'])(
    'that could take for ever is left out: %s',
    (source) => {
      expect(compileBodyPattern(source)).toMatchObject({
        finding: { message: expect.stringContaining('for ever') },
      });
      expect(compileBodyPattern(source).pattern).toBeUndefined();
    },
  );

  test.each([
    '(quota)+',
    '(q?)+ exceeded',
    'quota.*exceeded',
    '\\(q+\\)+',
    '[(q+]+w',
    '(quota|credits)\\s+exceeded',
  ])('that only looks so is kept: %s', (source) => {
    expect(compileBodyPattern(source).pattern).toBeInstanceOf(RegExp);
  });

  test('that is endless is left out', () => {
    expect(compileBodyPattern('q'.repeat(1001)).pattern).toBeUndefined();
    expect(compileBodyPattern('q'.repeat(1000)).pattern).toBeInstanceOf(RegExp);
  });

  test('gives the same verdict each time', () => {
    const { pattern } = compileBodyPattern('quota');
    expect([pattern?.test('quota'), pattern?.test('quota')]).toEqual([true, true]);
  });
});
