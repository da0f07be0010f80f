import { describe, expect, it } from 'vitest';
import { readChatRequest } from '../../../src/protocols/chat-completions/request.ts';
import { converted, messagesOf, readRequest, refusalOf } from './support.ts';

const CALL = {
  role: 'assistant',
  content: null,
  tool_calls: [
    { id: 'a', type: 'function', function: { name: 'X', arguments: '{"n":1}' } },
    { id: 'b', type: 'function', function: { name: 'Y', arguments: '' } },
  ],
};
const USES = [
  { type: 'tool_use', id: 'a', name: 'X', input: { n: 1 } },
  { type: 'tool_use', id: 'b', name: 'Y', input: {} },
];
const HI = { role: 'user', content: 'hi' };
const tool = (tool_call_id: string, content: unknown) => ({ role: 'tool', tool_call_id, content });
const result = (tool_use_id: string, content: unknown) => ({ type: 'tool_result', tool_use_id, content });
const parts = (...content: object[]) => ({ role: 'user', content });
const text = (value: string) => ({ type: 'text', text: value });

describe('messages', () => {
  it('of the system at the beginning become system, whatever they are called', () => {
    const request = converted({
      messages: [
        { role: 'system', content: 'one' },
        { role: 'developer', content: [text('two'), text('three')] },
        HI,
      ],
    });
    expect(request.system).toBe('one\n\ntwo\n\nthree');
    expect(request.messages).toEqual([HI]);
  });

  it('of the system later on are words in the user’s turn', () => {
    expect(messagesOf(HI, { role: 'system', content: 'be brief' })).toEqual([
      { role: 'user', content: [text('hi'), text('<system-reminder>\nbe brief\n</system-reminder>')] },
    ]);
  });

  it('of the system alone are asked as the user’s', () => {
    const request = converted({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Write a poem.' },
      ],
    });
    expect(request.system).toBe('Be brief.');
    expect(request.messages).toEqual([{ role: 'user', content: 'Write a poem.' }]);
  });

  it.each<[string, object[], unknown]>([
    ['a text', [HI], [HI]],
    ['parts of text', [parts(text('a'), text('b'))], [parts(text('a'), text('b'))]],
    [
      'blank texts are left out, and messages with nothing else',
      [parts(text(' '), text('a')), { role: 'assistant', content: '\n' }, HI],
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'hi' },
      ],
    ],
    [
      'an image of a data URL, with parameters and an older name',
      [
        parts({
          type: 'image_url',
          image_url: { url: 'data:image/JPG;charset=x;base64,AA==', detail: 'low' },
        }),
      ],
      [parts({ type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AA==' } })],
    ],
    [
      'an image of an address',
      [parts({ type: 'image_url', image_url: { url: 'https://x.example/a.png' } })],
      [parts({ type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } })],
    ],
    [
      'a PDF',
      [
        parts({
          type: 'file',
          file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
        }),
      ],
      [
        parts({
          type: 'document',
          source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
          title: 'a.pdf',
        }),
      ],
    ],
    [
      'a file of text',
      [parts({ type: 'file', file: { file_data: 'data:text/csv,a%2Cb' } })],
      [parts({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } })],
    ],
    [
      'breakpoints of the cache',
      [parts({ ...text('a'), cache_control: { type: 'ephemeral' } })],
      [parts({ ...text('a'), cache_control: { type: 'ephemeral' } })],
    ],
    [
      'calls and their results, in the order of the calls, one turn, before what the user says',
      [HI, CALL, tool('b', 'two'), tool('a', [text('one')]), HI],
      [HI, { role: 'assistant', content: USES }, parts(result('a', 'one'), result('b', 'two'), text('hi'))],
    ],
    [
      'a result that is missing, and one that is empty',
      [HI, CALL, tool('b', '')],
      [
        HI,
        { role: 'assistant', content: USES },
        parts(result('a', '(no result)'), { type: 'tool_result', tool_use_id: 'b' }),
      ],
    ],
    [
      'a result without a call',
      [HI, tool('z', 'lost')],
      [parts(text('hi'), text('(The result of a call that is not shown:)'), text('lost'))],
    ],
    [
      'consecutive messages of the assistant are one turn',
      [HI, { role: 'assistant', content: 'I look.' }, CALL, tool('a', '1'), tool('b', '2')],
      [
        HI,
        { role: 'assistant', content: [text('I look.'), ...USES] },
        parts(result('a', '1'), result('b', '2')),
      ],
    ],
    [
      'arguments that are no JSON object',
      [
        HI,
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'X', arguments: '{"n":' } }],
        },
        tool('a', 'bad'),
      ],
      [
        HI,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'X', input: { _raw: '{"n":' } }] },
        parts(result('a', 'bad')),
      ],
    ],
    [
      'ids that Anthropic refuses, and ids that come twice',
      [
        HI,
        { ...CALL, tool_calls: [{ ...CALL.tool_calls[0], id: 'functions.X:0' }] },
        tool('functions.X:0', '1'),
        { ...CALL, tool_calls: [{ ...CALL.tool_calls[0], id: 'functions.X:0' }] },
        tool('functions.X:0', '2'),
      ],
      expect.toSatisfy((messages: { content: { id?: string; tool_use_id?: string }[] }[]) => {
        const ids = [1, 3].map((at) => messages[at]?.content[0]?.id);
        const answered = [2, 4].map((at) => messages[at]?.content[0]?.tool_use_id);
        return (
          ids[0] !== ids[1] &&
          ids.every((id) => /^[\w-]+$/.test(id ?? '')) &&
          String(ids) === String(answered)
        );
      }),
    ],
    [
      'the older function_call and its result',
      [
        HI,
        { role: 'assistant', content: null, function_call: { name: 'X', arguments: '{}' } },
        { role: 'function', name: 'X', content: 'done' },
      ],
      [
        HI,
        { role: 'assistant', content: [expect.objectContaining({ type: 'tool_use', name: 'X', input: {} })] },
        parts(expect.objectContaining({ type: 'tool_result', content: 'done' })),
      ],
    ],
    [
      'a custom tool’s call',
      [
        HI,
        { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }] },
        tool('a', 'x'),
      ],
      [
        HI,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'sh', input: { input: 'ls' } }] },
        parts(result('a', 'x')),
      ],
    ],
    [
      'an assistant that begins, and one that ends with blanks',
      [
        { role: 'assistant', content: 'Hello.' },
        { role: 'user', content: 'Go on' },
        { role: 'assistant', content: 'The answer is ' },
      ],
      [
        { role: 'user', content: '(The assistant begins.)' },
        { role: 'assistant', content: 'Hello.' },
        { role: 'user', content: 'Go on' },
        { role: 'assistant', content: 'The answer is' },
      ],
    ],
    [
      'a refusal',
      [HI, { role: 'assistant', content: null, refusal: 'No.' }, HI],
      [HI, { role: 'assistant', content: 'No.' }, HI],
    ],
    [
      'thinking comes back with its signature only',
      [
        HI,
        {
          role: 'assistant',
          content: 'x',
          reasoning_content: 'lost',
          reasoning_details: [
            { type: 'reasoning.text', text: 'ke', format: 'anthropic-claude-v1', index: 0 },
            { type: 'reasoning.text', text: 'pt', format: 'anthropic-claude-v1', index: 0 },
            { type: 'reasoning.text', text: '', signature: 's', format: 'anthropic-claude-v1', index: 0 },
            { type: 'reasoning.text', text: 'unsigned', format: 'anthropic-claude-v1', index: 1 },
            { type: 'reasoning.encrypted', data: 'd', format: 'anthropic-claude-v1', index: 2 },
            { type: 'reasoning.text', text: 'other', signature: 's', format: 'openai-responses-v1' },
          ],
        },
        HI,
      ],
      [
        HI,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'kept', signature: 's' },
            { type: 'redacted_thinking', data: 'd' },
            text('x'),
          ],
        },
        HI,
      ],
    ],
  ])('%s', (_what, given, expected) => {
    expect(messagesOf(...given)).toEqual(expected);
  });
});

