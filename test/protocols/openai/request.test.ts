import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '../../../src/protocols/openai/chat-types.ts';
import type { Compat } from '../../../src/protocols/openai/compat.ts';
import { compatFor } from '../../../src/protocols/openai/compat-hosts.ts';
import { markReasoning } from '../../../src/protocols/openai/reasoning-mark.ts';
import { convertRequest } from '../../../src/protocols/openai/request.ts';
import { bodyOf, converted, messagesOf, refusals } from './support.ts';

const CACHE = { type: 'ephemeral' };
const text = (content: string) => ({ type: 'text', text: content });
const use = (id: string, name = 'Read', input: unknown = {}) => ({ type: 'tool_use', id, name, input });
const result = (id: string, content?: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});
const user = (...content: unknown[]) => ({
  role: 'user',
  content: typeof content[0] === 'string' ? content[0] : content,
});
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
const TOOL = {
  name: 'Read',
  description: 'd',
  input_schema: { type: 'object', properties: { a: { type: 'string' } } },
};

describe('the top level of a request', () => {
  it.each<[string, object, Partial<Compat>, Partial<ChatRequest>]>([
    ['§2.1 max_tokens as it is', { max_tokens: 128000 }, {}, { max_tokens: 128000 }],
    [
      '§2.1 max_completion_tokens, capped',
      { max_tokens: 128000 },
      { maxTokensField: 'max_completion_tokens', maxTokensLimit: 8192 },
      { max_completion_tokens: 8192 },
    ],
    ['§2.1 sampling', { temperature: 0.5, top_p: 0.9, top_k: 5 }, {}, { temperature: 0.5, top_p: 0.9 }],
    ['§2.1 top_k where it is known', { top_k: 5 }, { topK: true }, { top_k: 5 }],
    ['§2.1 no sampling for reasoning models', { temperature: 0.5, top_p: 0.9 }, { temperature: false }, {}],
    [
      '§2.1 the first four stop sequences, none empty',
      { stop_sequences: ['', 'a', 'b', 'c', 'd', 'e'] },
      {},
      { stop: ['a', 'b', 'c', 'd'] },
    ],
    ['§2.1 no stop where it is unknown', { stop_sequences: ['a'] }, { stopLimit: 0 }, {}],
    [
      '§2.1 nothing of metadata, context_management, betas, speed',
      {
        metadata: { user_id: 'u' },
        context_management: {},
        betas: [],
        speed: 'fast',
        service_tier: 'auto',
        container: 'c',
      },
      {},
      {},
    ],
    [
      '§2.6 no thinking where nothing is known',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      {},
      {},
    ],
    [
      '§2.6 the effort',
      { output_config: { effort: 'medium' } },
      { reasoning: 'effort' },
      { reasoning_effort: 'medium' },
    ],
    [
      '§2.6 the nearest effort',
      { output_config: { effort: 'max' } },
      { reasoning: 'effort' },
      { reasoning_effort: 'high' },
    ],
    [
      '§2.6 a budget',
      { thinking: { type: 'enabled', budget_tokens: 31999 } },
      { reasoning: 'effort' },
      { reasoning_effort: 'high' },
    ],
    [
      '§2.6 a small budget',
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      { reasoning: 'effort' },
      { reasoning_effort: 'low' },
    ],
    ['§2.6 adaptive without an effort', { thinking: { type: 'adaptive' } }, { reasoning: 'effort' }, {}],
    [
      '§2.6 disabled',
      { thinking: { type: 'disabled' } },
      { reasoning: 'effort', efforts: ['none', 'low'] },
      { reasoning_effort: 'none' },
    ],
    [
      '§2.6 gpt-5.5 with tools',
      { tools: [TOOL], output_config: { effort: 'high' } },
      { reasoning: 'effort', effortWithTools: 'none' },
      { reasoning_effort: 'none' },
    ],
    [
      '§2.6 OpenRouter, effort',
      { output_config: { effort: 'high' } },
      { reasoning: 'openrouter' },
      { reasoning: { effort: 'high' } },
    ],
    [
      '§2.6 OpenRouter, budget',
      { thinking: { type: 'enabled', budget_tokens: 5000 } },
      { reasoning: 'openrouter' },
      { reasoning: { max_tokens: 5000 } },
    ],
    [
      '§2.6 OpenRouter, off',
      { thinking: { type: 'disabled' } },
      { reasoning: 'openrouter' },
      { reasoning: { enabled: false } },
    ],
    [
      '§2.6 DeepSeek',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
      { reasoning: 'thinking', efforts: ['low', 'high', 'max'] },
      { thinking: { type: 'enabled' }, reasoning_effort: 'low' },
    ],
    [
      '§2.6 GLM keeps its thinking',
      { thinking: { type: 'adaptive' } },
      { reasoning: 'thinking', efforts: [], thinkingFields: { clear_thinking: false } },
      { thinking: { type: 'enabled', clear_thinking: false } },
    ],
    [
      '§2.6 Qwen',
      { thinking: { type: 'enabled', budget_tokens: 5000 } },
      { reasoning: 'enable_thinking' },
      { enable_thinking: true, thinking_budget: 5000 },
    ],
    [
      '§2.6 vLLM',
      { thinking: { type: 'disabled' } },
      { reasoning: 'template' },
      { chat_template_kwargs: { enable_thinking: false } },
    ],
  ])('%s', (_title, request, compat, expected) => {
    const {
      model: _model,
      messages: _messages,
      tools: _tools,
      ...rest
    } = bodyOf({ messages: [user(text('x'))], ...request }, compat, false);
    expect(rest).toEqual(expected);
  });

  it('§2.1 asks a stream for its usage, and only a stream', () => {
    expect(bodyOf({}, {}, true)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(bodyOf({}, { streamUsage: false }, true)).not.toHaveProperty('stream_options');
    expect(bodyOf({}, {}, false)).not.toHaveProperty('stream');
  });

  it('§2.1 sends a short hash of the user where that is known', () => {
    const request = { metadata: { user_id: '{"device_id":"abc","session_id":"s"}' } };
    expect(bodyOf(request, { userField: 'safety_identifier' }).safety_identifier).toMatch(/^[0-9a-f]{16}$/);
  });

  it('§2.1 turns output_config.format into a response_format', () => {
    const schema = {
      type: 'object',
      properties: { t: { type: 'string' } },
      required: ['t'],
      additionalProperties: false,
    };
    const request = {
      output_config: { format: { type: 'json_schema', schema } },
      messages: [user(text('x'))],
    };
    expect(bodyOf(request).response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'output', schema, strict: true },
    });
    const loose = { type: 'object', properties: { t: {} } };
    expect(
      bodyOf({ output_config: { format: { type: 'json_schema', schema: loose } } }).response_format,
    ).toEqual({ type: 'json_schema', json_schema: { name: 'output', schema: loose } });
    const told = bodyOf(request, { responseFormat: 'json_object' });
    expect(told.response_format).toEqual({ type: 'json_object' });
    expect(JSON.stringify(told.messages[0])).toContain('JSON');
  });

  it('lays extraBody over the body and takes dropFields out of it', () => {
    const body = bodyOf({ max_tokens: 5 }, { extraBody: { tool_stream: true }, dropFields: ['max_tokens'] });
    expect(body).toMatchObject({ tool_stream: true });
    expect(body).not.toHaveProperty('max_tokens');
  });
});

