import { textWidth } from '../telemetry/width.ts';

/** A text in lines of at most `columns`, broken at spaces only: a longer word keeps its line to itself. Pure. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** Two columns: labels, and beside them wrapped texts. All of it `indent` from the left. Pure. */
export function twoColumns(
  rows: readonly (readonly [label: string, text: string])[],
  columns: number,
  indent = 2,
): readonly string[] {
  const room = Math.max(0, ...rows.map(([label]) => textWidth(label))) + indent + 2;
  return rows.flatMap(([label, text]) =>
    wrap(text, Math.max(20, columns - room)).map((line, index) => {
      const left = ' '.repeat(indent) + (index === 0 ? label : '');
      return `${left}${' '.repeat(Math.max(1, room - textWidth(left)))}${line}`.trimEnd();
    }),
  );
}
