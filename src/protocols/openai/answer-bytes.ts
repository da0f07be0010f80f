/** What the beginning of an answer's body says about the rest. */
export type BodyKind = 'stream' | 'json' | 'html';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const ANGLE = 0x3c;

/**
 * What an answer is, whatever its content type says: servers send JSON where a stream was asked for, and comments or blank lines before
 * either while they wait.
 * @returns the kind and the offset where the body proper begins; `undefined` while only blanks and comments have come.
 */
export function bodyKind(bytes: Buffer): { readonly kind: BodyKind; readonly at: number } | undefined {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === COLON) {
      while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
    } else if (isPadding(byte)) at++;
    else if (byte === BRACE || byte === BRACKET) return { kind: 'json', at };
    else return { kind: byte === ANGLE ? 'html' : 'stream', at };
  }
  return undefined;
}

/** Blanks, NULs and the bytes of a byte order mark. */
function isPadding(byte: number | undefined): boolean {
  return byte === undefined || byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf;
}
