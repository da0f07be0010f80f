import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventData, type SseEvent } from '../../src/sse/event.ts';
import { createScanner, type ScannerOptions } from '../../src/sse/scanner.ts';

interface Seen {
  readonly kind: string;
  readonly type: string;
  readonly data: string;
  readonly truncated: boolean;
}

function seen(event: SseEvent): Seen {
  return { kind: event.kind, type: event.type, data: eventData(event), truncated: event.truncated };
}

function scan(chunks: readonly (Buffer | string)[], options?: ScannerOptions): Seen[] {
  const scanner = createScanner(options);
  const events = chunks.flatMap((chunk) => scanner.push(Buffer.from(chunk)).map(seen));
  const rest = scanner.finish();
  return rest === undefined ? events : [...events, seen(rest)];
}

/** An independent reading of the whole text by the standard's words: lines, fields, dispatch at a blank line. */
function reference(text: string): { type: string; data: string }[] {
  const events: { type: string; data: string }[] = [];
  let type = '';
  let data: string[] = [];
  const dispatch = () => {
    if (data.length > 0) events.push({ type, data: data.join('\n') });
    type = '';
    data = [];
  };
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    if (line === '') {
      dispatch();
      continue;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') type = value;
    if (name === 'data') data.push(value);
  }
  dispatch();
  return events;
}

function visible(events: readonly Seen[]): { type: string; data: string }[] {
  return events.filter((event) => event.kind === 'event').map(({ type, data }) => ({ type, data }));
}

const lines = fc.constantFrom(
  'event: message_start',
  'event:ping',
  'event',
  'event: é😀',
  'data: {"type":"x"}',
  'data:{"a":"é😀"}',
  'data: two  ',
  'data:  two spaces',
  'data',
  'data:',
  'database: no',
  'eventful: no',
  ': a comment',
  ':',
  'id: 7',
  'retry: 5',
  ' data: not a field',
  'other',
  '',
  '',
);
const lineEnds = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
const streams = fc
  .tuple(fc.array(fc.tuple(lines, lineEnds), { maxLength: 24 }), fc.boolean(), fc.boolean())
  .map(([all, mark, cutShort]) => {
    const text = (mark ? '\uFEFF' : '') + all.map(([line, end]) => line + end).join('');
    return cutShort ? text.replace(/[\r\n]+$/, '') : text;
  });

function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

describe('splitting a stream into events', () => {
  it('finds what the standard finds', () => {
    fc.assert(
      fc.property(streams, (text) => {
        expect(visible(scan([text]))).toEqual(reference(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the same events however the bytes are cut', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        const bytes = Buffer.from(text);
        expect(scan(chunked(bytes, cuts))).toEqual(scan([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the same events byte by byte', () => {
    fc.assert(
      fc.property(streams, (text) => {
        const bytes = Buffer.from(text);
        const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        expect(scan(single)).toEqual(scan([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same events when large ones are truncated, however the bytes are cut', () => {
    const sized = fc.array(
      fc.tuple(fc.constantFrom('a', 'bb', 'ping'), fc.nat({ max: 120 })).map(([type, size]) => {
        return `event: ${type}\ndata: ${'x'.repeat(size)}\n\n`;
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(sized, fc.array(fc.nat(), { maxLength: 8 }), (events, cuts) => {
        const options = { maxEventBytes: 64 };
        const want = events.map((event) => {
          const { type = '', data = '' } = reference(event)[0] ?? {};
          const truncated = event.length > 64;
          return { kind: 'event', type, data: truncated ? '' : data, truncated };
        });
        const bytes = Buffer.from(events.join(''));
        expect(scan([bytes], options)).toEqual(want);
        expect(scan(chunked(bytes, cuts), options)).toEqual(want);
      }),
      { numRuns: 1000 },
    );
  });

  it('knows after every byte whether an event is open', () => {
    const text = ': hello\n\nevent: a\ndata: 1\n\n\ndata: 2\n\n:\ndata: 3\n\n';
    const scanner = createScanner();
    const found: number[] = [];
    Array.from(Buffer.from(text)).forEach((byte, at) => {
      scanner.push(Buffer.from([byte]));
      if (scanner.atBoundary) found.push(at + 1);
    });
    // After each whole comment line, event and blank line; never inside one.
    expect(found).toEqual([8, 9, 27, 28, 37, 39, 48]);
  });

  it('tells up to where a chunk ends whole events', () => {
    const scanner = createScanner();
    scanner.push(Buffer.from('event: a\ndata: 1\n\nevent: b\nda'));
    expect(scanner.boundary).toBe(18);
    scanner.push(Buffer.from('ta'));
    expect(scanner.boundary).toBe(0);
    const [event] = scanner.push(Buffer.from(': 2\n\n'));
    expect([scanner.boundary, event?.end, scanner.atBoundary]).toEqual([5, 5, true]);
  });

  it('reports a comment line at once, without waiting for a blank line', () => {
    const scanner = createScanner();
    expect(scanner.push(Buffer.from(': keep-alive\n')).map(seen)).toMatchObject([{ kind: 'comment' }]);
    expect(scanner.atBoundary).toBe(true);
  });

  it('gives the data of an event in one chunk without copying', () => {
    const chunk = Buffer.from('event: a\ndata: {"x":1}\n\n');
    const [event] = createScanner().push(chunk);
    expect(event?.bytes).toBe(chunk);
  });

  it('keeps an earlier event intact while later bytes are held', () => {
    const scanner = createScanner();
    scanner.push(Buffer.from('event: a\ndata: fir'));
    const [event] = scanner.push(Buffer.from('st\n\nevent: b\ndata: second, longer'));
    expect(event && eventData(event)).toBe('first');
    expect(scanner.push(Buffer.from('\n\n')).map(seen)).toMatchObject([
      { type: 'b', data: 'second, longer' },
    ]);
  });

  it('keeps the type of an event beyond its limit, and goes on after it', () => {
    const scanner = createScanner();
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    scanner.push(Buffer.from('event: content_block_start\ndata: '));
    scanner.push(megabyte);
    scanner.push(megabyte);
    expect(scanner.atBoundary).toBe(false);
    expect(scanner.push(Buffer.from('\n\nevent: next\ndata: 1\n\n')).map(seen)).toEqual([
      { kind: 'event', type: 'content_block_start', data: '', truncated: true },
      { kind: 'event', type: 'next', data: '1', truncated: false },
    ]);
  });
});
