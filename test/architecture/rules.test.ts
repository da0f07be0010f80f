import { describe, expect, it } from 'vitest';
import { violationsOf } from '../support/import-rules.ts';

/** What the rules say about one file among others that exist but import nothing. */
function about(path: string, source: string): readonly string[] {
  const others = {
    'src/domain/a.ts': '',
    'src/domain/b.ts': '',
    'src/sse/a.ts': '',
    'src/config/a.ts': '',
    'src/engine/interface.ts': '',
    'src/engine/a.ts': '',
    'src/http/a.ts': '',
    'src/telemetry/a.ts': '',
    'machines/a.ts': '',
  };
  return violationsOf({ ...others, [path]: source });
}

describe('the import table, held against made-up sources,', () => {
  it.each([
    ['src/domain/x.ts', `import { a } from '../sse/a.ts';`, 'domain may not import sse'],
    ['src/domain/x.ts', `import type { A } from '../sse/a.ts';`, 'domain may not import sse'],
    ['src/domain/x.ts', `import { z } from 'zod';`, 'domain may not import the package "zod"'],
    [
      'src/domain/x.ts',
      `import { readFile } from 'node:fs/promises';`,
      'may not import Node\'s "node:fs/promises"',
    ],
    ['src/domain/x.ts', `import type { Socket } from 'net';`, 'may not import Node\'s "net"'],
    ['src/domain/x.ts', `import './missing.ts';`, 'is no source of src or machines'],
    ['src/protocols/x.ts', `import { OpenAI } from 'openai';`, 'only types of the package "openai"'],
    ['src/sse/x.ts', `export * from '../domain/a.ts';`, 'sse may not import domain'],
    ['machines/x.ts', `import { a } from '../src/config/a.ts';`, 'machines may not import config'],
    [
      'machines/x.ts',
      `import { fromPromise } from 'xstate/actors'; import 'undici';`,
      'the package "undici"',
    ],
    ['src/config/x.ts', `import { a } from '../domain/a.ts';`, 'config may import only types of domain'],
    ['src/config/x.ts', `import { type A } from '../domain/a.ts';`, 'config may import only types of domain'],
    ['src/config/x.ts', `import { watch } from 'node:fs';`, 'config may not import Node\'s "node:fs" here'],
    ['src/engine/x.ts', `import { a } from '../config/a.ts';`, 'engine may import only types of config'],
    ['src/engine/x.ts', `import { a } from '../http/a.ts';`, 'engine may not import http'],
    ['src/engine/x.ts', `import { Pool } from 'undici';`, 'engine may not import the package "undici"'],
    ['src/http/x.ts', `import { a } from '../engine/a.ts';`, 'http may not import engine'],
    ['src/http/x.ts', `import pino from 'pino';`, 'http may not import the package "pino"'],
    ['src/upstream/x.ts', `import { createActor } from 'xstate';`, 'the package "xstate"'],
    [
      'src/telemetry/x.ts',
      `import { a } from '../../machines/a.ts';`,
      'telemetry may import only types of machines',
    ],
    ['src/engine/x.ts', `import { a } from '../../test/support/a.ts';`, 'is no source of src or machines'],
    ['src/surprise/x.ts', ``, '"surprise" is no module of the import table'],
    ['src/constructor/x.ts', ``, '"constructor" is no module of the import table'],
  ])('refuses in %s: %s', (path, source, violation) => {
    const violations = about(path, source);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(violation);
    expect(violations[0]?.startsWith(path)).toBe(true);
  });

  it.each([
    ['src/domain/x.ts', `import { a } from './a.ts'; export type { B } from './b.ts';`],
    ['src/config/x.ts', `import type { A } from '../domain/a.ts'; import * as v from 'valibot';`],
    ['src/config/load.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/engine/x.ts', `import type { A } from '../config/a.ts'; import { a } from '../../machines/a.ts';`],
    ['src/http/x.ts', `import { cors } from 'hono/cors'; import { a } from '../engine/interface.ts';`],
    ['src/http/x.ts', `import { getConnInfo } from '@hono/node-server/conninfo';`],
    ['src/telemetry/x.ts', `import type { A } from '../../machines/a.ts';`],
    ['src/protocols/x.ts', `import type { OpenAI } from 'openai';`],
    ['src/main.ts', `import { a } from './http/a.ts'; import 'node:fs'; import 'undici';`],
    ['src/cli/x.ts', `import { a } from '../engine/a.ts';`],
  ])('allows in %s: %s', (path, source) => {
    expect(about(path, source)).toEqual([]);
  });

  it('says where', () => {
    expect(about('src/sse/x.ts', `\n// Why\nimport {\n  a,\n} from '../domain/a.ts';\n`)).toEqual([
      'src/sse/x.ts:3: sse may not import domain ("../domain/a.ts")',
    ]);
  });
});

