import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../src/domain/routing/model-pattern.ts';

/** The same rule said as a regular expression: too slow to use on clients' names, right to compare with. */
function asExpression(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.toLowerCase().split('*').map(literal).join('[^]*')}$`);
}

const matches = (pattern: string, model: string) => compilePattern(pattern)(model.toLowerCase());

describe('a model pattern', () => {
  it.each([
    ['*sonnet*', 'claude-sonnet-4-5', true],
    ['*sonnet*', 'SONNET', true],
    ['*Sonnet*', 'claude-sonnet', true],
    ['claude-*', 'claude-opus-4', true],
    ['claude-*', 'my-claude-opus', false],
    ['*-opus', 'claude-opus', true],
    ['*-opus', 'claude-opus-4', false],
    ['*', '', true],
    ['gpt-4.1*', 'gpt-4x1-mini', false],
    ['gpt-4.1*', 'gpt-4.1-mini', true],
    ['a(b+*', 'a(b+c', true],
    ['*ab*ab*', 'xabx', false],
    ['ab*ba', 'aba', false],
    ['claude-opus-4', 'claude-opus-4-1', false],
  ])('%s with %s: %s', (pattern, model, expected) => {
    expect(matches(pattern, model)).toBe(expected);
  });

  it('means what the anchored, escaped expression would mean', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '-', '.', '*'), maxLength: 10 });
    fc.assert(
      fc.property(text, text, (pattern, model) => {
        expect(matches(pattern, model)).toBe(asExpression(pattern).test(model.toLowerCase()));
      }),
      { numRuns: 2000 },
    );
  });
});