describe('fields', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const fn = (name: string, more: object = {}) => ({
    type: 'function',
    function: { name, parameters: schema, ...more },
  });
  const X = { name: 'X', input_schema: schema };
  const NEW = 'claude-opus-5-5';

  it.each<[string, object, object]>([
    ['max_tokens', { max_tokens: 5 }, { max_tokens: 5 }],
    ['max_completion_tokens goes before it', { max_tokens: 5, max_completion_tokens: 7 }, { max_tokens: 7 }],
    ['a limit that is missing or null', { max_tokens: null }, { max_tokens: 32_000 }],
    ['that of an older model', { model: 'anthropic/claude-3.5-haiku' }, { max_tokens: 8_192 }],
    ['that of the oldest', { model: 'claude-3-haiku-20240307' }, { max_tokens: 4_096 }],
    ['that of an unknown one', { model: 'gpt-4o' }, { max_tokens: 8_192 }],
    ['a temperature above 1', { temperature: 1.7 }, { temperature: 1 }],
    ['top_p alone', { top_p: 0.5 }, { top_p: 0.5 }],
    ['top_p beside a temperature', { top_p: 0.5, temperature: 0.2 }, { temperature: 0.2, top_p: undefined }],
    ['top_k, which is not OpenAI’s', { top_k: 5 }, { top_k: 5 }],
    ['one stop', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['several, blank ones left out', { stop: ['a', ' ', '', 'b'] }, { stop_sequences: ['a', 'b'] }],
    ['user', { user: 'u' }, { metadata: { user_id: 'u' } }],
    ['safety_identifier', { user: 'u', safety_identifier: 's' }, { metadata: { user_id: 's' } }],
    ['a pin', { provider: 'Work' }, { provider: 'Work' }],
    ['OpenRouter’s provider is no pin', { provider: { order: ['x'] } }, { provider: undefined }],
    ['stream', { stream: true }, { stream: true }],
    ['tools', { tools: [fn('X')] }, { tools: [X], tool_choice: undefined }],
    [
      'a tool without parameters',
      { tools: [fn('X', { parameters: undefined })] },
      { tools: [{ name: 'X', input_schema: { type: 'object', properties: {} } }] },
    ],
    [
      'a schema with a choice at its root, which Anthropic refuses',
      { tools: [fn('X', { parameters: { anyOf: [schema, { properties: { b: {} } }] } })] },
      {
        tools: [
          { name: 'X', input_schema: { type: 'object', properties: { a: { type: 'string' }, b: {} } } },
        ],
      },
    ],
    ['a strict tool', { tools: [fn('X', { strict: true })] }, { tools: [{ ...X, strict: true }] }],
    [
      'strict with an open schema',
      { tools: [fn('X', { strict: true, parameters: { properties: {} } })] },
      { tools: [{ name: 'X', input_schema: { type: 'object', properties: {} } }] },
    ],
    [
      'a custom tool',
      { tools: [{ type: 'custom', custom: { name: 'sh', description: 'd' } }] },
      {
        tools: [
          {
            name: 'sh',
            description: 'd',
            input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
          },
        ],
      },
    ],
    [
      'functions',
      { functions: [{ name: 'X', parameters: schema }], function_call: { name: 'X' } },
      { tools: [X], tool_choice: { type: 'tool', name: 'X', disable_parallel_tool_use: true } },
    ],
    [
      'functions, unforced',
      { functions: [{ name: 'X', parameters: schema }] },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    [
      'an empty list of tools',
      { tools: [], tool_choice: 'auto' },
      { tools: undefined, tool_choice: undefined },
    ],
    ['tool_choice auto', { tools: [fn('X')], tool_choice: 'auto' }, { tool_choice: { type: 'auto' } }],
    [
      'tool_choice none',
      { tools: [fn('X')], tool_choice: 'none', parallel_tool_calls: false },
      { tool_choice: { type: 'none' } },
    ],
    ['tool_choice required', { tools: [fn('X')], tool_choice: 'required' }, { tool_choice: { type: 'any' } }],
    [
      'a named tool',
      { tools: [fn('X')], tool_choice: { type: 'function', function: { name: 'X' } } },
      { tool_choice: { type: 'tool', name: 'X' } },
    ],
    [
      'allowed tools',
      {
        tools: [fn('X'), fn('Y')],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'X' } }] },
        },
      },
      { tools: [X], tool_choice: { type: 'any' } },
    ],
    [
      'no parallel calls',
      { tools: [fn('X')], parallel_tool_calls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    [
      'an effort, as a budget',
      { reasoning_effort: 'medium' },
      { thinking: { type: 'enabled', budget_tokens: 8_192 } },
    ],
    [
      'a budget below the limit',
      { reasoning_effort: 'high', max_tokens: 4_000 },
      { thinking: { type: 'enabled', budget_tokens: 3_000 } },
    ],
    ['no room for thinking', { reasoning_effort: 'high', max_tokens: 1_000 }, { thinking: undefined }],
    [
      'an effort, as such',
      { model: NEW, reasoning_effort: 'minimal' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    ],
    [
      'no effort',
      { model: NEW, reasoning_effort: 'none' },
      { thinking: { type: 'disabled' }, output_config: undefined },
    ],
    ['no effort of an older one', { reasoning_effort: 'none' }, { thinking: undefined }],
    [
      'an effort of one that cannot think',
      { model: 'claude-3-5-haiku', reasoning_effort: 'high' },
      { thinking: undefined },
    ],
    [
      'OpenRouter’s reasoning',
      { reasoning: { max_tokens: 5_000 } },
      { thinking: { type: 'enabled', budget_tokens: 5_000 } },
    ],
    [
      'Anthropic’s thinking',
      { thinking: { type: 'enabled', budget_tokens: 1_500 } },
      { thinking: { type: 'enabled', budget_tokens: 1_500 } },
    ],
    [
      'Anthropic’s thinking by budget beside a forced call',
      {
        thinking: { type: 'enabled', budget_tokens: 1_500 },
        functions: [{ name: 'X' }],
        function_call: { name: 'X' },
      },
      { thinking: undefined },
    ],
    [
      'no temperature beside thinking',
      { reasoning_effort: 'low', temperature: 0.2, stop: 'x' },
      { temperature: undefined, stop_sequences: ['x'] },
    ],
    [
      'no budget beside a forced call',
      { reasoning_effort: 'low', tools: [fn('X')], tool_choice: 'required' },
      { thinking: undefined },
    ],
    [
      'an effort beside a forced call',
      { model: NEW, reasoning_effort: 'low', tools: [fn('X')], tool_choice: 'required' },
      { thinking: undefined, output_config: { effort: 'low' } },
    ],
    [
      'no budget where a turn with calls shows no thinking',
      { reasoning_effort: 'low', messages: [HI, CALL, tool('a', '1'), tool('b', '2')] },
      { thinking: undefined },
    ],
    [
      'a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } },
      { output_config: { format: { type: 'json_schema', schema } }, system: undefined },
    ],
    [
      'a schema with an effort',
      {
        model: NEW,
        reasoning_effort: 'high',
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
      },
      { output_config: { effort: 'high', format: { type: 'json_schema', schema } } },
    ],
    [
      'an open schema',
      { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } } },
      { output_config: undefined, system: expect.stringContaining('{"type":"object"}') },
    ],
    [
      'a schema for an older model',
      {
        model: 'claude-sonnet-4-20250514',
        response_format: { type: 'json_schema', json_schema: { schema } },
      },
      { output_config: undefined, system: expect.stringContaining('"additionalProperties":false') },
    ],
    [
      'json_object',
      { response_format: { type: 'json_object' } },
      { system: expect.stringMatching(/JSON object/) },
    ],
    ['text', { response_format: { type: 'text' } }, { system: undefined, output_config: undefined }],
  ])('%s', (_what, given, expected) => {
    const request = converted(given);
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, request[key]]))).toEqual(expected);
  });

  it('that have no place in the Messages API go nowhere', () => {
    const request = converted({
      frequency_penalty: 1,
      presence_penalty: 1,
      logit_bias: {},
      logprobs: true,
      top_logprobs: 2,
      seed: 1,
      store: true,
      metadata: { a: 'b' },
      service_tier: 'flex',
      verbosity: 'low',
      prediction: {},
      modalities: ['text'],
      audio: {},
      n: 1,
      prompt_cache_key: 'k',
      web_search_options: {},
      stream_options: { include_usage: true },
      whatever: 1,
    });
    expect(Object.keys(request)).toEqual(['model', 'max_tokens', 'messages']);
  });

  it('tell the answer what was asked', () => {
    const asked = (fields: object) => {
      const read = readRequest(fields);
      return read.kind === 'request' ? read.asked : undefined;
    };
    const custom = { type: 'custom', custom: { name: 'sh' } };
    expect(asked({})).toEqual({ stream: false, includeUsage: false, legacy: false, custom: new Set() });
    expect(asked({ stream: true, stream_options: { include_usage: true }, tools: [custom] })).toEqual({
      stream: true,
      includeUsage: true,
      legacy: false,
      custom: new Set(['sh']),
    });
    expect(asked({ functions: [{ name: 'X' }] })).toMatchObject({ legacy: true });
    expect(asked({ functions: [{ name: 'X' }], tools: [fn('X')] })).toMatchObject({ legacy: false });
  });
});

