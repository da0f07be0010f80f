import { createHash, timingSafeEqual } from 'node:crypto';
import { isNamed } from '../domain/header-name.ts';

/**
 * Checks a client's key: `x-api-key` first, else `Authorization` as `Bearer <key>` or the bare value. In constant
 * time, over all keys, whichever fits. No configured key accepts nobody.
 */
export function checkKey(
  apiKey: string | undefined,
  authorization: string | undefined,
  keys: readonly string[],
): 'accepted' | 'missing' | 'wrong' {
  const presented = apiKey?.trim() || bareValue(authorization);
  if (!presented) return 'missing';
  const digest = sha256(presented);
  let accepted = false;
  for (const key of keys) {
    // An empty key in a file is a mistake, not an open door.
    if (timingSafeEqual(digest, sha256(key)) && key !== '') accepted = true;
  }
  return accepted ? 'accepted' : 'wrong';
}

/**
 * A flat header list without our own keys: one that opens this balancer must not reach a provider, not even
 * where the client's credentials are passed through.
 */
export function withoutOwnKeys(headers: readonly string[], keys: readonly string[]): string[] {
  const result: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (!isOwnKey(name.toLowerCase(), value, keys)) result.push(name, value);
  }
  return result;
}

const KEY_HEADERS = ['x-api-key', 'authorization'] as const;

/** All that a caller shows of itself, as one text. */
export function callerOf(headers: readonly string[]): string {
  const shown: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = KEY_HEADERS.find((each) => isNamed(headers[at], each));
    if (name !== undefined) shown.push(name, headers[at + 1] ?? '');
  }
  return shown.join('\n');
}

function isOwnKey(name: string, value: string, keys: readonly string[]): boolean {
  if (name === 'x-api-key') return checkKey(value, undefined, keys) === 'accepted';
  return name === 'authorization' && checkKey(undefined, value, keys) === 'accepted';
}

function bareValue(authorization: string | undefined): string | undefined {
  return authorization?.trim().replace(/^bearer(?:\s+|$)/i, '');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
