import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainDeltas } from '../../../src/protocols/anthropic/plain-deltas.ts';
import { createStreamReader } from '../../../src/protocols/anthropic/stream-reader.ts';

const PLAIN = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{}}\n\n';
const count = (text: string): number => plainDeltas(Buffer.from(text));

describe('a chunk of nothing but plain deltas', () => {
  it.each([
    ['one', PLAIN, 1],
    ['several', PLAIN.repeat(3), 3],
    ['none', '', 0],
    ['one that is not whole', PLAIN.slice(0, -1), 0],
    ['one that has hardly begun', 'event: content_block_delta\n', 0],
    ['a whole one and the beginning of another', `${PLAIN}event: c`, 0],
    ['another event', PLAIN.replaceAll('content_block_delta', 'content_block_start'), 0],
    ['another event behind it', `${PLAIN}event: ping\ndata: {"type":"ping"}\n\n`, 0],
    ['a comment', ': ping\n\n', 0],
    ['data that is no object', 'event: content_block_delta\ndata: 1\n\n', 0],
    ['data that does not end as an object', 'event: content_block_delta\ndata: {"a":1\n\n', 0],
    ['data of two lines', 'event: content_block_delta\ndata: {"a":1,}\ndata: "b":2}\n\n', 0],
    ['data without its event line', 'data: {"type":"content_block_delta"}\n\n', 0],
    ['lines that end in CR LF', PLAIN.replaceAll('\n', '\r\n'), 0],
    ['a carriage return within the data', PLAIN.replace('{}', '{\r}'), 0],
  ])('is told from others: %s', (_name, text, events) => {
    expect(count(text)).toBe(events);
  });
});

const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const START = event('message_start', { type: 'message_start', message: { usage: { input_tokens: 1 } } });
const CONTENT = event('content_block_delta', { delta: { type: 'text_delta', text: 'x' } });
const LATER = fc.constantFrom(
  PLAIN,
  PLAIN.repeat(2),
  PLAIN.slice(0, 40),
  PLAIN.slice(40),
  PLAIN.replaceAll('\n', '\r\n'),
  PLAIN.replaceAll('\n', '\r'),
  '\n',
  ': still here\n\n',
  event('ping', { type: 'ping' }),
  event('content_block_stop', { type: 'content_block_stop' }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } }),
  event('error', { error: { type: 'overloaded_error', message: 'x' } }),
  event('message_stop', { type: 'message_stop' }),
  'event: content_block_delta\ndata: nothing\n\n',
);

/** The facts of all chunks, and what each of them added. Split behind its first byte a chunk is no longer a plain one. */
function readOf(chunks: readonly string[], isSplit: boolean) {
  const reader = createStreamReader();
  for (const chunk of [START, CONTENT]) reader.push(Buffer.from(chunk));
  const steps = chunks.map((text) => {
    const chunk = Buffer.from(text);
    const first = isSplit ? reader.push(chunk.subarray(0, 1)) : undefined;
    const before = { events: first?.events ?? 0, pings: first?.pings ?? 0 };
    const facts = reader.push(isSplit ? chunk.subarray(1) : chunk);
    const { messageStopEnd, boundary, events, pings, ...lasting } = facts;
    return { ...lasting, events: events + before.events, pings: pings + before.pings };
  });
  return { steps, end: { ...reader.finish() } };
}

it('is read to the same facts as any other chunk', () => {
  fc.assert(
    fc.property(fc.array(LATER, { maxLength: 12 }), (chunks) => {
      expect(readOf(chunks, false)).toEqual(readOf(chunks, true));
    }),
    { numRuns: 500 },
  );
});