describe('the order of messages', () => {
  it.each<[string, object[], Partial<Compat>, ChatMessage[]]>([
    [
      '§15.1 results before the text of their turn, images after the last result',
      [
        assistant({ type: 'thinking', thinking: 'x', signature: 's' }, text('run'), use('t1'), use('t2')),
        user(text('see'), result('t2', [PNG]), result('t1', 'ok')),
      ],
      {},
      [
        {
          role: 'assistant',
          content: 'run',
          tool_calls: [
            { id: 't1', type: 'function', function: { name: 'Read', arguments: '{}' } },
            { id: 't2', type: 'function', function: { name: 'Read', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 't1', content: 'ok' },
        { role: 'tool', tool_call_id: 't2', content: '[image: see the next user message]' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'text', text: 'From the result of Read (t2):' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
      ],
    ],
    [
      "§2.2.5 a missing result is made, a stray one is the user's words",
      [assistant(use('a')), user(result('b', 'stray'))],
      {},
      [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'Read', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: '(no result)' },
        { role: 'user', content: 'Result of a tool:\n\nstray' },
      ],
    ],
    [
      "§2.2.4 an assistant's turn without text or calls is left out",
      [user('a'), assistant({ type: 'thinking', thinking: 'x', signature: 's' }), user('b')],
      {},
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    ],
    [
      "§2.2.6 users' turns are merged for templates that alternate",
      [user(text('a')), user(text('b'))],
      { alternate: true },
      [{ role: 'user', content: 'a\n\nb' }],
    ],
    [
      '§2.2.7 a short answer stands between a result and a user where that is wanted',
      [assistant(use('a')), user(result('a', 'ok'), text('go'))],
      { assistantAfterTool: true, emptyContent: '' },
      [
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'Read', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
        { role: 'assistant', content: 'Done.' },
        { role: 'user', content: 'go' },
      ],
    ],
    [
      '§2.1 a late system message stays',
      [user('a'), { role: 'system', content: 's', output_config: { effort: 'low' } }],
      {},
      [
        { role: 'user', content: 'a' },
        { role: 'system', content: 's' },
      ],
    ],
    [
      '§2.1 or becomes a reminder',
      [user('a'), { role: 'system', content: 's' }],
      { lateSystem: 'user' },
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: '<system-reminder>\ns\n</system-reminder>' },
      ],
    ],
    [
      '§2.3 empty texts are dropped, an empty turn too',
      [user(text(''), text('a')), user(text(''))],
      {},
      [{ role: 'user', content: 'a' }],
    ],
    [
      '§2.3 an error says so once',
      [assistant(use('a')), user(result('a', 'gone', { is_error: true }))],
      {},
      [expect.anything(), { role: 'tool', tool_call_id: 'a', content: 'Error: gone' }],
    ],
    [
      '§2.3 an empty result has words',
      [assistant(use('a')), user(result('a', []))],
      {},
      [expect.anything(), { role: 'tool', tool_call_id: 'a', content: '(no output)' }],
    ],
    [
      '§2.3 images left out where they are not seen',
      [user(PNG)],
      { images: false },
      [{ role: 'user', content: '[image left out: this model cannot see it]' }],
    ],
    [
      '§2.3 a document of text',
      [user({ type: 'document', title: 'T', source: { type: 'text', data: 'body' } })],
      {},
      [{ role: 'user', content: 'T\nbody' }],
    ],
    [
      '§2.3 a PDF as a file',
      [
        user({
          type: 'document',
          title: 'T',
          source: { type: 'base64', media_type: 'application/pdf', data: 'AA' },
        }),
      ],
      { files: true },
      [
        {
          role: 'user',
          content: [{ type: 'file', file: { filename: 'T', file_data: 'data:application/pdf;base64,AA' } }],
        },
      ],
    ],
    [
      '§2.3 a PDF left out',
      [user({ type: 'document', title: 'T', source: { type: 'base64', data: 'AA' } })],
      {},
      [{ role: 'user', content: '[document "T" left out: this model cannot read it]' }],
    ],
    [
      "§2.3 what a server's tool did is told in words",
      [
        assistant(
          { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } },
          {
            type: 'web_search_tool_result',
            tool_use_id: 's',
            content: [{ type: 'web_search_result', title: 'T', url: 'u' }],
          },
        ),
      ],
      {},
      [{ role: 'assistant', content: '[web_search: q]\n\n- T u' }],
    ],
    [
      '§2.3 reasoning goes back where it is wanted',
      [assistant({ type: 'thinking', thinking: 'x', signature: 's' }, text('a'))],
      { reasoningBack: 'reasoning_content' },
      [{ role: 'assistant', content: 'a', reasoning_content: 'x' }],
    ],
    [
      '§8 lost reasoning is empty where it must not be missing',
      [assistant(use('a')), user(result('a', 'ok'))],
      { reasoningBack: 'reasoning_content', reasoningBackRequired: true },
      [expect.objectContaining({ reasoning_content: '' }), expect.anything()],
    ],
    [
      '§3 reasoning_details go back unmodified',
      [
        assistant(
          {
            type: 'thinking',
            thinking: 'x',
            signature: markReasoning('h', [{ type: 'reasoning.text', text: 'x', signature: 'abc' }]),
          },
          text('a'),
        ),
      ],
      { reasoningBack: 'reasoning_details' },
      [
        {
          role: 'assistant',
          content: 'a',
          reasoning_details: [{ type: 'reasoning.text', text: 'x', signature: 'abc' }],
        },
      ],
    ],
    [
      "§10 Kimi's ids count through the conversation",
      [assistant(use('a'), use('b')), user(result('b', '2'), result('a', '1'))],
      { toolIds: 'kimi' },
      [
        expect.anything(),
        { role: 'tool', tool_call_id: 'functions.Read:0', content: '1' },
        { role: 'tool', tool_call_id: 'functions.Read:1', content: '2' },
      ],
    ],
  ])('%s', (_title, messages, compat, expected) => {
    expect(messagesOf(messages, compat)).toEqual(expected);
  });

  it('§2.2.6 alternates also where turns between were left out', () => {
    const thought = { type: 'thinking', thinking: 'x', signature: 's' };
    const users = messagesOf([user('a'), assistant(thought), user('b')], { alternate: true });
    expect(users).toEqual([{ role: 'user', content: 'a\n\nb' }]);
    const turns = [
      assistant(text('a')),
      user(text('')),
      assistant(text('b'), use('t')),
      user(result('t', 'ok')),
    ];
    expect(messagesOf(turns, { alternate: true }).map((each) => [each.role, each.content])).toEqual([
      ['assistant', 'a\n\nb'],
      ['tool', 'ok'],
    ]);
  });

  it('§2.3 the input of a call is an object whatever it was', () => {
    const sent = messagesOf([assistant(use('a', 'Read', 'x'), use('b', 'Read', null))])[0];
    const inputs = sent?.role === 'assistant' ? sent.tool_calls?.map((each) => each.function.arguments) : [];
    expect(inputs).toEqual(['{"input":"x"}', '{}']);
  });

  it('§2.1 joins the system prompt and drops the billing line', () => {
    const system = [
      text('x-anthropic-billing-header: cc_version=1;'),
      { ...text('a'), cache_control: CACHE },
      text('b'),
    ];
    expect(bodyOf({ system }).messages).toEqual([{ role: 'system', content: 'a\n\nb' }]);
    expect(bodyOf({ system }, { cacheControl: true }).messages).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'a', cache_control: CACHE },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
  });

  it('§10 keeps pairs together where ids repeat or are too long', () => {
    const long = 'x'.repeat(400);
    const messages = [
      assistant(use('a')),
      user(result('a', '1')),
      assistant(use('a'), use(long)),
      user(result(long, '3'), result('a', '2')),
    ];
    const body = messagesOf(messages);
    expect(refusals({ model: 'm', messages: body })).toEqual([]);
    expect(body.flatMap((each) => (each.role === 'tool' ? [each.content] : []))).toEqual(['1', '2', '3']);
    const ids = body.flatMap((each) => (each.role === 'tool' ? [each.tool_call_id] : []));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => id.length <= 40)).toBe(true);
    const nine = messagesOf(messages, { toolIds: 'nine' }).flatMap((each) =>
      each.role === 'tool' ? [each.tool_call_id] : [],
    );
    expect(nine.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true);
  });

  it('§2.3 writes no halves of surrogate pairs', () => {
    const { body } = converted({
      messages: [
        user(text('a\ud83d')),
        assistant(use('a', 'Read', { b: '\udc00' })),
        user(result('a', 'ok')),
      ],
    });
    expect(body).not.toMatch(/\\+ud[89a-f]/i);
    expect(body).toContain('\ufffd');
  });

  it('§4.4 returns what the provider attached to a call', () => {
    const { body } = convertWithExtra();
    expect(JSON.parse(body).messages[0].tool_calls[0].extra_content).toEqual({
      google: { thought_signature: 's' },
    });
  });
});

