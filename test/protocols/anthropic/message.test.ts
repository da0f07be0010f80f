import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer, readCount } from '../../../src/protocols/anthropic/answer.ts';
import { createAssembler, type Message } from '../../../src/protocols/anthropic/message-assembler.ts';
import { playMessage } from '../../../src/protocols/anthropic/message-player.ts';
import { createStreamReader } from '../../../src/protocols/anthropic/stream-reader.ts';
import { encodeEvent } from '../../../src/sse/encoder.ts';
import { eventData } from '../../../src/sse/event.ts';
import { createScanner } from '../../../src/sse/scanner.ts';

type Data = { readonly type: string; readonly [key: string]: unknown };

const BLOCKS: Record<string, Message> = {
  text: { type: 'text', text: 'héllo "world"\n😀' },
  'empty text': { type: 'text', text: '' },
  'text with citations': {
    type: 'text',
    text: 'so',
    citations: [{ type: 'page_location', page: 1 }, { type: 'x' }],
  },
  thinking: { type: 'thinking', thinking: 'hm', signature: 'EqQB==' },
  'thinking that is hidden': { type: 'thinking', thinking: '', signature: 'EqQB==' },
  'thinking without a signature': { type: 'thinking', thinking: 'hm', signature: '' },
  redacted_thinking: { type: 'redacted_thinking', data: 'xyz' },
  tool_use: {
    type: 'tool_use',
    id: 'toolu_1',
    name: 'Bash',
    input: { command: 'a "b"\n', list: [1, { x: null }] },
  },
  'tool_use without input': { type: 'tool_use', id: 'toolu_2', name: 'List', input: {} },
  server_tool_use: { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
  web_search_tool_result: {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_1',
    content: [{ type: 'web_search_result', url: 'u' }],
  },
  'a block yet unknown': { type: 'hologram', beams: [1, 2], nested: { text: 'a' } },
};

function message(content: readonly unknown[], more: Message = {}): Message {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-5',
    content,
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 7, cache_read_input_tokens: 5, service_tier: 'standard' },
    ...more,
  };
}

function assemble(...chunks: Buffer[]): Message | undefined {
  const assembler = createAssembler();
  for (const chunk of chunks) assembler.push(chunk);
  return assembler.finish();
}

function stream(...events: Data[]): Buffer {
  return Buffer.concat(events.map((event) => encodeEvent(event.type, event)));
}

function events(bytes: Buffer): Data[] {
  return createScanner()
    .push(bytes)
    .map((event) => {
      const data = JSON.parse(eventData(event)) as Data;
      expect(event.type).toBe(data.type);
      return data;
    });
}

const START: Data = {
  type: 'message_start',
  message: message([], { stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } }),
};
const END: Data = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 9 },
};
const STOP: Data = { type: 'message_stop' };
const open = (index: number, content_block: object): Data => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: number, value: object): Data => ({ type: 'content_block_delta', index, delta: value });
const close = (index: number): Data => ({ type: 'content_block_stop', index });

