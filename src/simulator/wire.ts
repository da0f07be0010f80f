import { STATUS_CODES } from 'node:http';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import type { ContentEncoding, EventPart, StreamPart, TextPart } from './behaviour.ts';

/** Status line and headers as bytes, the empty line included. Later names take the place of earlier ones. */
export function headBytes(status: number, ...headers: readonly Readonly<Record<string, string>>[]): Buffer {
  const lines = new Map<string, string>();
  for (const some of headers) {
    for (const [name, value] of Object.entries(some)) lines.set(name.toLowerCase(), value);
  }
  const text = [...lines].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${text}\r\n`);
}

/** One chunk of HTTP's chunked framing. */
export function chunkBytes(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n');

/** An event or a raw text as the bytes of an event stream. */
export function partBytes(
  part: EventPart | TextPart,
  shape: { readonly lineEnd?: '\n' | '\r\n' | '\r'; readonly eventLines?: boolean },
): Buffer {
  if (part.kind === 'text') return Buffer.from(part.text);
  const data = typeof part.data === 'string' ? part.data : JSON.stringify(part.data);
  const lines = data.split('\n').map((line) => `data: ${line}`);
  if (part.name !== undefined && shape.eventLines !== false) lines.unshift(`event: ${part.name}`);
  const lineEnd = shape.lineEnd ?? '\n';
  return Buffer.from(`${lines.join(lineEnd)}${lineEnd}${lineEnd}`);
}

/** A whole body, compressed. */
export async function compress(body: Buffer, encoding: ContentEncoding): Promise<Buffer> {
  const pieces = await compressPieces([body], encoding);
  return Buffer.concat(pieces);
}

/**
 * Compresses as a server does that flushes after each event: piece by piece, each decodable as soon as it arrives.
 * One more piece than given comes back, the end of the compressed stream.
 */
export async function compressPieces(
  pieces: readonly Buffer[],
  encoding: ContentEncoding,
): Promise<readonly Buffer[]> {
  const stream = compressor(encoding);
  const flush = encoding === 'br' ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH;
  let out: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => out.push(bytes));
  const compressed: Buffer[] = [];
  for (const piece of pieces) {
    stream.write(piece);
    await new Promise<void>((resolve) => stream.flush(flush, resolve));
    compressed.push(Buffer.concat(out));
    out = [];
  }
  await new Promise<void>((resolve) => stream.on('end', resolve).end());
  return [...compressed, Buffer.concat(out)];
}

function compressor(encoding: ContentEncoding) {
  if (encoding === 'gzip') return createGzip();
  return encoding === 'br' ? createBrotliCompress() : createDeflate();
}

export function isBytes(part: StreamPart): part is EventPart | TextPart {
  return part.kind === 'event' || part.kind === 'text';
}
