import { describe, expect, it } from 'vitest';
import type { SchemaStyle } from '../../../src/protocols/openai/compat.ts';
import { cleanSchema } from '../../../src/protocols/openai/schema.ts';

/** One property `p` with this schema. */
const of = (p: unknown, more: object = {}) => ({ type: 'object', properties: { p }, ...more });

describe('§9 a schema', () => {
  it.each<[string, SchemaStyle, unknown, unknown]>([
    [
      'stays where nobody refuses it',
      'as_is',
      { $schema: 'x', ...of({ const: 1, format: 'uri' }), additionalProperties: false },
      { $schema: 'x', ...of({ const: 1, format: 'uri' }), additionalProperties: false },
    ],
    ['is an object at the root', 'as_is', undefined, { type: 'object', properties: {} }],
    ['has items in arrays', 'as_is', of({ type: 'array' }), of({ type: 'array', items: {} })],
    [
      'has no combination at the root',
      'as_is',
      { anyOf: [of({}), { properties: { q: {} } }] },
      { type: 'object', properties: { p: {}, q: {} } },
    ],
    [
      'loses what Gemini does not know',
      'gemini',
      {
        $schema: 'x',
        ...of({ type: 'string', format: 'uri', examples: ['a'], pattern: 'x' }),
        additionalProperties: false,
        propertyNames: {},
      },
      of({ type: 'string', pattern: 'x' }),
    ],
    [
      'keeps properties that are called like keywords',
      'gemini',
      of({}, { properties: { format: { type: 'string' }, const: { type: 'string' }, not: {}, pattern: {} } }),
      {
        type: 'object',
        properties: { format: { type: 'string' }, const: { type: 'string' }, not: {}, pattern: {} },
      },
    ],
    ['const is an enum for Gemini', 'gemini', of({ const: 'a' }), of({ type: 'string', enum: ['a'] })],
    [
      'null is nullable for Gemini',
      'gemini',
      of({ type: ['string', 'null'] }),
      of({ type: 'string', nullable: true }),
    ],
    [
      'enums are of strings for Gemini',
      'gemini',
      of({ type: 'integer', enum: [1, 2] }),
      of({ type: 'integer' }),
    ],
    [
      'bounds include for Gemini',
      'gemini',
      of({ type: 'integer', exclusiveMinimum: 0 }),
      of({ type: 'integer', minimum: 1 }),
    ],
    [
      'required names known properties',
      'gemini',
      of({}, { required: ['p', 'q'] }),
      of({}, { required: ['p'] }),
    ],
    [
      'references are replaced',
      'gemini',
      of({ $ref: '#/$defs/A' }, { $defs: { A: { type: 'string' } } }),
      of({ type: 'string' }),
    ],
    [
      'references to themselves are cut',
      'kimi',
      of({ $ref: '#/$defs/A' }, { $defs: { A: of({ $ref: '#/$defs/A' }) } }),
      of(of({})),
    ],
    [
      'type goes into the branches for Kimi',
      'kimi',
      of({ type: 'string', anyOf: [{ minLength: 1 }, { type: 'null' }] }),
      of({ anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] }),
    ],
    [
      'patterns and bounds go for llama.cpp',
      'llama_cpp',
      of({ type: 'string', pattern: '\\d', maxLength: 5 }),
      of({ type: 'string' }),
    ],
  ])('%s (%s)', (_title, style, schema, expected) => {
    expect(cleanSchema(schema, style)).toEqual(expected);
  });
});