describe('the rule against cycles', () => {
  it('names the way of each, over any number of files', () => {
    const sources = {
      'src/domain/entry.ts': `import './one.ts';`,
      'src/domain/one.ts': `import { two } from './two.ts';`,
      'src/domain/two.ts': `export { three } from './three.ts';`,
      'src/domain/three.ts': `const one = await import('./one.ts');`,
    };
    expect(violationsOf(sources)).toEqual([
      'src/domain/one.ts: a cycle of imports: src/domain/one.ts → src/domain/two.ts → src/domain/three.ts → src/domain/one.ts',
    ]);
  });

  it('sees a file that imports itself', () => {
    expect(violationsOf({ 'src/sse/x.ts': `import './x.ts';` })).toHaveLength(1);
  });

  it('counts imports of types: who needs each other so belongs together or shares a third', () => {
    const sources = {
      'src/domain/a.ts': `import { b } from './b.ts';`,
      'src/domain/b.ts': `import type { A } from './a.ts';`,
    };
    expect(violationsOf(sources)).toEqual([
      'src/domain/a.ts: a cycle of imports: src/domain/a.ts → src/domain/b.ts → src/domain/a.ts',
    ]);
  });

  it('lets ways meet again', () => {
    const sources = {
      'src/domain/a.ts': `import { b } from './b.ts'; import { c } from './c.ts';`,
      'src/domain/b.ts': `import { c } from './c.ts';`,
      'src/domain/c.ts': ``,
    };
    expect(violationsOf(sources)).toEqual([]);
  });
});

describe('the rules of the house, held against made-up sources,', () => {
  it.each([
    [`export default function serve() {}`, 'a default export'],
    [`const a = 1;\nexport { a as default };`, 'a default export'],
    [`export { a as default } from './a.ts';`, 'a default export'],
    [`let count = 0;`, '`let count` at the top level'],
    [`export let count = 0;`, '`let count` at the top level'],
    [`var { a } = b;`, '`var {` at the top level'],
    [`const seen = new Map<string, number>();`, '`const seen = new Map` at the top level'],
    [`export const seen: Map<string, () => void> = new Map();`, '`const seen = new Map` at the top level'],
    [`const seen: Set<string>\n  = new Set(['a'])`, '`const seen = new Set` at the top level'],
    [`const cache = new WeakMap();`, '`const cache = new WeakMap` at the top level'],
    [
      `export const load = (name: string) => import(name);`,
      'an import whose module is known only at run time',
    ],
    [`const load = () => import(\`./\${name}.ts\`);`, 'an import whose module is known only at run time'],
  ])('refuse %s', (source, violation) => {
    const violations = about('src/domain/x.ts', source);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(violation);
  });

  it.each([
    [`function count() { let sum = 0; const seen = new Map(); return [sum, seen]; }`],
    [`for (let index = 0; index < 3; index++) { call(index); }`],
    [`const NAMES: ReadonlySet<string> = new Set(['a']);`],
    [`export const TABLE: ReadonlyMap<string, (a: number) => void> = new Map();`],
    [`const start = () => new Map();`],
    [`export const makeSet = <T>() => new Set<T>();\nexport class Box { readonly #held = new Map(); }`],
    [`const a = { default: 1, let: 2 };\nswitch (a.let) { default: call(a.default); }`],
  ])('allow %s', (source) => {
    expect(about('src/domain/x.ts', source)).toEqual([]);
  });

  it.each(['upstream', 'engine', 'broadcast', 'http'])(
    'refuse fetch() and web streams in src/%s',
    (folder) => {
      const path = `src/${folder}/x.ts`;
      for (const source of [
        `await fetch(url);`,
        `const send = () => globalThis.fetch(url);`,
        `function read(body: ReadableStream) {}`,
        `new ReadableStream({});`,
        `new globalThis.ReadableStream({});`,
      ]) {
        expect(about(path, source), source).toHaveLength(1);
      }
      expect(about(path, `const answer = app.fetch(request); // fetch(url), ReadableStream`)).toEqual([]);
    },
  );

  it('leave fetch() to the command line', () => {
    expect(about('src/cli/x.ts', `await fetch(url);`)).toEqual([]);
  });
});