describe('a request is refused with the field and a remedy:', () => {
  const image = (url: unknown) => ({ messages: [parts({ type: 'image_url', image_url: { url } })] });
  it.each([
    [{ n: 2 }, 'n: Only one choice is possible here'],
    [{ model: undefined }, 'model: model must name a model'],
    [{ messages: [] }, 'messages: messages must be a list'],
    [{ messages: 'hi' }, 'messages: messages must be a list'],
    [{ messages: [HI, { role: 'robot', content: 'x' }] }, 'messages[1].role: A role must be'],
    [{ messages: [HI, null] }, 'messages[1].role: A role must be'],
    [
      { messages: [parts({ type: 'input_audio', input_audio: {} })] },
      'messages[0].content[0]: Audio is not supported',
    ],
    [
      { messages: [parts(text('a'), { type: 'video_url' })] },
      'messages[0].content[1].type: Parts of the type "video_url"',
    ],
    [image('data:image/tiff;base64,AA'), 'messages[0].content[0].image_url: An image must be'],
    [image('file:///etc/passwd'), 'messages[0].content[0].image_url: An image must be'],
    [image(undefined), 'messages[0].content[0].image_url: An image must be'],
    [
      { messages: [parts({ type: 'file', file: { file_id: 'f' } })] },
      'messages[0].content[0].file: Files are not stored here',
    ],
    [
      { messages: [parts({ type: 'file', file: { file_data: 'data:video/mp4;base64,AA' } })] },
      'messages[0].content[0].file: A file must have',
    ],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0]: A tool must be'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name: A function must have a name'],
    [{ functions: [{ name: 'X' }, { name: 7 }] }, 'functions[1].name: A function must have a name'],
  ])('%j', (fields, expected) => {
    expect(refusalOf(fields)).toContain(expected);
  });

  it('what is nested too deeply', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const body = `{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"X","parameters":{"default":${deep}}}}]}`;
    expect(readChatRequest(Buffer.from(body))).toMatchObject({
      kind: 'refused',
      refusal: { message: 'The request body is nested too deeply.' },
    });
  });

  it.each(['{', '[]', 'null', '{"model":"m"'])('%s', (body) => {
    expect(readChatRequest(Buffer.from(body))).toMatchObject({
      kind: 'refused',
      refusal: { message: 'The request body is not valid JSON.', param: null },
    });
  });
});
