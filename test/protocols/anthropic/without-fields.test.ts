import { describe, expect, it } from 'vitest';
import { withoutFields } from '../../../src/protocols/anthropic/without-fields.ts';

function without(body: string, ...fields: string[]): string {
  return withoutFields(Buffer.from(body), new Set(fields)).toString();
}

/** The same for values: what is left, parsed. */
function left(body: unknown, ...fields: string[]): unknown {
  return JSON.parse(without(JSON.stringify(body), ...fields));
}

describe('a top-level field', () => {
  const BODY = '{ "a":1.50, "b" : {"x":"\\u00e4, }"},\n"c":[1,2] }';

  it.each([
    ['the first one', ['a'], '{"b" : {"x":"\\u00e4, }"},"c":[1,2]}'],
    ['one in the middle', ['b'], '{"a":1.50,"c":[1,2]}'],
    ['the last one', ['c'], '{"a":1.50,"b" : {"x":"\\u00e4, }"}}'],
    ['two that stand together', ['b', 'c'], '{"a":1.50}'],
    ['all of them', ['a', 'b', 'c'], '{}'],
  ])('goes, and the values of the others keep their bytes: %s', (_, fields, expected) => {
    expect(without(BODY, ...fields)).toBe(expected);
  });

  it('that is not there leaves the very same buffer', () => {
    const body = Buffer.from(BODY);
    expect(withoutFields(body, new Set())).toBe(body);
    expect(withoutFields(body, new Set(['d', 'b.y', 'tools.*.x', '**.cache_control.ttl']))).toBe(body);
  });

  it('of a body that is no object leaves the very same buffer', () => {
    for (const text of ['', '[]', '{"a":', 'null']) {
      const body = Buffer.from(text);
      expect(withoutFields(body, new Set(['a']))).toBe(body);
    }
  });
});

describe('a nested field', () => {
  it('goes from every element of a list, and the rest of the body keeps its bytes', () => {
    const body =
      '{"n": 1.50,"tools":[{"name":"a","input_examples":[1]},{"name":"b"},{"name":"c","input_examples":[]}]}';
    expect(without(body, 'tools.*.input_examples')).toBe(
      '{"n": 1.50,"tools":[{"name":"a"},{"name":"b"},{"name":"c"}]}',
    );
  });

  it('with a type in its path goes from objects of that type alone; a tool without a type is custom', () => {
    const tools = [
      { name: 'a', strict: true },
      { type: 'custom', name: 'b', strict: true },
      { type: 'web_search_20250305', name: 'c', strict: true },
    ];
    expect(left({ tools }, 'tools.*.custom.strict')).toEqual({
      tools: [
        { name: 'a' },
        { type: 'custom', name: 'b' },
        { type: 'web_search_20250305', name: 'c', strict: true },
      ],
    });
  });

  it('of a block goes where the type of the block is also the name of its text', () => {
    const block = (type: string) => ({ type, [type]: 'words', cache_control: { type: 'ephemeral' } });
    const messages = [
      { role: 'assistant', content: [block('thinking'), block('text')] },
      { role: 'user', content: 'x' },
    ];
    expect(left({ messages }, 'messages.*.content.*.thinking.cache_control')).toEqual({
      messages: [
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'words' }, block('text')] },
        { role: 'user', content: 'x' },
      ],
    });
  });

  it('takes the object along that it leaves empty', () => {
    const body = {
      output_config: { effort: 'low' },
      messages: [{ role: 'system', output_config: { effort: 'low' } }],
    };
    expect(left(body, 'output_config.effort', 'messages.*.output_config.effort')).toEqual({
      messages: [{ role: 'system' }],
    });
  });

  it('leaves a demanded form of the answer where the rest of its object goes', () => {
    const format = { type: 'json_schema', schema: {} };
    expect(left({ output_config: { effort: 'low', format } }, 'output_config')).toEqual({
      output_config: { format },
    });
    const only = Buffer.from(JSON.stringify({ output_config: { format } }));
    expect(withoutFields(only, new Set(['output_config']))).toBe(only);
  });

  it('of the cache’s breakpoints goes from all of them, and from nothing that only looks like one', () => {
    const mark = { type: 'ephemeral', ttl: '1h', scope: 'global' };
    const less = { type: 'ephemeral', scope: 'global' };
    const lookalike = { cache_control: mark };
    const body = (cache_control: object) => ({
      cache_control,
      system: [{ type: 'text', text: 'a', cache_control }],
      tools: [{ name: 't', input_schema: { properties: lookalike }, cache_control }],
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', content: [{ type: 'text', text: 'x', cache_control }] }],
        },
        {
          role: 'user',
          content: [
            { type: 'document', source: { type: 'content', content: [{ type: 'text', cache_control }] } },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', input: lookalike, cache_control }] },
      ],
      metadata: lookalike,
    });
    expect(left(body(mark), '**.cache_control.ttl')).toEqual(body(less));
  });

  it('whose name stands only in a text changes nothing', () => {
    const body = Buffer.from(
      '{"messages":[{"role":"user","content":"the \\"output_config\\" of “output_config”"}]}',
    );
    expect(withoutFields(body, new Set(['messages.*.output_config']))).toBe(body);
  });

  it('in a value that is broken within changes nothing: the provider says what is wrong', () => {
    const body = Buffer.from('{"tools":[{"strict":"\n"}]}');
    expect(withoutFields(body, new Set(['tools.*.strict']))).toBe(body);
  });

  it('called like an inherited one is a field like any other', () => {
    expect(without('{"tools":[{"__proto__":{"strict":1},"strict":1}]}', 'tools.*.strict')).toBe(
      '{"tools":[{"__proto__":{"strict":1}}]}',
    );
    expect(without('{"a":1}', 'toString', '__proto__.x')).toBe('{"a":1}');
  });
});
