import { describe, expect, it } from 'vitest';
import { createTranslation } from '../../../src/protocols/openai/stream-translation.ts';
import { answerOptions, call, calls, delta, sse, told, translate, violations } from './support.ts';

const FINISH = delta({}, 'tool_calls');

describe('a stream of Chat Completions becomes one of the Messages API:', () => {
  it.each<[string, (object | string)[], string[]]>([
    [
      '§4.3 text',
      [
        delta({ role: 'assistant', content: '' }),
        delta({ content: 'Hel' }),
        delta({ content: 'lo' }),
        delta({}, 'stop'),
      ],
      ['text:Hello', 'stop:end_turn'],
    ],
    [
      '§4.3 reasoning, text, tools',
      [
        delta({ reasoning_content: 'hm' }),
        delta({ content: 'I run' }),
        calls(call(0, 'a', 'Bash', '{"c":1}')),
        FINISH,
      ],
      ['thinking:hm', 'text:I run', 'tool:Bash({"c":1})', 'stop:tool_use'],
    ],
    [
      '§4.3 reasoning again after text is a block of its own',
      [
        delta({ reasoning: 'a' }),
        delta({ content: 'b' }),
        delta({ reasoning: 'c' }),
        delta({ content: 'd' }, 'stop'),
      ],
      ['thinking:a', 'text:b', 'thinking:c', 'text:d', 'stop:end_turn'],
    ],
    [
      '§4.3 blank text before a call is dropped',
      [delta({ content: '\n\n' }), calls(call(0, 'a', 'X', '{}')), FINISH],
      ['tool:X({})', 'stop:tool_use'],
    ],
    [
      '§4.3 blank text before text is kept',
      [delta({ content: '\n' }), delta({ content: ' a' }, 'stop')],
      ['text:\n a', 'stop:end_turn'],
    ],
    [
      '§4.3 text after a call comes after it',
      [
        calls(call(0, 'a', 'X', '{')),
        delta({ content: 'later' }),
        calls(call(0, undefined, undefined, '}')),
        FINISH,
      ],
      ['tool:X({})', 'text:later', 'stop:tool_use'],
    ],
    [
      '§4.3 usage after the finish is awaited',
      [delta({ content: 'a' }, 'stop'), { choices: [], usage: { prompt_tokens: 5, completion_tokens: 1 } }],
      ['text:a', 'stop:end_turn'],
    ],
    [
      '§4.2 no choices, no delta, nulls, other choices',
      [
        { choices: [] },
        { choices: null },
        { choices: [{}] },
        { choices: [{ delta: null }] },
        { choices: [{ index: 1, delta: { content: 'other' } }] },
        delta({ content: null }),
        { id: '', choices: [{ delta: { content: 'a' }, finish_reason: '' }], usage: null },
        delta({}, 'stop'),
      ],
      ['text:a', 'stop:end_turn'],
    ],
    [
      '§4.2 content in the chunk of the finish',
      [delta({ content: 'a' }, 'stop')],
      ['text:a', 'stop:end_turn'],
    ],
    [
      '§4.2 text after the finish',
      [delta({ content: 'a' }, 'stop'), delta({ content: 'b' })],
      ['text:ab', 'stop:end_turn'],
    ],
    [
      '§4.2 two finish reasons',
      [calls(call(0, 'a', 'X', '{}')), FINISH, delta({}, 'stop')],
      ['tool:X({})', 'stop:tool_use'],
    ],
    [
      '§4.2 content as parts',
      [
        delta(
          {
            content: [
              { type: 'thinking', thinking: [{ type: 'text', text: 't' }] },
              { type: 'text', text: 'a' },
              { type: 'x' },
            ],
          },
          'stop',
        ),
      ],
      ['thinking:t', 'text:a', 'stop:end_turn'],
    ],
    [
      '§4.2 the whole message in the last chunk',
      [{ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] }],
      ['text:a', 'stop:end_turn'],
    ],
    [
      '§4.2 the whole message once more',
      [delta({ content: 'a' }), { choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] }],
      ['text:a', 'stop:end_turn'],
    ],
    ['§3 refusal', [delta({ refusal: 'No.' }), delta({}, 'stop')], ['text:No.', 'stop:refusal']],
    [
      '§3 a legacy function_call',
      [delta({ function_call: { name: 'X', arguments: '{}' } }), delta({}, 'function_call')],
      ['tool:X({})', 'stop:tool_use'],
    ],
  ])('%s', (_title, chunks, expected) => {
    const { events } = translate(sse(chunks));
    expect(told(events)).toEqual(expected);
    expect(violations(events)).toEqual([]);
  });

  it.each<[string, object[], string[]]>([
    [
      'standard',
      [
        calls(call(0, 'a', 'X', '')),
        calls(call(0, undefined, undefined, '{"a"')),
        calls(call(0, undefined, undefined, ':1}')),
      ],
      ['tool:X({"a":1})'],
    ],
    [
      'interleaved',
      [
        calls(call(0, 'a', 'X', '{')),
        calls(call(1, 'b', 'Y', '{}')),
        calls(call(0, undefined, undefined, '}')),
      ],
      ['tool:X({})', 'tool:Y({})'],
    ],
    [
      'no index, a whole call a chunk',
      [calls(call(undefined, 'a', 'X', '{}')), calls(call(undefined, 'b', 'X', '{}'))],
      ['tool:X({})', 'tool:X({})'],
    ],
    [
      'no index, no ids, the same name',
      [calls(call(undefined, '', 'X', '{"a":1}')), calls(call(undefined, '', 'X', '{"a":2}'))],
      ['tool:X({"a":1})', 'tool:X({"a":2})'],
    ],
    [
      'no index, arguments split',
      [calls(call(undefined, 'a', 'X', '{"a"')), calls(call(undefined, undefined, undefined, ':1}'))],
      ['tool:X({"a":1})'],
    ],
    [
      'index 0 for all, different ids',
      [calls(call(0, 'a', 'X', '{}')), calls(call(0, 'b', 'Y', '{}'))],
      ['tool:X({})', 'tool:Y({})'],
    ],
    [
      'index 0 for all, no ids',
      [calls(call(0, undefined, 'X', '{"a":1}')), calls(call(0, undefined, 'X', '{"a":2}'))],
      ['tool:X({"a":1})', 'tool:X({"a":2})'],
    ],
    [
      'empty and repeated ids',
      [
        calls(call(0, 'a', 'X', '{')),
        calls(call(0, '', undefined, '"a":1')),
        calls(call(0, 'a', undefined, '}')),
      ],
      ['tool:X({"a":1})'],
    ],
    [
      'the id only later',
      [calls(call(0, undefined, 'X', '')), calls(call(0, 'late', undefined, '{}'))],
      ['tool:X({})'],
    ],
    ['a number as id', [calls(call(0, 7, 'X', '{}'))], ['tool:X({})']],
    [
      'the name in every fragment',
      [calls(call(0, 'a', 'Xy', '{')), calls(call(0, 'a', 'Xy', '}'))],
      ['tool:Xy({})'],
    ],
    [
      'the name in pieces',
      [
        calls(call(0, 'a', 'get_', '')),
        calls(call(0, undefined, 'weather', '')),
        calls(call(0, undefined, undefined, '{}')),
      ],
      ['tool:get_weather({})'],
    ],
    [
      'arguments before the name',
      [calls(call(0, 'a', undefined, '{"a":')), calls(call(0, undefined, 'X', '1}'))],
      ['tool:X({"a":1})'],
    ],
    [
      'function and name null in later fragments',
      [
        calls(call(0, 'a', 'X', '{')),
        calls({ index: 0, function: { name: null, arguments: '}' } }),
        calls({ index: 0, function: null }),
      ],
      ['tool:X({})'],
    ],
    [
      'no arguments at all',
      [calls(call(0, 'a', 'X', null)), calls(call(1, 'b', 'Y', ''))],
      ['tool:X()', 'tool:Y()'],
    ],
    ['the word null as arguments', [calls(call(0, 'a', 'X', 'null'))], ['tool:X()']],
    ['arguments as an object', [calls(call(0, 'a', 'X', { a: 1 }))], ['tool:X({"a":1})']],
    [
      'arguments in a JSON string',
      [calls(call(0, 'a', 'X', '"{\\"a\\"')), calls(call(0, undefined, undefined, ':1}"'))],
      ['tool:X({"a":1})'],
    ],
    [
      'all arguments once more at the end',
      [calls(call(0, 'a', 'X', '{"a":1}')), calls(call(0, undefined, undefined, '{"a":1}'))],
      ['tool:X({"a":1})'],
    ],
    [
      'several calls in one chunk',
      [calls(call(0, 'a', 'X', '{}'), call(1, 'b', 'Y', '{}'))],
      ['tool:X({})', 'tool:Y({})'],
    ],
    ['a missing bracket', [calls(call(0, 'a', 'X', '{"a":["b"'))], ['tool:X({"a":["b"]})']],
    [
      'a raw line break, a trailing comma, Python',
      [calls(call(0, 'a', 'X', '{\'a\': True, "b": "x\ny",}'))],
      ['tool:X({"a": true, "b": "x\\ny"})'],
    ],
    ['a fence', [calls(call(0, 'a', 'X', '```json\n{"a":1}\n```'))], ['tool:X({"a":1})']],
  ])('§4.4 calls: %s', (_title, chunks, expected) => {
    const { events } = translate(sse([...chunks, delta({}, 'stop')]));
    expect(told(events)).toEqual([...expected, 'stop:tool_use']);
    expect(violations(events)).toEqual([]);
  });

  it('§4.4 arguments that every fragment repeats, where the provider is known for it', () => {
    const chunks = [
      calls(call(0, 'a', 'X', '{"a"')),
      calls(call(0, 'a', 'X', '{"a":1')),
      calls(call(0, 'a', 'X', '{"a":1}')),
      FINISH,
    ];
    expect(told(translate(sse(chunks), answerOptions({ cumulativeArguments: true })).events)).toEqual([
      'tool:X({"a":1})',
      'stop:tool_use',
    ]);
  });

  it('§15.2 streams the arguments of the open call as they come', () => {
    const chunks = [
      calls(call(0, 'a', 'X', '{')),
      calls(call(1, 'b', 'Y', '{}')),
      calls(call(0, undefined, undefined, '}')),
      FINISH,
    ];
    const kinds = translate(sse(chunks)).events.map((event) =>
      'index' in event ? `${event.type} ${event.index}` : event.type,
    );
    expect(kinds).toEqual([
      'message_start',
      'content_block_start 0',
      'content_block_delta 0',
      'content_block_delta 0',
      'content_block_stop 0',
      'content_block_start 1',
      'content_block_delta 1',
      'content_block_stop 1',
      'message_delta',
      'message_stop',
    ]);
  });

  it.each<[string, (object | string)[] | string, string[], string | undefined]>([
    [
      'an error chunk midway',
      [delta({ content: 'a' }), { error: { message: 'boom', code: 502 } }],
      ['text:a…', 'error:api_error'],
      'error',
    ],
    [
      'an error chunk with a finish',
      [
        {
          error: { message: 'slow down', code: 429 },
          choices: [{ delta: { content: '' }, finish_reason: 'error' }],
        },
      ],
      ['error:rate_limit_error'],
      'error',
    ],
    ['x_groq.error', [{ x_groq: { error: 'boom' } }], ['error:api_error'], 'error'],
    ['an event: error with plain words', 'event: error\ndata: "boom"\n\n', ['error:api_error'], 'error'],
    ['finish_reason error', [delta({ content: 'a' }, 'error')], ['text:a…', 'error:api_error'], 'error'],
    [
      'DeepSeek out of resources',
      [delta({}, 'insufficient_system_resource')],
      ['error:overloaded_error'],
      'error',
    ],
    [
      'JSON with an error under 200',
      '{"error":{"message":"boom","code":503}}',
      ['error:overloaded_error'],
      'error',
    ],
    [
      'Gemini: a list with an error',
      '[{"error":{"code":400,"message":"API key not valid"}}]',
      ['error:authentication_error'],
      'error',
    ],
    ['HTML', '<html>', ['error:api_error'], 'malformed'],
    ['an empty body', '', ['error:api_error'], 'empty'],
    [
      'malformed JSON in a data line',
      [delta({ content: 'a' }), '{"choices":'],
      ['text:a…', 'error:api_error'],
      'malformed',
    ],
    ['no content, finish stop', [delta({}, 'stop')], ['error:api_error'], 'empty'],
    ['nothing but [DONE]', [], ['error:api_error'], 'empty'],
    ['[DONE] without a finish', [delta({ content: 'a' })], ['text:a', 'stop:end_turn'], undefined],
    [
      '[DONE] without a finish, calls',
      [calls(call(0, 'a', 'X', '{}'))],
      ['tool:X({})', 'stop:tool_use'],
      undefined,
    ],
    [
      'a cut in the arguments closes nothing',
      [calls(call(0, 'a', 'X', '{"a":"b'))],
      ['tool:X({"a":"b…', 'error:api_error'],
      'cut',
    ],
    [
      'arguments that nobody can read',
      [calls(call(0, 'a', 'X', '{"a" "b"}')), FINISH],
      ['error:api_error'],
      'bad_arguments',
    ],
    [
      'length in the arguments',
      [calls(call(0, 'a', 'X', '{"a":"b')), delta({}, 'length')],
      ['tool:X({"a":"b)', 'stop:max_tokens'],
      undefined,
    ],
    [
      'length before the arguments',
      [delta({ content: 'a' }), calls(call(0, 'a', 'X', '')), delta({}, 'length')],
      ['text:a', 'stop:max_tokens'],
      undefined,
    ],
    [
      'a truncation that the server hides',
      [calls(call(0, 'a', 'X', '{"a":"b')), FINISH],
      ['tool:X({"a":"b)', 'stop:max_tokens'],
      undefined,
    ],
  ])('§4.6 %s', (_title, chunks, expected, failure) => {
    const { events, translation } = translate(typeof chunks === 'string' ? chunks : sse(chunks));
    expect(told(events)).toEqual(expected);
    expect(violations(events)).toEqual([]);
    expect(translation.failure).toBe(failure);
    expect(translation.push(Buffer.from(sse([delta({ content: 'more' })])))).toEqual([]);
  });

  it('§4.6 a finish without [DONE] is an end, the end of the connection without either is a cut', () => {
    const text = sse([delta({ content: 'a' })]).replace('data: [DONE]\n\n', '');
    expect(translate(text).translation.failure).toBe('cut');
    expect(told(translate(text, answerOptions({ endsBare: true })).events)).toEqual([
      'text:a',
      'stop:end_turn',
    ]);
    const finished = sse([delta({ content: 'a' }, 'stop')]).replace('data: [DONE]\n\n', '');
    expect(told(translate(finished).events)).toEqual(['text:a', 'stop:end_turn']);
  });

  it('§4.6 nothing but length at a full window is a prompt that is too long', () => {
    const usage = { prompt_tokens: 32_700, completion_tokens: 0 };
    const chunks = [delta({}, 'length'), { choices: [], usage }];
    const { events } = translate(sse(chunks), answerOptions({}, { contextWindow: 32_768 }));
    expect(events).toMatchObject([
      { type: 'message_start' },
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message:
            'prompt is too long: 32769 tokens > 32768 maximum (the provider answered without any content)',
        },
      },
    ]);
    expect(translate(sse(chunks)).translation.failure).toBe('empty');
  });

  it('§4 begins with its first choice, though the model thinks unseen for minutes before its first word', () => {
    const role = delta({ role: 'assistant', content: '' });
    expect(translateOpen([role]).events.map(({ type }) => type)).toEqual(['message_start']);
    expect(translateOpen([{ choices: [], prompt_filter_results: [] }]).events).toEqual([]);
    expect(translateOpen([role, delta({ content: 'a' })]).events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
    ]);
  });

  it('§4.6 an empty answer of the last candidate may be an empty message', () => {
    const { events } = translate(sse([delta({}, 'stop')]), answerOptions({}, { emptyIsError: false }));
    expect(events.map((event) => event.type)).toEqual(['message_start', 'message_delta', 'message_stop']);
  });

  it('§4.3 ends without the usage when nobody waits for it any longer', () => {
    const { events, translation } = translateOpen([delta({ content: 'a' }, 'stop')]);
    expect(translation.finishing).toBe(true);
    expect(told([...events, ...translation.settle()])).toEqual(['text:a', 'stop:end_turn']);
    expect(translation.state).toBe('done');
    expect(translateOpen([delta({ content: 'a' })]).translation.settle()).toEqual([]);
  });

  it.each<[string, string]>([
    ['CRLF', sse([delta({ content: 'a' }, 'stop')]).replaceAll('\n', '\r\n')],
    ['CR', sse([delta({ content: 'a' }, 'stop')]).replaceAll('\n', '\r')],
    ['comments first', `: OPENROUTER PROCESSING\n\n: ping\n\n${sse([delta({ content: 'a' }, 'stop')])}`],
    ['no space after data:', sse([delta({ content: 'a' }, 'stop')]).replaceAll('data: ', 'data:')],
    [
      'event and id lines',
      sse([delta({ content: 'a' }, 'stop')]).replaceAll('data: ', 'event: message\nid: 1\nretry: 5\ndata: '),
    ],
    ['a byte order mark', `\ufeff${sse([delta({ content: 'a' }, 'stop')])}`],
    ['NULs', `\0\0${sse([delta({ content: 'a' }, 'stop')])}`],
    ['something after [DONE]', `${sse([delta({ content: 'a' }, 'stop')])}data: {"error":"late"}\n\n`],
    [
      'a whole completion',
      JSON.stringify({ id: 'c1', choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] }),
    ],
    [
      'a byte order mark before JSON',
      `\ufeff${JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] })}`,
    ],
    [
      'a whole completion after blanks and comments',
      `\n\n: keep-alive\n\n${JSON.stringify({ choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] })}\n`,
    ],
  ])('§4.1 framing: %s', (_title, text) => {
    expect(told(translate(text).events)).toEqual(['text:a', 'stop:end_turn']);
  });

  it.each<[string, 'yes' | 'unopened', string[], string[]]>([
    ['in one piece', 'yes', ['<think>a</think>\n\nb'], ['thinking:a', 'text:\n\nb']],
    ['cut anywhere', 'yes', ['<th', 'ink>a<', '/th', 'ink', '>b'], ['thinking:a', 'text:b']],
    ['not at the beginning', 'yes', ['a <think>b</think>'], ['text:a <think>b</think>']],
    ['unopened', 'unopened', ['a</thi', 'nk>b'], ['thinking:a', 'text:b']],
    ['unopened and opened', 'unopened', ['<think>a</think>b'], ['thinking:a', 'text:b']],
    ['the beginning of a tag that is none', 'yes', ['<thin', 'g'], ['text:<thing']],
    ['never closed', 'yes', ['<think>a</thi'], ['thinking:a</thi']],
  ])('§4.5 think tags: %s', (_title, thinkTags, texts, expected) => {
    const chunks = [...texts.map((content) => delta({ content })), delta({}, 'stop')];
    expect(told(translate(sse(chunks), answerOptions({ thinkTags })).events)).toEqual([
      ...expected,
      'stop:end_turn',
    ]);
  });

  it('§4.5 reasoning under two names is one text', () => {
    const chunk = delta({
      reasoning: 'a',
      reasoning_content: 'a',
      reasoning_details: [{ type: 'reasoning.text', text: 'a' }],
    });
    expect(told(translate(sse([chunk, delta({ content: 'b' }, 'stop')])).events)[0]).toBe('thinking:a');
  });

  it('§4.1 joins the halves of a surrogate pair from two deltas', () => {
    const chunks = [
      '{"choices":[{"delta":{"content":"\\ud83d"}}]}',
      '{"choices":[{"delta":{"content":"\\ude00!"},"finish_reason":"stop"}]}',
    ];
    expect(told(translate(sse(chunks)).events)).toEqual(['text:😀!', 'stop:end_turn']);
  });

  it('§4.4 keeps what a provider attaches to a call, also when it comes alone', () => {
    const chunks = [
      calls(call(0, 'a', 'X', '{}')),
      calls({ index: 0, extra_content: { google: { thought_signature: 's' } } }),
      FINISH,
    ];
    const { translation } = translate(sse(chunks));
    expect([...translation.callExtras]).toEqual([['a', { google: { thought_signature: 's' } }]]);
  });

  it('§10 makes ids that Anthropic takes and that the conversation has not', () => {
    const asked = { ...answerOptions().asked, toolUseIds: new Set(['call_0']) };
    const chunks = [
      calls(call(0, 'call_0', 'X', '{}')),
      calls(call(1, 'functions.Y:0', 'Y', '{}')),
      calls(call(2, undefined, 'Z', '{}')),
      FINISH,
    ];
    const { events } = translate(sse(chunks), answerOptions({}, { asked }));
    const ids = events.flatMap((event) =>
      event.type === 'content_block_start' && event.content_block.type === 'tool_use'
        ? [event.content_block.id]
        : [],
    );
    expect(ids).toHaveLength(3);
    expect(new Set([...ids, 'call_0']).size).toBe(4);
    expect(ids.every((id) => /^[a-zA-Z0-9_-]{1,64}$/.test(id))).toBe(true);
  });

  it('§6 tells the estimate at the start and the truth at the end', () => {
    const usage = {
      prompt_tokens: 1200,
      completion_tokens: 90,
      prompt_tokens_details: { cached_tokens: 1000 },
    };
    const { events } = translate(sse([delta({ content: 'a' }, 'stop'), { choices: [], usage }]));
    const [first] = events;
    const end = events.at(-2);
    expect(first?.type === 'message_start' && first.message.usage.input_tokens).toBe(100);
    expect(end?.type === 'message_delta' && end.usage).toEqual({
      input_tokens: 200,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 1000,
      output_tokens: 90,
    });
  });

  it.each<[string, string]>([
    ['stop', 'end_turn'],
    ['COMPLETE', 'end_turn'],
    ['tool_calls', 'end_turn'],
    ['length', 'max_tokens'],
    ['model_length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['SAFETY', 'refusal'],
    ['model_context_window_exceeded', 'model_context_window_exceeded'],
    ['whatever', 'end_turn'],
  ])('§5 finish_reason %s without a call is %s', (word, reason) => {
    expect(told(translate(sse([delta({ content: 'a' }, word)])).events)).toEqual([
      'text:a',
      `stop:${reason}`,
    ]);
  });

  it('§5 names the stop sequence where the server does', () => {
    const chunk = { choices: [{ delta: { content: 'a' }, finish_reason: 'stop', matched_stop: 'STOP' }] };
    const end = translate(sse([chunk])).events.at(-2);
    expect(end?.type === 'message_delta' && end.delta).toEqual({
      stop_reason: 'stop_sequence',
      stop_sequence: 'STOP',
    });
  });
});

/** A connection that stays open after these chunks. */
function translateOpen(chunks: readonly object[]) {
  const translation = createTranslation(answerOptions());
  const events = translation.push(Buffer.from(sse(chunks).replace('data: [DONE]\n\n', '')));
  return { translation, events };
}
