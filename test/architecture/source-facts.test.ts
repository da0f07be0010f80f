import { describe, expect, it } from 'vitest';
import { factsOf } from '../support/source-facts.ts';
import { tokensOf } from '../support/source-tokens.ts';

/** Imports as `specifier`, those of types alone as `type specifier`. */
const importsOf = (source: string) =>
  factsOf(source).imports.map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier));

const words = (source: string) =>
  tokensOf(source)
    .filter(({ kind }) => kind === 'word')
    .map(({ text }) => text);

describe('the reader of imports', () => {
  it.each([
    [`import './a.ts';`, ['./a.ts']],
    [`import a from "./a.ts"`, ['./a.ts']],
    [`import a, { b as c } from './a.ts';`, ['./a.ts']],
    [`import * as a from 'a';import b from 'b'`, ['a', 'b']],
    [`import {\n  a, // from './no.ts'\n  type B,\n} from './a.ts';`, ['./a.ts']],
    [`import type { A } from './a.ts';`, ['type ./a.ts']],
    [`import type A from './a.ts';`, ['type ./a.ts']],
    [`import type * as A from './a.ts';`, ['type ./a.ts']],
    [`import type from './a.ts';`, ['./a.ts']],
    [`import type, { a } from './a.ts';`, ['./a.ts']],
    [`import { from } from './from.ts'; import { type } from './type.ts';`, ['./from.ts', './type.ts']],
    [`import a from './a.json' with { type: 'json' };`, ['./a.json']],
    [`export * from './a.ts';\nexport * as b from './b.ts';`, ['./a.ts', './b.ts']],
    [`export { a, default as b } from './a.ts';`, ['./a.ts']],
    [`export type { A } from './a.ts'; export type * from './b.ts';`, ['type ./a.ts', 'type ./b.ts']],
    [`export { a };\nimport b from './b.ts';`, ['./b.ts']],
    [`export { a }\nimport b from './b.ts'`, ['./b.ts']],
    [`export type A = { from: 'x' };\nexport const from = './y.ts';`, []],
    [`const a = await import('./a.ts');`, ['./a.ts']],
    [`type A = typeof import('./a.ts');`, ['type ./a.ts']],
    [`const here = import.meta.url; loader.import('./a.ts');`, []],
    [
      `const text = \`\${await import('./a.ts')} import './no.ts' \${\`\${import('./b.ts')}\`}\`;`,
      ['./a.ts', './b.ts'],
    ],
    [`// import './a.ts';\n/* import './b.ts';\n */ const text = "import './c.ts'";`, []],
    [`const quote = /['"\`]/g; import './a.ts';`, ['./a.ts']],
    [`const half = total / 2; import './a.ts'; const third = total / 3;`, ['./a.ts']],
    [`const slash = /[/'"]\\/'/.test(a); import './a.ts';`, ['./a.ts']],
    [`#!/usr/bin/env node\nimport './a.ts';`, ['./a.ts']],
    [`const it = 'don\\'t'; import './a.ts';`, ['./a.ts']],
  ])('reads %j', (source, expected) => {
    expect(importsOf(source)).toEqual(expected);
  });

  it('counts lines through comments, templates and broken strings', () => {
    const source = `/* 1\n2 */ const a = \`3\n\${b}\n5\`; const c = 'x\\\n6';\nimport './a.ts';`;
    expect(factsOf(source).imports).toEqual([{ specifier: './a.ts', typeOnly: false, line: 6 }]);
  });

  it('comes back to the top level behind every bracket', () => {
    const tokens = tokensOf(`f({ a: [\`\${g({})}\`] }); end`);
    expect(tokens.at(-1)).toMatchObject({ text: 'end', depth: 0 });
    expect(words('class A { #b = 1; @c d = this.#b; }')).toEqual([
      'class',
      'A',
      '#b',
      '@c',
      'd',
      'this',
      '#b',
    ]);
  });
});
