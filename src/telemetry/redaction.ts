import { REDACTED } from '../domain/secrets/secrets.ts';

/** Strikes secrets out of what is logged: by the name they stand under, and by their value. Pure. */

/** Names of headers and keys whose values are secrets, compared without case, `-` and `_`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'accesstoken',
  'apikey',
  'apikeys',
  'authorization',
  'authtoken',
  'authvalue',
  'clientsecret',
  'codeverifier',
  'cookie',
  'credential',
  'idtoken',
  'password',
  'proxyauthorization',
  'refreshtoken',
  'secret',
  'setcookie',
  'token',
  'xapikey',
]);

const MAX_DEPTH = 8;

/** Whether a header or key of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''));
}

/**
 * A copy of `value` without secrets: values under secret names are replaced, in objects as well as in flat
 * header lists (name, value, …), and `redact` is applied to every other text.
 */
export function redactDeep(value: unknown, redact: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) {
    return value.map((item, at) =>
      at % 2 === 1 && isSecretHeader(value[at - 1]) ? REDACTED : redactDeep(item, redact, depth + 1),
    );
  }
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    isSecretName(key) ? REDACTED : redactDeep(item, redact, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function isSecretHeader(name: unknown): boolean {
  return typeof name === 'string' && isSecretName(name);
}
