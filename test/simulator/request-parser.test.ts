import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestParser } from '../../src/simulator/request-parser.ts';

/** What the parser told, as plain lines. */
function parseAll(pieces: readonly Buffer[]): readonly string[] {
  const told: string[] = [];
  const parse = createRequestParser({
    head: (head) => told.push(`${head.method} ${head.path} ${head.rawHeaders.join('|')}`),
    body: (body) => told.push(`body ${body.toString()}`),
    bad: (reason) => told.push(`bad ${reason}`),
  });
  for (const piece of pieces) parse(piece);
  return told;
}

const TWO_REQUESTS = Buffer.from(
  [
    'POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\nContent-Length: 5\r\n\r\n12345',
    'POST /chunked HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n',
    'GET /v1/models HTTP/1.1\r\n\r\n',
  ].join(''),
);

describe('the request parser', () => {
  it('reads requests one after the other, with names and values as they came', () => {
    expect(parseAll([TWO_REQUESTS])).toEqual([
      'POST /v1/messages?beta=true Host|a|X-Api-Key|k|Content-Length|5',
      'body 12345',
      'POST /chunked Transfer-Encoding|chunked',
      'body abcde',
      'GET /v1/models ',
      'body ',
    ]);
  });

  it('tells the same however the bytes are cut', () => {
    const whole = parseAll([TWO_REQUESTS]);
    fc.assert(
      fc.property(fc.array(fc.nat(TWO_REQUESTS.length)), (cuts) => {
        const ends = [...cuts, TWO_REQUESTS.length].sort((one, other) => one - other);
        const pieces = ends.map((end, at) => TWO_REQUESTS.subarray(ends[at - 1] ?? 0, end));
        expect(parseAll(pieces)).toEqual(whole);
      }),
    );
  });

  it('refuses what is not HTTP and a broken chunk size', () => {
    expect(parseAll([Buffer.from('hello\r\n\r\n')])).toEqual(['bad not an HTTP/1.1 request']);
    expect(
      parseAll([Buffer.from('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')]).at(-1),
    ).toBe('bad bad chunk size');
  });
});
