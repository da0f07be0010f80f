import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addEventLines } from '../../../src/protocols/anthropic/event-lines.ts';
import { createStreamReader, type StreamFacts } from '../../../src/protocols/anthropic/stream-reader.ts';
import { encodeEvent, PING_EVENT } from '../../../src/sse/encoder.ts';

type Data = { readonly type: string; readonly [key: string]: unknown };

const START: Data = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-5',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 12,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 0,
      output_tokens: 1,
    },
  },
};
const OPEN: Data = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const TEXT: Data = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'héllo' } };
const CLOSE: Data = { type: 'content_block_stop', index: 0 };
const END: Data = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 42 },
};
const STOP: Data = { type: 'message_stop' };
const WHOLE = [START, OPEN, TEXT, CLOSE, END, STOP];

const block = (content_block: object): Data => ({ type: 'content_block_start', index: 0, content_block });
const delta = (value: object): Data => ({ type: 'content_block_delta', index: 0, delta: value });

function bytes(events: readonly Data[]): Buffer {
  return Buffer.concat(events.map((event) => encodeEvent(event.type, event)));
}

function bare(events: readonly Data[]): Buffer {
  return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
}

function read(...chunks: (Buffer | string)[]): StreamFacts {
  const reader = createStreamReader();
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { ...reader.facts };
}

function ended(...chunks: (Buffer | string)[]): StreamFacts {
  const reader = createStreamReader();
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { ...reader.finish() };
}

describe('the first content', () => {
  it.each<[string, Data]>([
    ['text', delta({ type: 'text_delta', text: 'a' })],
    ['thinking', delta({ type: 'thinking_delta', thinking: 'a' })],
    ['a signature', delta({ type: 'signature_delta', signature: 'a' })],
    ['a piece of JSON', delta({ type: 'input_json_delta', partial_json: '{' })],
    ['a citation', delta({ type: 'citations_delta', citation: { type: 'char_location' } })],
    ['an unknown delta with something in it', delta({ type: 'new_delta', words: 'a' })],
    ['redacted thinking, complete at its start', block({ type: 'redacted_thinking', data: 'x' })],
    ["a server tool's result", block({ type: 'web_search_tool_result', tool_use_id: 's', content: [] })],
    ['a text that begins with something', block({ type: 'text', text: 'a' })],
    [
      'a tool whose input is whole at its start',
      block({ type: 'tool_use', id: 't', name: 'B', input: { a: 1 } }),
    ],
    ['the end of a block', CLOSE],
    ['the proper end of a message without content', END],
  ])('is %s', (_, event) => {
    expect(read(bytes([START])).firstContent).toBe(false);
    expect(read(bytes([START, event]))).toMatchObject({ firstContent: true, malformed: undefined });
  });

  it.each<[string, Data]>([
    ['an empty text delta', delta({ type: 'text_delta', text: '' })],
    [
      'an empty thinking delta that counts tokens',
      delta({ type: 'thinking_delta', thinking: '', estimated_tokens: 50 }),
    ],
    ['an empty piece of JSON', delta({ type: 'input_json_delta', partial_json: '' })],
    ['the bare start of a text', OPEN],
    ['the bare start of thinking', block({ type: 'thinking', thinking: '', signature: '' })],
    ['the bare start of a tool', block({ type: 'tool_use', id: 't', name: 'Bash', input: {} })],
    ['a message_delta without a stop reason', { type: 'message_delta', delta: { stop_reason: null } }],
    ['a message_stop without a stop reason', STOP],
    ['an event of an unknown type', { type: 'news', text: 'a' }],
    ['a ping', { type: 'ping' }],
  ])('is not %s', (_, event) => {
    expect(read(bytes([START, event]))).toMatchObject({ firstContent: false, malformed: undefined });
  });
});

