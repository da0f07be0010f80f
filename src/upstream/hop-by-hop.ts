import { isNamed } from '../domain/header-name.ts';

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Headers that speak about one connection and never pass a proxy (RFC 9110 §7.6.1). `name` in lower case. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name) || name.startsWith('proxy-');
}

const NONE: ReadonlySet<string> = new Set();

/** Further names that the message itself declares hop-by-hop in its `connection` header, in lower case. */
export function connectionHeaders(headers: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!isNamed(headers[at], 'connection')) continue;
    names ??= new Set();
    for (const name of (headers[at + 1] ?? '').split(',')) names.add(name.trim().toLowerCase());
  }
  return names ?? NONE;
}
