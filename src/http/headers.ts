import { isNamed } from '../domain/header-name.ts';

/** Headers that belong to one connection, not to the answer (RFC 9110 §7.6.1); ours are set by Node. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const UNSAFE_CHARACTERS = /[^\t\x20-\x7e\x80-\xff]+/gu;

/**
 * A reply's flat header list as it may go on the wire: no connection-bound header, no name that is none, no
 * character that could end a header early. Characters beyond latin1 (a provider named 云雾) are percent-encoded,
 * since a header can't carry them. `length` replaces whatever length the list had; undefined leaves framing to Node.
 */
export function wireHeaders(headers: readonly string[], length: number | undefined): string[] {
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-length' || HOP_BY_HOP.has(lower) || !NAME.test(name)) continue;
    result.push(name, safeValue(headers[at + 1] ?? ''));
  }
  if (length !== undefined) result.push('content-length', String(length));
  return result;
}

function safeValue(value: string): string {
  return UNSAFE_VALUE.test(value) ? value.replace(UNSAFE_CHARACTERS, encode) : value;
}

function encode(text: string): string {
  // A lone surrogate encodes as U+FFFD, as bytes do; `encodeURIComponent` alone would throw.
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Whether a flat list has this header (lower-case name). */
export function hasHeader(headers: readonly string[], name: string): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (isNamed(headers[at], name)) return true;
  }
  return false;
}

/** A flat list without one header (lower-case name). */
export function withoutHeader(headers: readonly string[], name: string): string[] {
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!isNamed(headers[at], name)) result.push(headers[at] ?? '', headers[at + 1] ?? '');
  }
  return result;
}