describe('reading along a stream', () => {
  it('tells a good stream from its parts', () => {
    expect(read(bytes(WHOLE))).toEqual({
      form: 'events',
      messageStart: true,
      firstContent: true,
      stopReason: 'end_turn',
      messageStop: true,
      messageStopEnd: bytes(WHOLE).length,
      error: undefined,
      malformed: undefined,
      events: 6,
      pings: 0,
      usage: { inputTokens: 12, cacheReadTokens: 900, cacheCreationTokens: 0, outputTokens: 42 },
      atBoundary: true,
      boundary: bytes(WHOLE).length,
      needsEventLines: false,
    });
  });

  it('learns the same however the stream is cut', () => {
    const pieces = fc.constantFrom(
      bytes([START]),
      bytes([OPEN]),
      bytes([TEXT]),
      bytes([CLOSE]),
      bytes([END]),
      bytes([STOP]),
      bare([TEXT]),
      PING_EVENT,
      Buffer.from(': comment\n\n'),
      Buffer.from('data: [DONE]\n\n'),
      Buffer.from('data: {"error":{"message":"no","code":5}}\r\n\r\n'),
      Buffer.from('event: error\ndata: words\n\n'),
    );
    const lasting = ({ messageStopEnd, events, pings, boundary, ...rest }: StreamFacts) => rest;
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
        const stream = Buffer.concat(parts);
        const at = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...at].map((start, i) => stream.subarray(start, at[i] ?? stream.length));
        expect(lasting(read(...chunks))).toEqual(lasting(read(stream)));
      }),
      { numRuns: 800 },
    );
  });

  it('finds where message_stop ends, and reads nothing after it', () => {
    const tail = 'data: [DONE]\n\nevent: error\ndata: {"error":"late"}\n\n';
    const facts = read(Buffer.concat([bytes(WHOLE), Buffer.from(tail)]));
    expect(facts).toMatchObject({ messageStopEnd: bytes(WHOLE).length, error: undefined, messageStop: true });
    expect(read(bytes(WHOLE), tail)).toMatchObject({ messageStopEnd: -1, messageStop: true });
  });

  it('counts pings and comments apart from events', () => {
    const reader = createStreamReader();
    expect(reader.push(PING_EVENT)).toMatchObject({ events: 0, pings: 1 });
    expect(reader.push(Buffer.from(': alive\n'))).toMatchObject({ events: 0, pings: 1 });
    expect(reader.push(bytes([START, OPEN]))).toMatchObject({ events: 2, pings: 0 });
    expect(reader.push(Buffer.from('event: x'))).toMatchObject({ events: 0, pings: 0 });
    expect(reader.facts.form).toBe('events');
  });

  it('takes the counters that a message_delta corrects', () => {
    const late: Data = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 77, output_tokens: 5, cache_read_input_tokens: null },
    };
    expect(read(bytes([START, late])).usage).toEqual({
      inputTokens: 77,
      outputTokens: 5,
      cacheReadTokens: 900,
      cacheCreationTokens: 0,
    });
  });

  it('bears a stream without any usage', () => {
    const facts = read(
      bytes([
        { type: 'message_start', message: {} },
        { type: 'message_delta', delta: { stop_reason: 'refusal' } },
      ]),
    );
    expect(facts).toMatchObject({ usage: undefined, stopReason: 'refusal', malformed: undefined });
  });

  it.each([
    [
      "Anthropic's",
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      { type: 'overloaded_error', message: 'Overloaded' },
    ],
    [
      "Anthropic's without an event line",
      'data: {"type":"error","error":{"type":"api_error","message":"m"}}\n\n',
      { type: 'api_error', message: 'm' },
    ],
    [
      "OpenAI's",
      'data: {"error":{"message":"slow down","type":"rate","code":429}}\n\n',
      { type: 'rate', message: 'slow down', code: '429' },
    ],
    ["OpenAI's under an event line", 'event: error\ndata: {"error":{"message":"m"}}\n\n', { message: 'm' }],
    ['a text', 'data: {"error":"no more"}\n\n', { message: 'no more' }],
    ['plain words', 'event: error\ndata: upstream gone\n\n', { message: 'upstream gone' }],
    [
      'one in place of message_start',
      'event: message_start\ndata: {"error":{"message":"m"}}\n\n',
      { message: 'm' },
    ],
    ['one after CRLF lines', 'event: error\r\ndata: {"error":{"message":"m"}}\r\n\r\n', { message: 'm' }],
  ])('recognises an error: %s', (_, text, error) => {
    expect(read(text)).toMatchObject({ error, malformed: undefined, firstContent: false });
    expect(read(bytes([START, OPEN, TEXT]), text).error).toEqual(error);
  });

  it('does not take for an error what the model writes', () => {
    const quoting = delta({
      type: 'text_delta',
      text: 'event: error\ndata: {"type":"error","error":{}}\n\n',
    });
    expect(read(bytes([START, OPEN, quoting, quoting]))).toMatchObject({
      error: undefined,
      firstContent: true,
    });
  });

  it.each([
    ['a message_start that is no JSON', 'event: message_start\ndata: {"type":"message_start",\n\n'],
    ['a message_start without a message', 'event: message_start\ndata: {"type":"message_start"}\n\n'],
    ['content before message_start', bytes([OPEN]).toString()],
    ['a delta that is no JSON', `${bytes([START])}event: content_block_delta\ndata: {"a":}\n\n`],
    [
      'a delta that does not close',
      `${bytes([START, OPEN, TEXT])}event: content_block_delta\ndata: {"a":1\n\n`,
    ],
    ['a message_delta that is no JSON', `${bytes([START, OPEN, TEXT])}event: message_delta\ndata: {x}\n\n`],
    ["another protocol's events", 'data: {"id":"c","choices":[]}\n\n'],
    ['events of plain text', 'data: hello\n\n'],
  ])('calls %s malformed', (_, text) => {
    expect(read(text).malformed).toEqual(expect.any(String));
  });

  it.each([
    ['an empty one', 'data:\n\n'],
    ['one that is no JSON', 'data: still working\n\n'],
    ['one that names no type', 'data: {"working":true}\n\n'],
    ['the end mark of another protocol', 'data: [DONE]\n\n'],
    ['one of an unknown type', 'event: news\ndata: no JSON\n\n'],
  ])('passes over an event as clients do: %s', (_, text) => {
    const facts = read(bytes([START]), text, bytes([OPEN, TEXT]), text, bytes([CLOSE, END, STOP]));
    expect(facts).toMatchObject({ malformed: undefined, needsEventLines: false, messageStop: true });
  });

  it('minds garbage in a stream whose every event lacks its line', () => {
    expect(read(bare([START, OPEN, TEXT]), 'data: {"type\n\n').malformed).toEqual(expect.any(String));
  });

  it.each([
    ['html', '\n <!DOCTYPE html><html>'],
    ['json', ' {"type":"error"}'],
    ['json', '\uFEFF[{"error":1}]'],
    ['events', '\uFEFF: hi\n\n'],
    ['events', 'retry: 5\n\n'],
    ['other', 'Bad gateway'],
    ['unknown', '\n'],
    ['unknown', ''],
  ])('sees by its first byte that a body is %s', (form, text) => {
    expect(read(text).form).toBe(form);
  });

  it('reads a last event that lacks its blank line', () => {
    const cut = bytes([START, OPEN, TEXT, CLOSE, END]).toString().trimEnd();
    expect(read(cut).stopReason).toBeUndefined();
    expect(ended(cut).stopReason).toBe('end_turn');
    expect(ended('data: {"error":"quota"}').error).toEqual({ message: 'quota' });
  });

  it('takes half an event at the end for a cut, not for a mistake', () => {
    const cut = bytes([START, OPEN, TEXT]).subarray(0, -20);
    expect(ended(cut)).toMatchObject({ malformed: undefined, stopReason: undefined });
  });

  it('bears an event larger than it holds', () => {
    const reader = createStreamReader();
    reader.push(bytes([START]));
    const huge = bytes([block({ type: 'web_search_tool_result', content: 'x'.repeat(2 ** 21) })]);
    reader.push(huge.subarray(0, 2 ** 20));
    expect(reader.push(huge.subarray(2 ** 20))).toMatchObject({ firstContent: true, malformed: undefined });
    expect(reader.push(bytes([CLOSE, END, STOP]))).toMatchObject({ messageStop: true, malformed: undefined });
  });
});

