import { connectionHeaders, isHopByHop } from './hop-by-hop.ts';

/** What the balancer tells the client about its answer. */
export interface OwnHeaders {
  /** The provider's name; may hold any characters. */
  readonly provider: string;
  readonly attempts: number;
  readonly requestId: string;
  /** The body that goes out may differ from the one that came in: its length and encoding are not passed. */
  readonly bodyMayDiffer: boolean;
}

/** Claude Code gives up the turn above this. */
const MAX_RETRY_AFTER_S = 60;

const VALID_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PLAIN_TEXT = /^[\x20-\x24\x26-\x7e]*$/;
const VALID_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers of an answer as the client gets them (flat lists, order and case kept): everything but hop-by-hop headers,
 * cookies, and a `retry-after` the client could not bear; then ours. A header that Node would refuse to write is left out.
 */
export function clientHeaders(upstream: readonly string[], own: OwnHeaders): string[] {
  const named = connectionHeaders(upstream);
  const headers: string[] = [];
  for (let at = 0; at + 1 < upstream.length; at += 2) {
    const name = upstream[at] ?? '';
    const value = upstream[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (!VALID_NAME.test(name) || !VALID_VALUE.test(value)) continue;
    if (isHopByHop(lower) || named.has(lower) || !mayPass(lower, value, own.bodyMayDiffer)) continue;
    headers.push(name, value);
  }
  const provider = headerText(own.provider);
  headers.push('x-balancer-provider', provider, 'x-provider-used', provider);
  headers.push('x-balancer-attempts', String(own.attempts));
  headers.push('x-balancer-request-id', headerText(own.requestId));
  return headers;
}

/** Printable ASCII as it is, everything else (and `%` itself) percent-encoded as UTF-8. */
export function headerText(text: string): string {
  if (PLAIN_TEXT.test(text)) return text;
  return text.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

function mayPass(lower: string, value: string, bodyMayDiffer: boolean): boolean {
  if (lower.startsWith('x-balancer-')) return false;
  switch (lower) {
    case 'set-cookie':
    case 'set-cookie2':
    case 'x-provider-used':
      return false;
    case 'retry-after':
      return isWithin(value, MAX_RETRY_AFTER_S);
    case 'retry-after-ms':
      return isWithin(value, MAX_RETRY_AFTER_S * 1000);
    case 'content-length':
    case 'content-encoding':
      return !bodyMayDiffer;
    default:
      return true;
  }
}

function isWithin(value: string, limit: number): boolean {
  const text = value.trim();
  return /^\d{1,9}$/.test(text) && Number(text) <= limit;
}
