import { describe, expect, it } from 'vitest';
import {
  knownParts,
  LEARNED_FOR_MS,
  MAX_LEARNED_MODELS,
  MAX_PARTS,
  NOTHING_LEARNED,
  withLearned,
} from '../../../src/domain/learning/learned-parts.ts';
import type { UnknownPart } from '../../../src/domain/learning/unknown-part.ts';

const NOW = 1_000_000;

function field(name: string): UnknownPart {
  return { kind: 'field', name, because: 'refused' };
}

describe('what was learned', () => {
  const learned = withLearned(NOTHING_LEARNED, 'opus', [field('a'), field('b')], NOW);

  it('is known for that model alone', () => {
    expect(knownParts(learned, 'opus', NOW).map(({ name, since }) => [name, since])).toEqual([
      ['a', NOW],
      ['b', NOW],
    ]);
    expect(knownParts(learned, 'sonnet', NOW)).toEqual([]);
  });

  it('is known for a day, then the provider is asked with it again', () => {
    expect(knownParts(learned, 'opus', NOW + LEARNED_FOR_MS - 1)).toHaveLength(2);
    expect(knownParts(learned, 'opus', NOW + LEARNED_FOR_MS)).toEqual([]);
  });

  it('does not last because the clock was set back', () => {
    expect(knownParts(learned, 'opus', NOW - LEARNED_FOR_MS)).toEqual([]);
  });

  it('keeps its time when it is learned once more, and gets a new one when that was over', () => {
    expect(withLearned(learned, 'opus', [field('a')], NOW + 1)).toBe(learned);
    const later = NOW + LEARNED_FOR_MS;
    expect(knownParts(withLearned(learned, 'opus', [field('a')], later), 'opus', later)).toMatchObject([
      { name: 'a', since: later },
    ]);
  });

  it('holds nothing that was for one request alone', () => {
    const once = { kind: 'once', name: 'max_tokens=10', because: 'no room' } as const;
    expect(withLearned(learned, 'opus', [once], NOW)).toBe(learned);
    const both = withLearned(NOTHING_LEARNED, 'opus', [once, { ...once, kind: 'value' }], NOW);
    expect(knownParts(both, 'opus', NOW).map(({ kind }) => kind)).toEqual(['value']);
  });

  it('of other models is let go of when it is out of date', () => {
    const later = withLearned(learned, 'sonnet', [field('c')], NOW + LEARNED_FOR_MS);
    expect([...later.keys()]).toEqual(['sonnet']);
  });

  it('is bounded: the oldest models and the oldest parts go', () => {
    let many = learned;
    for (let index = 0; index < MAX_LEARNED_MODELS; index += 1)
      many = withLearned(many, `m${index}`, [field('a')], NOW);
    expect(many.size).toBe(MAX_LEARNED_MODELS);
    expect(many.has('opus')).toBe(false);
    const parts = Array.from({ length: MAX_PARTS + 1 }, (_, index) => field(`f${index}`));
    const kept = knownParts(withLearned(NOTHING_LEARNED, 'opus', parts, NOW), 'opus', NOW);
    expect(kept).toHaveLength(MAX_PARTS);
    expect(kept[0]?.name).toBe('f1');
  });
});
