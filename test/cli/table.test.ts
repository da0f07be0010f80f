import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, renderTable } from '../../src/cli/table.ts';
import { twoColumns, wrap } from '../../src/cli/wrap.ts';
import { textWidth } from '../../src/telemetry/width.ts';

const COLUMNS: readonly Column[] = [
  { title: 'NAME', least: 6 },
  { title: 'COUNT', align: 'right', leaves: 1 },
  { title: 'WHY', least: 5, leaves: 2 },
];
const plain = { color: false, columns: undefined };

describe('a table', () => {
  it('is as wide as its texts; a Chinese character takes two columns', () => {
    const rows = [
      [{ text: '云雾' }, { text: '7' }, { text: 'it said no' }],
      [{ text: 'reseller' }, { text: '12' }, { text: '' }],
    ];
    expect(renderTable(COLUMNS, rows, plain)).toBe(
      'NAME      COUNT  WHY\n云雾          7  it said no\nreseller     12\n',
    );
  });

  it('cuts the widest column first, then lets columns leave', () => {
    const rows = [[{ text: 'reseller' }, { text: '12' }, { text: 'the connection was reset' }]];
    const at = (columns: number): string => renderTable(COLUMNS, rows, { color: false, columns });
    expect(at(30)).toBe('NAME      COUNT  WHY\nreseller     12  the connecti…\n');
    expect(at(20)).toBe('NAME    COUNT  WHY\nresel…     12  the …\n');
    expect(at(16)).toBe('NAME      WHY\nreseller  the c…\n');
    expect(at(8)).toBe('NAME\nreseller\n');
  });

  it('keeps each row on its line, whatever the texts hold', () => {
    const rows = [[{ text: 'a\nb\u001b[2J' }, { text: '1' }, { text: 'x\ty' }]];
    const text = renderTable(COLUMNS, rows, plain);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('\u001b');
  });

  it('is never wider than the terminal, as long as that has room for the first column', () => {
    const cell = fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 40 }) });
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 6, max: 140 }), (each, columns) => {
        const lines = renderTable(COLUMNS, each, { color: false, columns }).split('\n');
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(lines).toHaveLength(each.length + 2);
      }),
    );
  });
});

describe('wrapped text', () => {
  it('breaks at spaces, and keeps a longer word whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a https://a.example b', 5)).toEqual(['a', 'https://a.example', 'b']);
  });

  it('stands beside its label', () => {
    expect(twoColumns([['云雾', 'one two three four five six']], 28)).toEqual([
      '  云雾  one two three four',
      '        five six',
    ]);
  });
});
