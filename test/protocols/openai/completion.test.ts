import { describe, expect, it } from 'vitest';
import { convertCompletion } from '../../../src/protocols/openai/completion.ts';
import { detailsOfMark, isMarkedReasoning } from '../../../src/protocols/openai/reasoning-mark.ts';
import { convertUsage } from '../../../src/protocols/openai/usage.ts';
import { answerOptions } from './support.ts';

function answer(message: object, finish: string | null = 'stop', more: object = {}) {
  return convertCompletion(
    { id: 'c1', choices: [{ index: 0, message, finish_reason: finish }], ...more },
    answerOptions(),
  );
}

function call(args: unknown) {
  return {
    content: null,
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'X', arguments: args } }],
  };
}

describe('§3 a whole completion', () => {
  it("becomes a whole message under the client's name of the model", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 2 };
    expect(answer({ role: 'assistant', content: 'hi' }, 'stop', { usage, model: 'upstream' })).toEqual({
      kind: 'message',
      callExtras: new Map(),
      message: {
        id: 'c1',
        type: 'message',
        role: 'assistant',
        model: 'claude-x',
        content: [{ type: 'text', text: 'hi' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: {
          input_tokens: 10,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 2,
        },
      },
    });
  });

  it('has its reasoning first, marked as ours', () => {
    const details = [
      { type: 'reasoning.text', text: 'hm', signature: 'abc', index: 0 },
      { type: 'reasoning.encrypted', data: 'xx', id: 'a' },
    ];
    const converted = answer({ content: 'hi', reasoning: 'hm', reasoning_details: details });
    const [thinking] = converted.kind === 'message' ? converted.message.content : [];
    expect(thinking).toMatchObject({ type: 'thinking', thinking: 'hm' });
    expect(isMarkedReasoning(thinking?.signature)).toBe(true);
    expect(detailsOfMark(thinking?.signature)).toEqual(details);
    expect(isMarkedReasoning('EqQBCgIYAhIM')).toBe(false);
  });

  it.each<[string, unknown, unknown]>([
    ['a text', '{"a":1}', { a: 1 }],
    ['nothing', '', {}],
    ['null', null, {}],
    ['the word null', 'null', {}],
    ['an object', { a: 1 }, { a: 1 }],
    ['JSON in JSON', JSON.stringify('{"a":1}'), { a: 1 }],
    ['a fence', '```json\n{"a":1}\n```', { a: 1 }],
    ['Python', "{'a': None, 'b': [True, False,],}", { a: null, b: [true, false] }],
    ['a lost bracket', '{"a":{"b":"c"}', { a: { b: 'c' } }],
    ['raw control characters', '{"a":"x\n\ty"}', { a: 'x\n\ty' }],
    ['an escape that is none', '{"a":"C:\\Users \\d"}', { a: 'C:\\Users \\d' }],
  ])('reads arguments: %s', (_title, args, input) => {
    const converted = answer(call(args), 'tool_calls');
    expect(converted).toMatchObject({
      kind: 'message',
      message: { stop_reason: 'tool_use', content: [{ type: 'tool_use', id: 'a', name: 'X', input }] },
    });
  });

  it.each([['[1]'], ['7'], ['{"a" "b"}'], ['{a:1}'], ['{"a":01}'], ['{"a":]}'], ['rm -rf']])(
    'reports arguments that are no object: %s',
    (args) => {
      expect(answer(call(args), 'tool_calls')).toMatchObject({ kind: 'failed', failure: 'bad_arguments' });
    },
  );

  it('shows no call that was cut', () => {
    expect(answer({ ...call('{"a":"b'), content: 'I write' }, 'length')).toMatchObject({
      message: { stop_reason: 'max_tokens', content: [{ type: 'text', text: 'I write' }] },
    });
  });

  it('is refused where it is none', () => {
    for (const body of [null, 7, 'x', [], {}, { choices: null }]) {
      expect(convertCompletion(body, answerOptions())).toMatchObject({
        kind: 'failed',
        failure: 'malformed',
      });
    }
    expect(convertCompletion({ choices: [] }, answerOptions())).toMatchObject({
      kind: 'failed',
      failure: 'empty',
    });
    expect(convertCompletion({ error: { message: 'm', code: 404 } }, answerOptions())).toMatchObject({
      failure: 'error',
      error: { type: 'not_found_error' },
    });
  });
});

describe('§6 usage', () => {
  it.each<[string, object | undefined, object]>([
    [
      '§15.3 OpenAI',
      {
        prompt_tokens: 1200,
        completion_tokens: 90,
        total_tokens: 1290,
        prompt_tokens_details: { cached_tokens: 1000 },
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      {
        input_tokens: 200,
        cache_read_input_tokens: 1000,
        output_tokens: 90,
        output_tokens_details: { thinking_tokens: 60 },
      },
    ],
    [
      'written',
      {
        prompt_tokens: 100,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 20 },
      },
      { input_tokens: 70, cache_read_input_tokens: 10, cache_creation_input_tokens: 20 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 100, completion_tokens: 1, prompt_cache_hit_tokens: 60 },
      { input_tokens: 40, cache_read_input_tokens: 60 },
    ],
    [
      'Moonshot',
      { prompt_tokens: 100, completion_tokens: 1, cached_tokens: 60 },
      { input_tokens: 40, cache_read_input_tokens: 60 },
    ],
    [
      'Gemini, xAI: reasoning beyond the completion',
      {
        prompt_tokens: 100,
        completion_tokens: 0,
        total_tokens: 160,
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      { output_tokens: 60 },
    ],
    [
      'a total that is something else',
      { prompt_tokens: 100, completion_tokens: 5, total_tokens: 999 },
      { output_tokens: 5 },
    ],
    [
      'more cached than there is',
      { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
      { input_tokens: 0, cache_read_input_tokens: 5 },
    ],
    [
      'floats and nonsense',
      { prompt_tokens: 5.4, completion_tokens: -1 },
      { input_tokens: 5, output_tokens: 7 },
    ],
    ['none', undefined, { input_tokens: 33, output_tokens: 7 }],
  ])('%s', (_title, usage, expected) => {
    expect(convertUsage(usage, { input: 33, output: 7 })).toMatchObject(expected);
  });
});
