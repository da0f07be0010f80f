import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamReader } from '../../../src/protocols/anthropic/stream-reader.ts';
import { usualBlock, usualContent, usualUsage } from '../../../src/protocols/anthropic/usual-events.ts';
import type { SseEvent } from '../../../src/sse/event.ts';
import { createScanner } from '../../../src/sse/scanner.ts';

interface Data {
  readonly type: string;
  readonly [key: string]: unknown;
}

const eventOf = (type: string, data: string): string => `event: ${type}\ndata: ${data}\n\n`;
const usual = (data: Data): string => eventOf(data.type, JSON.stringify(data));
/** The same, and nobody spells it so: what is known of it was parsed. */
const parsed = (data: Data): string => eventOf(data.type, JSON.stringify(data).replace('{', '{ '));

function only(text: string): SseEvent {
  const [event] = createScanner().push(Buffer.from(text));
  if (event === undefined) throw new Error('no event');
  return event;
}

const start = (message: object): Data => ({ type: 'message_start', message });
const block = (content_block: unknown): Data => ({ type: 'content_block_start', index: 0, content_block });
const delta = (value: unknown, index = 0): Data => ({ type: 'content_block_delta', index, delta: value });

const USAGE = { input_tokens: 12, cache_read_input_tokens: 900, cache_creation: { ephemeral_5m: 1 } };
const MESSAGE = { id: 'msg_1', role: 'assistant', content: [], stop_reason: null, usage: USAGE };

describe('what the usual spelling of an event tells', () => {
  it('reads the usage of a message_start without the rest', () => {
    expect(usualUsage(only(usual(start(MESSAGE))))).toEqual(USAGE);
  });

  it.each([
    ['one that is not last', start({ usage: USAGE, id: 'msg_1' })],
    ['one of something within the message', start({ more: { usage: USAGE } })],
    ['one beside the message', { ...start({ id: 'msg_1' }), usage: USAGE }],
    ['two of them', start({ more: { usage: {} }, usage: USAGE })],
    ['none', start({ id: 'msg_1' })],
    ['one that is no object', start({ usage: 3 })],
  ])('leaves to the parser a message_start whose usage is %s', (_name, data) => {
    expect(usualUsage(only(usual(data)))).toBeUndefined();
  });

  it.each([
    ['a text', { type: 'text_delta', text: 'Hello' }, true],
    ['a text that begins with a quote', { type: 'text_delta', text: '"' }, true],
    ['thinking', { type: 'thinking_delta', thinking: 'Hm' }, true],
    ['input of a tool', { type: 'input_json_delta', partial_json: '{"a":"b"}' }, true],
    ['an empty text', { type: 'text_delta', text: '' }, undefined],
    ['the beginning of an input', { type: 'input_json_delta', partial_json: '' }, undefined],
    ['a count of hidden thinking', { type: 'thinking_delta', estimated_tokens: 5 }, undefined],
    ['a citation', { type: 'citations_delta', citation: { cited_text: 'x' } }, undefined],
    ['a type behind an empty text', { text: '', type: 'text_delta' }, undefined],
    ['nothing', null, undefined],
  ])('tells content in a delta: %s', (_name, value, tells) => {
    expect(usualContent(only(usual(delta(value))))).toBe(tells);
  });

  it('takes no delta for content that breaks off within its text', () => {
    const cut = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel}';
    expect(usualContent(only(eventOf('content_block_delta', cut)))).toBeUndefined();
  });

  it.each([
    ['an empty text', { type: 'text', text: '' }, false],
    ['a text', { type: 'text', text: 'x' }, undefined],
    ['a thinking', { type: 'thinking', thinking: '', signature: '' }, undefined],
    ['a tool', { type: 'tool_use', id: 't', name: 'n', input: {} }, undefined],
  ])('tells that a block is empty at its start: %s', (_name, value, tells) => {
    expect(usualBlock(only(usual(block(value))))).toBe(tells);
  });

  it('tells of any event what parsing it tells', () => {
    const text = fc.constantFrom('', 'x', '"', '\\', '":"', '{"type":"', 'é', '}}', '"usage":{');
    const value = fc.oneof(text, fc.nat(9), fc.constant(null), fc.constant({ type: 'x', text: 'y' }));
    const record = fc.dictionary(
      fc.constantFrom('type', 'text', 'thinking', 'partial_json', 'usage', 'input_tokens', 'output_tokens'),
      value,
    );
    const usage = fc.record(
      { input_tokens: fc.nat(99), more: record, output_tokens: fc.nat(99) },
      { requiredKeys: [] },
    );
    const message = fc
      .tuple(record, usage, fc.boolean())
      .map(([more, said, isLast]) => start(isLast ? { ...more, usage: said } : { usage: said, more }));
    const blocks = record.map(block);
    const deltas = fc.tuple(record, fc.nat(12)).map(([each, index]) => delta(each, index));
    const events = fc.tuple(message, fc.array(fc.oneof(blocks, deltas), { maxLength: 4 }));
    const factsOf = (spelled: (data: Data) => string, [first, others]: [Data, Data[]]): object => {
      const reader = createStreamReader();
      for (const data of [first, ...others]) reader.push(Buffer.from(spelled(data)));
      const { messageStopEnd: _, boundary: __, ...facts } = reader.facts;
      return facts;
    };
    fc.assert(
      fc.property(events, (each) => {
        expect(factsOf(usual, each)).toEqual(factsOf(parsed, each));
      }),
      { numRuns: 1_000 },
    );
  });
});