function convertWithExtra() {
  const callExtra = (id: string) => (id === 'a' ? { google: { thought_signature: 's' } } : undefined);
  const options = {
    compat: compatFor('generativelanguage.googleapis.com', 'gemini-3'),
    model: 'm',
    stream: true,
    callExtra,
  };
  return convertRequest({ messages: [assistant(use('a')), user(result('a', 'ok'))] }, options);
}

describe('tools', () => {
  it.each<[string, object, Partial<Compat>, Partial<ChatRequest>]>([
    [
      "§2.4 without Anthropic's hints",
      { tools: [{ ...TOOL, cache_control: CACHE, type: 'custom', input_examples: [], strict: true }] },
      {},
      {
        tools: [
          { type: 'function', function: { name: 'Read', description: 'd', parameters: TOOL.input_schema } },
        ],
      },
    ],
    [
      '§2.4 parameters are an object whatever came',
      { tools: [{ name: 'A', input_schema: { type: null } }] },
      {},
      {
        tools: [
          { type: 'function', function: { name: 'A', parameters: { type: 'object', properties: {} } } },
        ],
      },
    ],
    [
      '§2.4 never an empty list, nor a choice without one',
      { tools: [], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      {},
      {},
    ],
    [
      "§11 a server's tool is dropped, with the choice that names it",
      {
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
      {},
      {},
    ],
    [
      '§2.5 any',
      { tools: [TOOL], tool_choice: { type: 'any' } },
      {},
      { tools: [expect.anything()], tool_choice: 'required' },
    ],
    [
      '§2.5 any in another word',
      { tools: [TOOL], tool_choice: { type: 'any' } },
      { toolChoiceRequired: 'any' },
      { tools: [expect.anything()], tool_choice: 'any' },
    ],
    [
      '§2.5 a tool',
      { tools: [TOOL], tool_choice: { type: 'tool', name: 'Read' } },
      {},
      { tools: [expect.anything()], tool_choice: { type: 'function', function: { name: 'Read' } } },
    ],
    [
      '§2.5 none',
      { tools: [TOOL], tool_choice: { type: 'none' } },
      {},
      { tools: [expect.anything()], tool_choice: 'none' },
    ],
    [
      '§2.5 none without a word for it',
      { tools: [TOOL], tool_choice: { type: 'none' } },
      { toolChoiceNone: false },
      {},
    ],
    [
      '§2.5 one at a time',
      { tools: [TOOL], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      {},
      { tools: [expect.anything()], parallel_tool_calls: false },
    ],
    [
      '§2.5 forced choices switch thinking off where both are refused',
      { tools: [TOOL], tool_choice: { type: 'any' }, thinking: { type: 'adaptive' } },
      { reasoning: 'thinking', forcedChoiceWhileThinking: false },
      { tools: [expect.anything()], tool_choice: 'required', thinking: { type: 'disabled' } },
    ],
    ['§2.3 deferred tools wait until they are loaded', { tools: [{ ...TOOL, defer_loading: true }] }, {}, {}],
  ])('%s', (_title, request, compat, expected) => {
    const { model: _model, messages: _messages, ...rest } = bodyOf(request, compat, false);
    expect(rest).toEqual(expected);
  });

  it('§2.3 a deferred tool is offered once a result has named it', () => {
    const messages = [
      assistant(use('a', 'ToolSearch')),
      user(result('a', [{ type: 'tool_reference', tool_name: 'Read' }])),
    ];
    const body = bodyOf({ messages, tools: [{ ...TOOL, defer_loading: true }] });
    expect(body.tools?.map((tool) => tool.function.name)).toEqual(['Read']);
    expect(JSON.stringify(body.messages)).toContain('Tool available now: Read');
  });

  it('§2.4 definitions are made of the history where they are demanded', () => {
    const messages = [assistant(use('a', 'Old')), user(result('a', 'ok'))];
    expect(bodyOf({ messages }, { toolStubs: true }).tools?.map((tool) => tool.function.name)).toEqual([
      'Old',
    ]);
  });

  it("§11 the client's own bash is offered as a function, and dropped tools are told", () => {
    const request = {
      tools: [
        { type: 'bash_20250124', name: 'bash' },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
    };
    expect(bodyOf(request).tools?.map((tool) => tool.function.name)).toEqual(['bash']);
    expect(converted(request).notes).toEqual(['the tool web_search_20250305, which only Anthropic runs']);
  });

  it('§11 a search of the web becomes a plugin where the provider has one', () => {
    const request = { tools: [{ type: 'web_search_20250305', name: 'web_search' }, TOOL] };
    const { body, notes } = converted(request, { webSearch: 'plugin' });
    expect(JSON.parse(body)).toMatchObject({
      plugins: [{ id: 'web' }],
      tools: [{ function: { name: 'Read' } }],
    });
    expect(notes).toEqual([]);
    expect(bodyOf({ tools: [TOOL] }, { webSearch: 'plugin' })).not.toHaveProperty('plugins');
  });

  it('§11 of too many tools those stay that were called, then the first', () => {
    const tools = ['a', 'b', 'c', 'd'].map((name) => ({ ...TOOL, name }));
    const request = { tools, messages: [user('x'), assistant(use('1', 'd')), user(result('1', 'ok'))] };
    const { body, notes } = converted(request, { toolLimit: 2 });
    const names = (JSON.parse(body) as ChatRequest).tools?.map((tool) => tool.function.name);
    expect(names).toEqual(['a', 'd']);
    expect(notes).toEqual(['the tools beyond its 2']);
    expect(converted(request, { toolLimit: 4 }).notes).toEqual([]);
  });

  it('§10 long names are shortened everywhere in the same way, and mapped back', () => {
    const name = `mcp__plugin_${'x'.repeat(100)}__do`;
    const request = {
      tools: [{ ...TOOL, name }],
      tool_choice: { type: 'tool', name },
      messages: [assistant(use('a', name)), user(result('a', 'ok'))],
    };
    const body = bodyOf(request);
    const short = body.tools?.[0]?.function.name ?? '';
    expect(short).toMatch(/^[a-zA-Z0-9_-]{64}$/);
    expect(body.tool_choice).toEqual({ type: 'function', function: { name: short } });
    expect(JSON.stringify(body.messages)).toContain(short);
    expect(converted(request).asked.names.toClient(short)).toBe(name);
    expect(converted(request).asked.names.toClient('unknown')).toBe('unknown');
  });
});

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'claude-code');

describe('every request of Claude Code', () => {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));

  it.each(names)('%s becomes a body that a strict server takes, the same bytes each time', (name) => {
    const { body: request } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
    const { body } = converted(request);
    expect(refusals(JSON.parse(body))).toEqual([]);
    expect(converted(structuredClone(request)).body).toBe(body);
    expect(body).not.toMatch(/cache_control|defer_loading|x-anthropic-billing|device_id|"output_config"/);
  });

  it('fits the types of the openai package', () => {
    const { body: request } = JSON.parse(readFileSync(join(FIXTURES, 'tool-result-parallel.json'), 'utf8'));
    const body = bodyOf(request);
    const messages: OpenAI.ChatCompletionMessageParam[] = body.messages;
    const tools: OpenAI.ChatCompletionTool[] = body.tools ?? [];
    expect([messages.length > 5, tools.length > 5]).toEqual([true, true]);
  });
});

describe('§8 the defaults of known hosts', () => {
  it.each<[string, string, Partial<Compat>]>([
    ['api.openai.com', 'gpt-4o', { maxTokensField: 'max_tokens', reasoning: 'none' }],
    ['api.openai.com', 'o3-mini', { maxTokensField: 'max_completion_tokens', parallelToolCalls: false }],
    ['api.openai.com', 'gpt-5.2', { effortWithTools: 'omit' }],
    ['api.openai.com', 'gpt-5.6-terra', { effortWithTools: 'none', temperature: false }],
    ['OpenRouter.ai', 'x', { reasoning: 'openrouter', cacheControl: true }],
    ['api.deepseek.com', 'x', { reasoningBackRequired: true, images: false }],
    ['api.mistral.ai', 'x', { toolIds: 'nine', assistantAfterTool: true }],
    ['localhost:11434', 'x', { reasoningBack: 'reasoning', imageUrls: false }],
    ['example.com', 'gpt-5', { maxTokensField: 'max_tokens', systemRole: 'system' }],
  ])('%s %s', (host, model, expected) => {
    expect(compatFor(host, model)).toMatchObject(expected);
  });
});
