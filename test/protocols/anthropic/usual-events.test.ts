import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamReader } from '../../../src/protocols/anthropic/stream-reader.ts';
import { usualBlock, usualContent } from '../../../src/protocols/anthropic/usual-events.ts';
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

describe('what the usual spelling of an event tells', () => {
  it.each([
    ['a text', { type: 'text_delta', text: 'Hello' }, true],
    ['a text beyond ASCII', { type: 'text_delta', text: 'é – 云' }, true],
    ['a text with a quote', { type: 'text_delta', text: 'a "b"' }, undefined],
    ['a text with a line feed', { type: 'text_delta', text: '\n' }, undefined],
    ['thinking', { type: 'thinking_delta', thinking: 'Hm' }, true],
    ['input of a tool', { type: 'input_json_delta', partial_json: '{' }, true],
    ['a signature', { type: 'signature_delta', signature: 'Eo+/8=' }, true],
    ['two members', { type: 'thinking_delta', thinking: 'x', estimated_tokens: 5 }, undefined],
    ['an empty text', { type: 'text_delta', text: '' }, undefined],
    ['the beginning of an input', { type: 'input_json_delta', partial_json: '' }, undefined],
    ['a count of hidden thinking', { type: 'thinking_delta', estimated_tokens: 5 }, undefined],
    ['a citation', { type: 'citations_delta', citation: { cited_text: 'x' } }, undefined],
    ['a type behind an empty text', { text: '', type: 'text_delta' }, undefined],
    ['nothing', null, undefined],
  ])('tells content in a delta: %s', (_name, value, tells) => {
    expect(usualContent(only(usual(delta(value))))).toBe(tells);
  });

  it.each([
    ['breaks off within its text', '0,"delta":{"type":"text_delta","text":"Hel}'],
    ['holds a quote that nothing escapes', '0,"delta":{"type":"text_delta","text":"a"b"}}'],
    ['holds a bad escape', '0,"delta":{"type":"text_delta","text":"\\x"}}'],
    ['holds a tab as it is', '0,"delta":{"type":"text_delta","text":"a\tb"}}'],
    ['has no index', ',"delta":{"type":"text_delta","text":"a"}}'],
    ['has a bad index', '01,"delta":{"type":"text_delta","text":"a"}}'],
    ['has a brace too few', '0,"delta":{"type":"text_delta","text":"a"}'],
    ['has a brace too many', '0,"delta":{"type":"text_delta","text":"a"}}}'],
  ])('takes no delta for content that %s, so that the parser finds it out', (_name, rest) => {
    const data = `{"type":"content_block_delta","index":${rest}`;
    expect(usualContent(only(eventOf('content_block_delta', data)))).toBeUndefined();
    const reader = createStreamReader();
    reader.push(Buffer.from(usual(start({}))));
    reader.push(Buffer.from(eventOf('content_block_delta', data)));
    expect(reader.facts).toMatchObject({ firstContent: false, malformed: expect.any(String) });
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
    const text = fc.constantFrom('', 'x', 'Hello', '"', '\\', '":"', '{"type":"', 'é', '}}', '\n');
    const value = fc.oneof(text, fc.nat(9), fc.constant(null), fc.constant({ type: 'x', text: 'y' }));
    const record = fc.dictionary(fc.constantFrom('type', 'text', 'thinking', 'partial_json', 'index'), value);
    const plain = text.map((each) => ({ type: 'text_delta', text: each }));
    const deltas = fc.tuple(fc.oneof(record, plain), fc.nat(12)).map(([each, index]) => delta(each, index));
    const events = fc.array(fc.oneof(fc.oneof(record, plain).map(block), deltas), { maxLength: 4 });
    const factsOf = (spelled: (data: Data) => string, others: readonly Data[]): object => {
      const reader = createStreamReader();
      for (const data of [start({}), ...others]) reader.push(Buffer.from(spelled(data)));
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
