import { REDACTED } from './secrets.ts';

/** Secrets that no configuration knows: the client's own, and whatever looks like a key. Pure. */

const SECRET_HEADER = /auth|key|token|secret|cookie|password|credential/i;

/** Whether a header of this name may hold what opens something. */
export function mayHoldSecret(header: string): boolean {
  return SECRET_HEADER.test(header);
}

/** Values of a flat header list that open something, as they stand and without their scheme. */
export function credentialsIn(headers: readonly string[]): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!mayHoldSecret(headers[at] ?? '')) continue;
    const value = headers[at + 1] ?? '';
    values.push(value, value.replace(/^(?:bearer|basic)\s+/i, ''));
  }
  return values;
}

/** A text without keys in their usual forms, whoever they belong to. */
export function withoutKeys(text: string): string {
  return text
    .replace(/\b(?:sk|pk|rk)-[\w-]{12,}/g, REDACTED)
    .replace(/\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${REDACTED}`)
    .replace(/\bgh[pousr]_\w{20,}|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g, REDACTED);
}
