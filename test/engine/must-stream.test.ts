import { describe, expect, it } from 'vitest';
import { messageStart } from '../support/message-events.ts';
import {
  BODY,
  entryOf,
  message,
  STREAM_BODY,
  STREAM_TEXT,
  useMswBench,
  usePlayedProviders,
} from '../support/msw-bench.ts';

const play = usePlayedProviders();
const balance = useMswBench();

const stream = (text = STREAM_TEXT): Response =>
  new Response(text, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-of-theirs': '1' } });

const TURN = [
  [
    'message_start',
    messageStart({
      input_tokens: 7,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 2,
      output_tokens: 1,
    }),
  ],
  ['content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } }],
  ['content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'Let me ' } }],
  ['content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: 'see.' } }],
  ['content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } }],
  ['content_block_stop', { index: 0 }],
  ['content_block_start', { index: 1, content_block: { type: 'text', text: '' } }],
  ['content_block_delta', { index: 1, delta: { type: 'text_delta', text: 'As said' } }],
  [
    'content_block_delta',
    {
      index: 1,
      delta: {
        type: 'citations_delta',
        citation: { type: 'char_location', cited_text: 'x', document_index: 0 },
      },
    },
  ],
  ['content_block_stop', { index: 1 }],
  [
    'content_block_start',
    { index: 2, content_block: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} } },
  ],
  ['content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '{"query":' } }],
  ['content_block_delta', { index: 2, delta: { type: 'input_json_delta', partial_json: '"ü"}' } }],
  ['content_block_stop', { index: 2 }],
  [
    'content_block_start',
    {
      index: 3,
      content_block: {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [{ type: 'web_search_result', url: 'u' }],
      },
    },
  ],
  ['content_block_stop', { index: 3 }],
  [
    'content_block_start',
    { index: 4, content_block: { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} } },
  ],
  [
    'content_block_delta',
    { index: 4, delta: { type: 'input_json_delta', partial_json: '{"command":"ls"}' } },
  ],
  ['content_block_stop', { index: 4 }],
  [
    'message_delta',
    {
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 33, server_tool_use: { web_search_requests: 1 } },
    },
  ],
  ['message_stop', {}],
] as const;
const TURN_TEXT = TURN.map(
  ([type, facts]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`,
).join('');

describe('a provider that must stream', () => {
  it('is asked for a stream, with no other byte changed, and its answer comes back as one message with all it held', async () => {
    const provider = play('streams', () => stream(TURN_TEXT));
    const { ask, events } = await balance({ providers: [entryOf(provider, { must_stream: true })] });
    const reply = await ask();
    expect(provider.received[0]?.body).toBe(BODY.replace('"stream":false', '"stream":true'));
    expect(reply.status).toBe(200);
    expect(reply.header('content-type')).toBe('application/json');
    expect(reply.header('x-of-theirs')).toBe('1');
    expect(reply.json()).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' },
        {
          type: 'text',
          text: 'As said',
          citations: [{ type: 'char_location', cited_text: 'x', document_index: 0 }],
        },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'ü' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srvtoolu_1',
          content: [{ type: 'web_search_result', url: 'u' }],
        },
        { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 7,
        cache_read_input_tokens: 5,
        cache_creation_input_tokens: 2,
        output_tokens: 33,
        server_tool_use: { web_search_requests: 1 },
      },
    });
    expect(events.find(({ type }) => type === 'request.ended')).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 33 },
    });
  });

  it('that breaks off in the middle is left for the next, which need not stream', async () => {
    const broken = play('broken', () =>
      stream(TURN_TEXT.slice(0, TURN_TEXT.indexOf('event: message_delta'))),
    );
    const second = play('second', () => message());
    const { ask } = await balance({ providers: [entryOf(broken, { must_stream: true }), entryOf(second)] });
    const reply = await ask();
    expect(reply.header('x-balancer-provider')).toBe('second');
    expect(second.received[0]?.body).toBe(BODY);
  });

  it('streams for a client that asked for it as any other does', async () => {
    const provider = play('streams', () => stream());
    const { ask } = await balance({ providers: [entryOf(provider, { must_stream: true })] });
    const reply = await ask({ body: STREAM_BODY });
    expect(provider.received[0]?.body).toBe(STREAM_BODY);
    expect(reply.body).toBe(STREAM_TEXT);
  });

  it('counts tokens without a word about streams', async () => {
    const provider = play('streams', () => Response.json({ input_tokens: 5 }));
    const { ask } = await balance({ providers: [entryOf(provider, { must_stream: true })] });
    const body = '{"model":"claude-sonnet-5-5","messages":[]}';
    expect((await ask({ endpoint: 'count_tokens', body })).json()).toEqual({ input_tokens: 5 });
    expect(provider.received[0]?.body).toBe(body);
  });
});
