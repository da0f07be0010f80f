import { describe, expect, it } from 'vitest';
import { DEFAULT_COMPAT } from '../../../src/protocols/openai/compat.ts';
import { convertError } from '../../../src/protocols/openai/errors.ts';
import { compatWithout, refusedParts } from '../../../src/protocols/openai/refused-parts.ts';

function namesIn(message: string | object, status = 400): string[] {
  const body = typeof message === 'string' ? JSON.stringify({ error: { message } }) : JSON.stringify(message);
  return refusedParts(body, convertError({ status, body })).map(({ kind, name }) => `${kind} ${name}`);
}

describe('what a refusal names', () => {
  it.each<[string | object, string[]]>([
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      ['field max_tokens'],
    ],
    [
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
      ['field temperature'],
    ],
    ['Unrecognized request argument supplied: reasoning_effort', ['field reasoning_effort']],
    ["Unknown parameter: 'metadata'.", ['field metadata']],
    ['parallel_tool_calls is not supported with this model', ['field parallel_tool_calls']],
    ['json: unknown field "stream_options"', ['field stream_options']],
    ["property 'store' is unsupported", ['field store']],
    ['Invalid JSON payload received. Unknown name "top_k": Cannot find field.', ['field top_k']],
    [
      { error: { message: 'This is not supported.', param: 'user', code: 'unsupported_parameter' } },
      ['field user'],
    ],
    [
      "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
      ['field reasoning_content'],
    ],
    [
      "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'none', 'low', 'medium', and 'high'.",
      ['value reasoning_effort=none|low|medium|high'],
    ],
    [
      "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
      ['value reasoning_effort=none'],
    ],
    [
      'max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.',
      ['value max_tokens=16384'],
    ],
    ["Unexpected role 'user' after role 'tool'", ['value assistant_after_tool=true']],
    [
      'The reasoning_content in the thinking mode must be passed back to the API.',
      ['value reasoning_content=required'],
    ],
    [
      "tool_choice 'specified' is incompatible with thinking enabled",
      ['value forced_tool_choice_while_thinking=false'],
    ],
    ['Tool call id was call_x but must be a-z, A-Z, 0-9, with a length of 9.', ['value tool_ids=nine']],
    [
      "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 140 instead.",
      ['value tools=128'],
    ],
    ["Unknown parameter: 'messages'.", []],
    ['Invalid value for content', []],
    ['', []],
  ])('is read from %j', (message, parts) => {
    expect(namesIn(message)).toEqual(parts);
  });

  it('is found among words that name nothing', () => {
    const detail = [
      { type: 'extra_forbidden', loc: ['body', 'user'], msg: 'Extra inputs are not permitted' },
    ];
    expect(namesIn({ detail }, 422)).toContain('field user');
  });

  it('is for one request where only the prompt leaves no more room', () => {
    const message =
      "This endpoint's maximum context length is 65536 tokens. However, you requested about 70211 tokens (60000 of text input, 2211 of tool input, 8000 in the output).";
    expect(namesIn(message)).toEqual(['once max_tokens=2997']);
  });
});

describe('what a provider takes with it', () => {
  const after = (...names: string[]) =>
    compatWithout(
      DEFAULT_COMPAT,
      names.map((text) => {
        const [kind = '', name = ''] = text.split(' ');
        return { kind: kind as 'field', name };
      }),
    );

  it.each<[string[], object]>([
    [['field max_tokens'], { maxTokensField: 'max_completion_tokens' }],
    [['field max_completion_tokens'], { maxTokensField: 'max_tokens' }],
    [
      ['field max_tokens', 'field max_completion_tokens'],
      { dropFields: ['max_tokens', 'max_completion_tokens', 'max_tokens', 'max_completion_tokens'] },
    ],
    [['field messages.*.reasoning_content'], { reasoningBack: 'none', reasoningBackRequired: false }],
    [['field messages.*.content.*.cache_control'], { cacheControl: false }],
    [['field tools.*.function.parameters.const'], { schema: 'gemini' }],
    [['field response_format'], { responseFormat: 'none' }],
    [['field response_format.json_schema'], { responseFormat: 'none' }],
    [['field user'], { dropFields: ['user'] }],
    [['value reasoning_effort=low|high'], { efforts: ['low', 'high'] }],
    [['value reasoning_effort=none'], { reasoning: 'effort', effortWithTools: 'none' }],
    [['value max_tokens=100', 'once max_tokens=50'], { maxTokensLimit: 50 }],
    [['value tools=64'], { toolLimit: 64 }],
    [['value max_tokens=soon'], {}],
    [['value alternate=true'], { alternate: true, lateSystem: 'user' }],
    [['value of=tomorrow', 'beta a'], {}],
  ])('is %j', (parts, changes) => {
    expect(after(...parts)).toEqual({ ...DEFAULT_COMPAT, ...changes });
  });

  it('is the very same without any part', () => {
    expect(compatWithout(DEFAULT_COMPAT, undefined)).toBe(DEFAULT_COMPAT);
  });
});