describe('a stream without event lines', () => {
  it('is understood, and said to need them', () => {
    expect(read(bare(WHOLE))).toMatchObject({
      needsEventLines: true,
      firstContent: true,
      stopReason: 'end_turn',
      messageStop: true,
      malformed: undefined,
    });
  });

  it('is one whose events are all called message, too', () => {
    const text = WHOLE.map((event) => `event: message\ndata: ${JSON.stringify(event)}\n\n`).join('');
    expect(read(text)).toMatchObject({ needsEventLines: true, messageStop: true });
  });

  it('gets its event lines, however it is cut', () => {
    const stream = Buffer.concat([Buffer.from(': hi\n\n'), bare(WHOLE), Buffer.from('data: [DONE]\n\n')]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 6 }), (cuts) => {
        const at = [...new Set(cuts)].sort((a, b) => a - b);
        const lines = addEventLines();
        const chunks = [0, ...at].map((start, i) =>
          lines.push(stream.subarray(start, at[i] ?? stream.length)),
        );
        expect(Buffer.concat([...chunks, lines.finish()]).toString()).toBe(bytes(WHOLE).toString());
      }),
    );
  });

  it('keeps the event lines that are there', () => {
    const lines = addEventLines();
    expect(lines.push(bytes(WHOLE)).toString()).toBe(bytes(WHOLE).toString());
    lines.push(bytes([CLOSE]).subarray(0, -2));
    expect(lines.finish().toString()).toBe(bytes([CLOSE]).toString());
  });
});
