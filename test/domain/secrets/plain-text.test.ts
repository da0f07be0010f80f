import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clause,
  htmlSummary,
  htmlText,
  isHtml,
  withoutCredentials,
} from '../../../src/domain/secrets/plain-text.ts';

describe('A clause for people', () => {
  it('is one line, within its limit, and never half a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 700 }),
        fc.integer({ min: 2, max: 300 }),
        (text, limit) => {
          const made = clause(text, limit);
          expect(made.length).toBeLessThanOrEqual(limit);
          expect(made).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
          if (!/\p{Cs}/u.test(text)) expect(made).not.toMatch(/\p{Cs}/u);
        },
      ),
    );
  });
  it('folds white space and drops terminal escapes', () => {
    expect(clause(' a\n\t b \u001b[31mred\u001b[0m\u202e ')).toBe('a b red');
  });
  it('marks a cut', () => {
    expect(clause('abcdef', 4)).toBe('abc…');
    expect(clause('ab😀cd', 4)).toBe('ab…');
  });
});

describe('What looks like a credential', () => {
  it.each([
    'sk-ant-api03-AbCd1234efgh',
    'sk-proj-xxxxxxxxxxxx',
    'Bearer abcdefgh.ijkl',
    'https://user:passw0rd@host/path',
    'socks5://user:passw0rd@host',
    'api_key=AbCd1234efgh',
    '"token": "AbCd1234efgh"',
    'key-AbCd1234efgh',
    'eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2lnbmF0dXJl',
    'gsk_AbCd1234efgh',
  ])('%s is struck out', (secret) => {
    expect(withoutCredentials(`before ${secret} after`)).not.toMatch(
      /AbCd1234efgh|xxxxxxxx|abcdefgh|passw0rd|eyJzdWIi/,
    );
    expect(withoutCredentials(`before ${secret} after`)).toMatch(/^before .* after$/);
  });
  it.each([
    'max_tokens: 128000 > 64000, which is the maximum',
    'invalid x-api-key',
    'a key-dependent value',
    'see https://host/docs@v2',
    'toolu_01AbCd is not known',
  ])('"%s" is left alone', (text) => {
    expect(withoutCredentials(text)).toBe(text);
  });
});

describe('Pages for browsers', () => {
  it('are known by their beginning', () => {
    for (const page of ['<!DOCTYPE html><p>', ' \n<html lang="en">', '<!-- x --><HTML>', '<h1>502</h1>'])
      expect(isHtml(page)).toBe(true);
    for (const text of ['{"a":"<html>"}', 'see <html>', '<?xml version="1.0"?><Error/>', ''])
      expect(isHtml(text)).toBe(false);
  });
  it('are reduced to title or text', () => {
    expect(htmlSummary('<html><title>A &amp; B</title><body>c</body>')).toBe('A & B');
    expect(htmlSummary('<html><title></title><body>only <b>text</b></body>')).toBe('only text');
    expect(htmlText('<style>x</style><script>y')).toBe('');
  });
});
