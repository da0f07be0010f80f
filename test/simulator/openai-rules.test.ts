import { describe, expect, it } from 'vitest';
import { brokenRule } from '../../src/simulator/openai-rules.ts';

const USER = { role: 'user', content: 'Hi' };
const call = (id: string, more: object = {}) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '{}' },
  ...more,
});
const calls = (...ids: string[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => call(id)),
});
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'ok' });
const tool = (name: string, more: object = {}) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
  ...more,
});
const body = (fields: object = {}) => ({ model: 'm', messages: [USER], ...fields });

describe('a strict server of Chat Completions', () => {
  it.each<[string, object]>([
    ['a plain question', body()],
    [
      'all usual fields',
      body({
        max_tokens: 5,
        temperature: 1,
        stop: ['a'],
        stream: true,
        stream_options: { include_usage: true },
      }),
    ],
    ['calls and their results', body({ messages: [USER, calls('a', 'b'), result('b'), result('a'), USER] })],
    [
      'tools and a choice',
      body({
        tools: [tool('f')],
        tool_choice: { type: 'function', function: { name: 'f' } },
        parallel_tool_calls: false,
      }),
    ],
    [
      'images',
      body({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'see' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
            ],
          },
        ],
      }),
    ],
  ])('takes %s', (_, request) => {
    expect(brokenRule(request)).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', [], /parse/],
    ['an unknown field', body({ thinking_config: {} }), /Unknown parameter: 'thinking_config'/],
    ['no model', { messages: [USER] }, /model/],
    ['both limits', body({ max_tokens: 1, max_completion_tokens: 1 }), /same time/],
    ['a limit of nothing', body({ max_tokens: 0 }), /minimum value/],
    ['five stops', body({ stop: ['1', '2', '3', '4', '5'] }), /stop/],
    ['stream_options without a stream', body({ stream_options: {} }), /stream_options/],
    ['an empty list of tools', body({ tools: [] }), /empty array/],
    ['a choice without tools', body({ tool_choice: 'auto' }), /tool_choice/],
    [
      'a choice of a tool that is not there',
      body({ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } }),
      /not found/,
    ],
    ['the word of another API', body({ tools: [tool('f')], tool_choice: 'any' }), /'any'/],
    [
      '129 tools',
      body({ tools: Array.from({ length: 129 }, (_, at) => tool(`f${at}`)) }),
      /maximum length 128/,
    ],
    ['a name that is too long', body({ tools: [tool('f'.repeat(65))] }), /pattern/],
    ['a tool twice', body({ tools: [tool('f'), tool('f')] }), /unique/],
    [
      'a schema that is no object',
      body({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }),
      /Invalid schema/,
    ],
    [
      'a field of another API on a tool',
      body({ tools: [tool('f', { defer_loading: true })] }),
      /defer_loading/,
    ],
    ['no messages', body({ messages: [] }), /messages/],
    ['an unknown role', body({ messages: [{ role: 'human', content: 'x' }] }), /human/],
    ['an empty message', body({ messages: [{ role: 'user', content: '' }] }), /content/],
    ['an empty assistant', body({ messages: [USER, { role: 'assistant', content: null }] }), /content/],
    [
      'a field of another API on a message',
      body({ messages: [{ ...USER, cache_control: {} }] }),
      /cache_control/,
    ],
    [
      'an unanswered call',
      body({ messages: [USER, calls('a', 'b'), result('a'), USER] }),
      /did not have response messages: b/,
    ],
    ['an unanswered call at the end', body({ messages: [USER, calls('a')] }), /must be followed/],
    [
      'something between call and result',
      body({ messages: [USER, calls('a'), USER, result('a')] }),
      /must be followed/,
    ],
    ['a result without a call', body({ messages: [USER, result('a')] }), /must be a response/],
    ['a result of another call', body({ messages: [USER, calls('a'), result('b')] }), /not found/],
    [
      'an id that is too long',
      body({ messages: [USER, calls('a'.repeat(41)), result('a'.repeat(41))] }),
      /maximum length 40/,
    ],
    [
      'arguments that are no object',
      body({
        messages: [
          USER,
          { ...calls('a'), tool_calls: [call('a', { function: { name: 'f', arguments: '[]' } })] },
          result('a'),
        ],
      }),
      /invalid tool call arguments/,
    ],
    [
      'an image in a result',
      body({
        messages: [
          USER,
          calls('a'),
          {
            ...result('a'),
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }],
          },
        ],
      }),
      /image_url/,
    ],
    [
      'an empty text',
      body({ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }),
      /non-empty/,
    ],
  ])('refuses %s', (_, request, words) => {
    expect(brokenRule(request)?.message).toMatch(words);
  });
});