describe('a message played as a stream', () => {
  it.each(Object.entries(BLOCKS))('is assembled to the same message: %s', (_, block) => {
    const whole = message([block]);
    expect(assemble(playMessage(whole))).toEqual(whole);
  });

  it('is assembled to the same message, whatever its blocks and however it is cut', () => {
    const blocks = fc.array(fc.constantFrom(...Object.values(BLOCKS)), { maxLength: 6 });
    fc.assert(
      fc.property(blocks, fc.array(fc.nat(), { maxLength: 6 }), (content, cuts) => {
        const whole = message(content, { container: { id: 'c' }, context_management: { applied_edits: [] } });
        const bytes = playMessage(whole);
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
        expect(assemble(...chunks)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps to the grammar: one start, blocks closed in order, one end', () => {
    const played = events(playMessage(message(Object.values(BLOCKS))));
    const grammar = played.map((event) => event.type.replace(/^content_block_(\w+)$/, '$1')).join(' ');
    expect(grammar).toMatch(/^message_start (start (delta )*stop )+message_delta message_stop$/);
    const starts = played.filter((event) => event.type === 'content_block_start');
    expect(starts.map((event) => event.index)).toEqual(Object.keys(BLOCKS).map((_, index) => index));
  });

  it('is a good stream to its reader', () => {
    const facts = createStreamReader().push(playMessage(message([BLOCKS.text])));
    expect(facts).toMatchObject({ firstContent: true, stopReason: 'end_turn', messageStop: true });
    expect(facts.usage).toMatchObject({ inputTokens: 3, outputTokens: 7 });
  });

  it('begins every block as the SDK expects it', () => {
    const played = events(playMessage(message([BLOCKS.text, BLOCKS.thinking, BLOCKS.tool_use])));
    const starts = played.filter((event) => event.type === 'content_block_start');
    expect(starts.map((event) => event.content_block)).toEqual([
      { type: 'text', text: '' },
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} },
    ]);
  });

  it('has usage even if the message has none, for the SDK needs it', () => {
    const { usage: _, ...bare } = message([]);
    const played = events(playMessage(bare));
    expect(played[0]?.message).toMatchObject({ usage: { input_tokens: 0, output_tokens: 0 } });
    expect(played.at(-2)?.usage).toMatchObject({ output_tokens: 0 });
  });
});

describe('assembling a stream', () => {
  it('joins the pieces of a tool input', () => {
    const pieces = ['', '{"comm', 'and":"a\\', '"b"}', ''];
    const json = pieces.map((partial_json) => delta(0, { type: 'input_json_delta', partial_json }));
    const result = assemble(
      stream(
        START,
        open(0, { type: 'tool_use', id: 't', name: 'B', input: {} }),
        ...json,
        close(0),
        END,
        STOP,
      ),
    );
    expect(result?.content).toEqual([{ type: 'tool_use', id: 't', name: 'B', input: { command: 'a"b' } }]);
  });

  it('lays the usage of the end over that of the start', () => {
    const late: Data = {
      ...END,
      usage: { output_tokens: 9, input_tokens: null, server_tool_use: { web_search_requests: 1 } },
    };
    expect(assemble(stream(START, late, STOP))?.usage).toEqual({
      input_tokens: 3,
      output_tokens: 9,
      server_tool_use: { web_search_requests: 1 },
    });
  });

  it('lets no later message_delta take a stop reason back', () => {
    const usageOnly: Data = {
      type: 'message_delta',
      delta: { stop_reason: null },
      usage: { output_tokens: 10 },
    };
    expect(assemble(stream(START, END, usageOnly, STOP))).toMatchObject({
      stop_reason: 'end_turn',
      usage: { output_tokens: 10 },
    });
  });

  it('takes the deltas of a block yet unknown', () => {
    const grown = [
      delta(0, { type: 'beam_delta', light: 'a' }),
      delta(0, { type: 'beam_delta', light: 'b', n: 2 }),
    ];
    const result = assemble(stream(START, open(0, { type: 'hologram', light: '' }), ...grown, close(0), END));
    expect(result?.content).toEqual([{ type: 'hologram', light: 'ab', n: 2 }]);
  });

  it('begins again at a second message_start', () => {
    const first = [
      START,
      open(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'lost' }),
    ];
    const second = [
      START,
      open(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'kept' }),
      close(0),
      END,
      STOP,
    ];
    expect(assemble(stream(...first, ...second))?.content).toEqual([{ type: 'text', text: 'kept' }]);
  });

  it('understands a stream without event lines, and ignores what follows its end', () => {
    const bare = [START, open(0, { type: 'text', text: 'a' }), close(0), END, STOP]
      .map((event) => `data: ${JSON.stringify(event)}\n\n`)
      .join('');
    const result = assemble(Buffer.from(`${bare}data: [DONE]\n\ndata: {"error":"late"}\n\n`));
    expect(result?.content).toEqual([{ type: 'text', text: 'a' }]);
  });

  it('does not need a message_stop, nor the last blank line', () => {
    expect(assemble(stream(START, END).subarray(0, -2))).toMatchObject({ stop_reason: 'end_turn' });
  });

  it.each([
    ['that is empty', Buffer.alloc(0)],
    ['without a stop reason', stream(START, open(0, { type: 'text', text: 'a' }), close(0), STOP)],
    ['without a message_start', stream(END, STOP)],
    ['whose message_start has no message', stream({ type: 'message_start' }, END)],
    ['with an error', stream(START, { type: 'error', error: { message: 'm' } }, END)],
    [
      'with an error of another shape',
      Buffer.concat([stream(START), Buffer.from('data: {"error":"no"}\n\n'), stream(END)]),
    ],
    [
      'with a broken event',
      Buffer.concat([stream(START), Buffer.from('event: content_block_delta\ndata: {\n\n'), stream(END)]),
    ],
    [
      'with a broken tool input',
      stream(
        START,
        open(0, { type: 'tool_use', input: {} }),
        delta(0, { type: 'input_json_delta', partial_json: '{"a' }),
        close(0),
        END,
      ),
    ],
  ])('makes no message of a stream %s', (_, bytes) => {
    expect(assemble(bytes)).toBeUndefined();
  });
});

