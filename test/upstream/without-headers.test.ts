import { describe, expect, it } from 'vitest';
import { betasOf, namesOf, withoutHeaders } from '../../src/upstream/without-headers.ts';

const NONE: ReadonlySet<string> = new Set();
const HEADERS = [
  'Accept',
  '*/*',
  'Anthropic-Beta',
  'a-2025-01-01, b-2025-01-01',
  'X-App',
  'cli',
  'anthropic-beta',
  'c',
];

describe('headers without what is to go', () => {
  it('keep the other betas, and every other header in its order and case', () => {
    const betas = new Set(['a-2025-01-01']);
    expect(withoutHeaders(HEADERS, { betas, headers: NONE })).toEqual([
      'Accept',
      '*/*',
      'Anthropic-Beta',
      'b-2025-01-01',
      'X-App',
      'cli',
      'anthropic-beta',
      'c',
    ]);
  });

  it('have no empty anthropic-beta', () => {
    const betas = new Set(['a-2025-01-01', 'b-2025-01-01', 'c']);
    expect(withoutHeaders(HEADERS, { betas, headers: NONE })).toEqual(['Accept', '*/*', 'X-App', 'cli']);
  });

  it('lose a header by its name, whatever its case', () => {
    const headers = new Set(['x-app']);
    expect(namesOf(withoutHeaders(HEADERS, { betas: NONE, headers }))).toEqual(['accept', 'anthropic-beta']);
  });

  it('are the very same list where nothing is to go', () => {
    expect(withoutHeaders(HEADERS, { betas: NONE, headers: NONE })).toBe(HEADERS);
  });
});

it('all betas are read, from several headers too, each once', () => {
  expect(betasOf([...HEADERS, 'anthropic-beta', 'c,,a-2025-01-01'])).toEqual([
    'a-2025-01-01',
    'b-2025-01-01',
    'c',
  ]);
});
