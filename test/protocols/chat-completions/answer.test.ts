import { describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/protocols/chat-completions/completion.ts';
import { convertChatError } from '../../../src/protocols/chat-completions/errors.ts';
import { chatAnswer } from '../../../src/protocols/chat-completions/reply.ts';
import {
  begins,
  dataOf,
  deltasOf,
  ends,
  factsOf,
  grows,
  messagesStream,
  STARTED,
  stops,
  streamedText,
} from './support.ts';

const text = (index: number, words: string) => [
  begins(index, { type: 'text', text: '' }),
  grows(index, { type: 'text_delta', text: words }),
  stops(index),
];
const use = (index: number, name: string, ...json: string[]) => [
  begins(index, { type: 'tool_use', id: `t${index}`, name, input: {} }),
  ...json.map((partial_json) => grows(index, { type: 'input_json_delta', partial_json })),
  stops(index),
];
const called = (index: number, id: string, name: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
});
const args = (index: number, json: string) => ({ tool_calls: [{ index, function: { arguments: json } }] });
const ROLE = { role: 'assistant', content: '' };

function deltas(...events: { readonly type: string }[]): readonly unknown[] {
  return deltasOf(streamedText([messagesStream(...events)]));
}

describe('a stream', () => {
  it('begins with the role, ends with the reason and [DONE], all under one head', () => {
    expect(dataOf(streamedText([messagesStream(STARTED, ...text(0, 'Hi'), ...ends('end_turn'))]))).toEqual([
      ...[ROLE, { content: 'Hi' }].map((delta) => ({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
        model: 'm',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
      })),
      expect.objectContaining({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] }),
      '[DONE]',
    ]);
  });

  it('numbers its calls for themselves, and gives one without input an empty object', () => {
    const events = [
      STARTED,
      ...text(0, 'I look.'),
      ...use(1, 'X', '{"a":', '1}'),
      ...use(2, 'Y'),
      ...ends('tool_use'),
    ];
    expect(deltas(...events)).toEqual([
      ROLE,
      { content: 'I look.' },
      called(0, 't1', 'X'),
      args(0, '{"a":'),
      args(0, '1}'),
      called(1, 't2', 'Y'),
      args(1, '{}'),
      'tool_calls',
    ]);
  });

  it('takes a call’s input from its beginning where a server sends it there', () => {
    const begin = begins(0, { type: 'tool_use', id: 't', name: 'X', input: { a: 1 } });
    expect(deltas(STARTED, begin, stops(0), ...ends('tool_use'))).toContainEqual(args(0, '{"a":1}'));
  });

  it('tells thinking as reasoning, and its signature when the block is whole', () => {
    const events = [
      begins(0, { type: 'thinking', thinking: '', signature: '' }),
      grows(0, { type: 'thinking_delta', thinking: 'Hm' }),
      grows(0, { type: 'thinking_delta', thinking: 'm.' }),
      grows(0, { type: 'signature_delta', signature: 'c2ln' }),
      stops(0),
      begins(1, { type: 'redacted_thinking', data: 'ZGF0YQ' }),
      stops(1),
    ];
    const format = 'anthropic-claude-v1';
    expect(deltas(STARTED, ...events, ...text(2, 'a'), ...ends('end_turn'))).toEqual([
      ROLE,
      {
        reasoning_content: 'Hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'Hm', format, index: 0 }],
      },
      {
        reasoning_content: 'm.',
        reasoning_details: [{ type: 'reasoning.text', text: 'm.', format, index: 0 }],
      },
      { reasoning_details: [{ type: 'reasoning.text', text: '', signature: 'c2ln', format, index: 0 }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'ZGF0YQ', format, index: 1 }] },
      { content: 'a' },
      'stop',
    ]);
  });

  it('leaves out what a server tool did, and blocks that nobody knows', () => {
    const events = [
      begins(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      grows(0, { type: 'input_json_delta', partial_json: '{"q":1}' }),
      stops(0),
      begins(1, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      stops(1),
      { type: 'news', of: 'tomorrow' },
    ];
    expect(deltas(STARTED, ...events, ...text(2, 'a'), ...ends('end_turn'))).toEqual([
      ROLE,
      { content: 'a' },
      'stop',
    ]);
  });

  it('has its usage at the end where it was asked for, and says before that it has none', () => {
    const facts = factsOf({ includeUsage: true });
    const data = dataOf(streamedText([messagesStream(STARTED, ...text(0, 'a'), ...ends('end_turn'))], facts));
    expect(data.slice(0, -2).every((chunk) => (chunk as { usage: unknown }).usage === null)).toBe(true);
    expect(data.at(-2)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 14,
        completion_tokens: 9,
        total_tokens: 23,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    });
  });

  it('tells a call of functions as function_call, and one only', () => {
    const bytes = messagesStream(STARTED, ...use(0, 'X', '{}'), ...use(1, 'Y', '{}'), ...ends('tool_use'));
    expect(deltasOf(streamedText([bytes], factsOf({ legacy: true })))).toEqual([
      ROLE,
      { function_call: { name: 'X', arguments: '' } },
      { function_call: { arguments: '{}' } },
      'function_call',
    ]);
  });

  it('tells a call of a custom tool whole', () => {
    const bytes = messagesStream(STARTED, ...use(0, 'sh', '{"input":', '"ls"}'), ...ends('tool_use'));
    expect(deltasOf(streamedText([bytes], factsOf({ custom: new Set(['sh']) })))).toEqual([
      ROLE,
      { tool_calls: [{ index: 0, id: 't0', type: 'custom', custom: { name: 'sh', input: 'ls' } }] },
      'tool_calls',
    ]);
  });

  it.each<[string, string | null, string]>([
    ['end_turn', 'end_turn', 'stop'],
    ['stop_sequence', 'stop_sequence', 'stop'],
    ['pause_turn', 'pause_turn', 'stop'],
    ['max_tokens', 'max_tokens', 'length'],
    ['model_context_window_exceeded', 'model_context_window_exceeded', 'length'],
    ['refusal', 'refusal', 'content_filter'],
    ['tool_use without a call', 'tool_use', 'stop'],
    ['none', null, 'stop'],
  ])('that stopped for %s says so', (_what, reason, expected) => {
    expect(deltas(STARTED, ...text(0, 'a'), ...ends(reason)).at(-1)).toBe(expected);
  });

  it('with calls says so whatever its reason is, but not where a limit cut them', () => {
    expect(deltas(STARTED, ...use(0, 'X', '{}'), ...ends('end_turn')).at(-1)).toBe('tool_calls');
    expect(deltas(STARTED, ...use(0, 'X', '{"a'), ...ends('max_tokens')).at(-1)).toBe('length');
  });

  it('answers pings and comments with comments', () => {
    const bytes = Buffer.concat([
      Buffer.from(': hello\n\n'),
      messagesStream(STARTED, { type: 'ping' }, ...ends('end_turn')),
    ]);
    expect(dataOf(streamedText([bytes])).filter((each) => each === ': ping')).toHaveLength(2);
  });

  it('that ends before its end is an error, and nothing follows it', () => {
    const data = dataOf(streamedText([messagesStream(STARTED, ...text(0, 'a'))]));
    expect(data.at(-1)).toEqual({
      error: {
        message: 'The answer broke off before its end.',
        type: 'server_error',
        param: null,
        code: null,
      },
    });
    expect(data).not.toContain('[DONE]');
  });

  it('lacks nothing where only message_stop is missing', () => {
    const bytes = messagesStream(STARTED, ...text(0, 'a'), ...ends('end_turn').slice(0, 1));
    expect(dataOf(streamedText([bytes])).at(-1)).toBe('[DONE]');
  });

  it.each([
    [
      'an error event',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}\n\n',
      'Busy',
      'overloaded',
    ],
    [
      'an error without a name',
      'data: {"error":{"message":"Busy","type":"overloaded_error"}}\n\n',
      'Busy',
      'overloaded',
    ],
    [
      'an event that is no JSON',
      'event: content_block_delta\ndata: {"type":\n\n',
      'The provider sent an event that cannot be read.',
      null,
    ],
  ])('ends with %s, whatever follows', (_what, event, message, code) => {
    const bytes = Buffer.concat([
      messagesStream(STARTED),
      Buffer.from(event),
      messagesStream(...text(0, 'a'), ...ends('end_turn')),
    ]);
    const data = dataOf(streamedText([bytes]));
    expect(data).toHaveLength(2);
    expect(data.at(-1)).toMatchObject({ error: { message, code, type: 'server_error' } });
  });

  it('ends with an error where a call is nested too deeply to be told', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const begin = `event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"X","input":{"a":${deep}}}}\n\n`;
    const bytes = Buffer.concat([
      messagesStream(STARTED),
      Buffer.from(begin),
      messagesStream(stops(0), ...ends('tool_use')),
    ]);
    expect(dataOf(streamedText([bytes])).at(-1)).toHaveProperty('error');
  });

  it('without event lines, with carriage returns and with a foreign end mark is read as well', () => {
    const plain = messagesStream(STARTED, ...text(0, 'Hi'), ...ends('end_turn')).toString();
    const odd = `${plain.replace(/^event: .*\n/gm, '').replaceAll('\n', '\r\n')}data: [DONE]\r\n\r\n`;
    expect(streamedText([Buffer.from(odd)])).toBe(streamedText([Buffer.from(plain)]));
  });
});