describe('reading a whole body', () => {
  it('knows a message and its usage', () => {
    const whole = message([BLOCKS.text]);
    expect(readAnswer(Buffer.from(JSON.stringify(whole)))).toEqual({
      kind: 'message',
      message: whole,
      usage: { inputTokens: 3, outputTokens: 7, cacheReadTokens: 5 },
    });
  });

  it('takes a message for a message even if it writes about errors', () => {
    const text = message([{ type: 'text', text: '{"type":"error","error":{}}' }], { error: null });
    expect(readAnswer(Buffer.from(JSON.stringify(text))).kind).toBe('message');
  });

  it.each([
    [
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      { type: 'overloaded_error', message: 'Overloaded' },
    ],
    ['{"error":{"message":"m","type":"t","code":"c"}}', { message: 'm', type: 't', code: 'c' }],
    ['{"error":{"message":"m","code":402}}', { message: 'm', code: '402' }],
    ['{"error":"text","code":"x"}', { message: 'text', code: 'x' }],
    ['{"error":{"message":{"text":"m"}}}', { message: '{"text":"m"}' }],
    ['{"error":{}}', { message: 'an error without a message' }],
    ['{"error":{"type":"t"}}', { type: 't', message: 't' }],
    [
      '{"object":"error","message":"m","type":"BadRequestError","code":400}',
      { type: 'BadRequestError', message: 'm', code: '400' },
    ],
    ['[{"error":{"message":"m","status":"INVALID_ARGUMENT"}}]', { message: 'm' }],
    ['{"type":"error","message":"m"}', { message: 'm' }],
    ['\uFEFF {"error":"text"} ', { message: 'text' }],
  ])('knows the error %s', (text, error) => {
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'error', error });
    expect(readCount(Buffer.from(text))).toEqual({ kind: 'error', error });
  });

  it.each([
    ['empty', ''],
    ['empty', ' \n'],
    ['html', ' <html></html>'],
    ['truncated', '{"type":"message","content":[{"type":"te'],
    ['truncated', '[{"error":'],
    ['malformed', 'Bad gateway'],
    ['malformed', '{"a":}'],
    ['unknown', '{"ok":true}'],
    ['unknown', '"text"'],
    ['unknown', 'null'],
    ['unknown', '[]'],
    ['unknown', '{"choices":[{"message":{"content":"hi"}}]}'],
    ['unknown', '{"type":"message","content":"text"}'],
    ['unknown', '{"type":"message","content":[],"stop_reason":null}'],
    ['unknown', '{"type":"message","content":[{"text":"without a type"}]}'],
    ['unknown', '{"error":null}'],
  ])('says %s of %j', (kind, text) => {
    expect(readAnswer(Buffer.from(text)).kind).toBe(kind);
    expect(readCount(Buffer.from(text)).kind).toBe(kind);
  });

  it('knows a count of tokens, where one was asked for', () => {
    expect(readCount(Buffer.from('{"input_tokens":12}'))).toEqual({ kind: 'count', inputTokens: 12 });
    expect(readAnswer(Buffer.from('{"input_tokens":12}')).kind).toBe('unknown');
    expect(readCount(Buffer.from('{"input_tokens":"12"}')).kind).toBe('unknown');
    expect(readCount(Buffer.from(JSON.stringify(message([])))).kind).toBe('unknown');
  });
});
