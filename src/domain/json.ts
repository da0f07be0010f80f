import { isRecord } from './is-record.ts';

/** What a JSON text says; `undefined`, which JSON has no word for, where it is none. Never throws. */
export function parseJson(json: string | Buffer): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : json.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The object that a JSON text says; `undefined` where it is no JSON, or says something else. Never throws. */
export function parseRecord(json: string | Buffer): Record<string, unknown> | undefined {
  const value = parseJson(json);
  return isRecord(value) ? value : undefined;
}
