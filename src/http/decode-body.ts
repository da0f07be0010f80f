import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

export type DecodeResult =
  | { readonly kind: 'decoded'; readonly body: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'broken' };

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** Whether a `content-encoding` leaves the bytes as they are. */
export function isIdentity(encoding: string | undefined): boolean {
  const name = encoding?.trim().toLowerCase();
  return name === undefined || name === '' || name === 'identity';
}

/**
 * Undoes one content encoding (gzip, deflate, br), never beyond `limit` bytes: a small body may hide a huge one.
 * Anything else, also two encodings at once, is unsupported.
 */
export async function decodeBody(body: Buffer, encoding: string, limit: number): Promise<DecodeResult> {
  const decode = DECODERS.get(encoding.trim().toLowerCase());
  if (decode === undefined) return { kind: 'unsupported' };
  try {
    return { kind: 'decoded', body: await decode(body, { maxOutputLength: limit }) };
  } catch (error) {
    return { kind: isTooLarge(error) ? 'too_large' : 'broken' };
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
