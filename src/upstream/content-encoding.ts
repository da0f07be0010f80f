import type { Transform } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  constants as zlibConstants,
} from 'node:zlib';
import { isNamed } from '../domain/header-name.ts';

/** Longer chains of encodings are nobody's honest answer. */
const MAX_LAYERS = 4;

/** Makes a decoder; `firstByte` of its input where it is known. */
export type DecoderFactory = (firstByte: number | undefined) => Transform;

const FLUSH = { flush: zlibConstants.Z_SYNC_FLUSH };

/** A zlib stream's first byte has 8 in its low half (RFC 1950); a raw one practically never does. */
function createDeflateDecoder(firstByte: number | undefined): Transform {
  return firstByte === undefined || (firstByte & 0x0f) === 8 ? createInflate(FLUSH) : createInflateRaw(FLUSH);
}

const DECODERS: ReadonlyMap<string, DecoderFactory> = new Map<string, DecoderFactory>([
  ['gzip', () => createGunzip(FLUSH)],
  ['x-gzip', () => createGunzip(FLUSH)],
  ['deflate', createDeflateDecoder],
  ['br', () => createBrotliDecompress({ flush: zlibConstants.BROTLI_OPERATION_FLUSH })],
]);

/** The encodings of a flat header list in the order in which they were applied, lower case; `identity` says nothing. */
export function contentEncodings(headers: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!isNamed(headers[at], 'content-encoding')) continue;
    for (const token of (headers[at + 1] ?? '').split(',')) {
      const name = token.trim().toLowerCase();
      if (name !== '' && name !== 'identity') found.push(name);
    }
  }
  return found;
}

/** Decoders, last applied first. Undefined if an encoding is unknown or there are too many. */
export function decoderFactories(encodings: readonly string[]): DecoderFactory[] | undefined {
  if (encodings.length > MAX_LAYERS) return undefined;
  const factories: DecoderFactory[] = [];
  for (const name of encodings.toReversed()) {
    const factory = DECODERS.get(name);
    if (factory === undefined) return undefined;
    factories.push(factory);
  }
  return factories;
}

/** The headers without what no longer holds once the body is decoded. */
export function withoutEncoding(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    if (lower !== 'content-encoding' && lower !== 'content-length') kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
}