describe('a whole answer', () => {
  it('has its texts joined, its thinking beside them, and its calls', () => {
    const content = [
      { type: 'thinking', thinking: 'Hmm.', signature: 's' },
      { type: 'text', text: 'one, ' },
      { type: 'text', text: 'two' },
      { type: 'tool_use', id: 't', name: 'X', input: { a: 1 } },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    ];
    expect(
      completionOf({ id: 'msg_9', model: 'm', content, stop_reason: 'tool_use', usage: {} }, factsOf()),
    ).toEqual({
      id: 'chatcmpl-9',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'one, two',
            refusal: null,
            reasoning_content: 'Hmm.',
            reasoning_details: [
              {
                type: 'reasoning.text',
                text: 'Hmm.',
                signature: 's',
                format: 'anthropic-claude-v1',
                index: 0,
              },
            ],
            tool_calls: [{ id: 't', type: 'function', function: { name: 'X', arguments: '{"a":1}' } }],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 0,
        completion_tokens: 0,
        total_tokens: 0,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  it('has null for content where it only calls, and the older forms where they were asked for', () => {
    const message = {
      content: [{ type: 'tool_use', id: 't', name: 'X', input: {} }],
      stop_reason: 'tool_use',
    };
    const choice = (asked = {}) => completionOf(message, factsOf(asked)).choices[0];
    expect(choice()?.message.content).toBeNull();
    expect(choice({ legacy: true })).toMatchObject({
      finish_reason: 'function_call',
      message: { function_call: { name: 'X', arguments: '{}' } },
    });
    expect(choice({ custom: new Set(['X']) })?.message.tool_calls).toEqual([
      { id: 't', type: 'custom', custom: { name: 'X', input: '{}' } },
    ]);
  });

  it.each([
    ['an HTML page under 200', '<html>', 'The provider’s answer is no message.'],
    ['an error under 200', '{"error":{"message":"Busy"}}', 'Busy'],
  ])('that is %s is an error', (_what, body, message) => {
    const reply = chatAnswer(factsOf({ stream: false })).whole(200, Buffer.from(body), false);
    expect(reply.status).toBe(502);
    expect(JSON.parse(String(reply.body))).toMatchObject({ error: { message, param: null } });
  });

  it('is played as a stream for a client that wants one, and a whole stream is converted as one', () => {
    const message = {
      type: 'message',
      id: 'msg_1',
      model: 'm',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
    };
    const played = chatAnswer(factsOf()).whole(200, Buffer.from(JSON.stringify(message)), false);
    const stream = messagesStream(STARTED, ...text(0, 'Hi'), ...ends('end_turn'));
    const converted = chatAnswer(factsOf()).whole(200, stream, true);
    expect(played).toMatchObject({ status: 200, contentType: 'text/event-stream; charset=utf-8' });
    expect(String(played.body)).toBe(String(converted.body));
  });
});

describe('an error', () => {
  const anthropic = (type: string, message = 'Words.') =>
    JSON.stringify({ type: 'error', error: { type, message } });
  it.each<[number, string, object]>([
    [400, anthropic('invalid_request_error'), { type: 'invalid_request_error', code: null }],
    [401, anthropic('authentication_error'), { type: 'authentication_error', code: 'invalid_api_key' }],
    [402, anthropic('billing_error'), { type: 'insufficient_quota', code: 'insufficient_quota' }],
    [403, anthropic('permission_error'), { type: 'permission_error', code: null }],
    [
      404,
      anthropic('not_found_error', 'model: claude-9 not found'),
      { type: 'invalid_request_error', code: 'model_not_found' },
    ],
    [413, anthropic('request_too_large'), { type: 'invalid_request_error', code: 'request_too_large' }],
    [429, anthropic('rate_limit_error'), { type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
    [529, anthropic('overloaded_error'), { type: 'server_error', code: 'overloaded' }],
    [503, anthropic('api_error'), { type: 'server_error', code: null, message: 'Words.' }],
    [500, '', { type: 'server_error', message: 'status 500 without a message' }],
    [502, '<html><title>Bad Gateway</title></html>', { message: 'status 502: Bad Gateway (an HTML page)' }],
    [
      400,
      '{"error":{"message":"Words.","type":"whatever","code":"x"}}',
      { type: 'invalid_request_error', message: 'Words.' },
    ],
    [
      400,
      anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      {
        code: 'context_length_exceeded',
        message:
          "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. (prompt is too long: 210000 tokens > 200000 maximum)",
      },
    ],
  ])('%d %s', (status, body, expected) => {
    expect(convertChatError(body, status)).toMatchObject({ param: null, ...expected });
  });

  it('keeps its status, but for 529, which only Anthropic has', () => {
    const statusOf = (status: number) => chatAnswer(factsOf()).whole(status, Buffer.from('{}'), false).status;
    expect([400, 402, 429, 500, 503, 529].map(statusOf)).toEqual([400, 402, 429, 500, 503, 503]);
  });
});
