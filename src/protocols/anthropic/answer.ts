import type { Usage } from '../../domain/failures/outcome.ts';
import { isRecord } from '../../domain/is-record.ts';
import { type ErrorPayload, readErrorPayload } from './error-payload.ts';
import type { Message } from './message-assembler.ts';
import { mergeUsage } from './usage.ts';

/** A body that is neither what was asked for nor an error. */
export type NoAnswer =
  | { readonly kind: 'empty' }
  | { readonly kind: 'html' }
  /** JSON that breaks off. */
  | { readonly kind: 'truncated' }
  /** No JSON. */
  | { readonly kind: 'malformed' }
  /** JSON of another shape. */
  | { readonly kind: 'unknown' };

/** What the whole body of a 200 that is no stream turns out to be. */
export type Answer =
  | { readonly kind: 'message'; readonly message: Message; readonly usage?: Usage }
  | { readonly kind: 'count'; readonly inputTokens: number }
  | { readonly kind: 'error'; readonly error: ErrorPayload }
  | NoAnswer;

/** Reads a whole body that should be a message. Parses it: not for streams. */
export function readAnswer(bytes: Buffer): Exclude<Answer, { kind: 'count' }> {
  const value = parseBody(bytes);
  if (value.kind !== 'json') return value;
  if (isMessage(value.json)) {
    const usage = mergeUsage(undefined, value.json.usage);
    return { kind: 'message', message: value.json, ...(usage === undefined ? {} : { usage }) };
  }
  return errorOrUnknown(value.json);
}

/** Reads a whole body that should be an answer of `count_tokens`: `{"input_tokens":n}`. */
export function readCount(bytes: Buffer): Exclude<Answer, { kind: 'message' }> {
  const value = parseBody(bytes);
  if (value.kind !== 'json') return value;
  const inputTokens = isRecord(value.json) ? value.json.input_tokens : undefined;
  if (typeof inputTokens === 'number' && inputTokens >= 0) return { kind: 'count', inputTokens };
  return errorOrUnknown(value.json);
}

function errorOrUnknown(json: unknown): { kind: 'error'; error: ErrorPayload } | { kind: 'unknown' } {
  const error = readErrorPayload(json);
  return error === undefined ? { kind: 'unknown' } : { kind: 'error', error };
}

function parseBody(bytes: Buffer): { kind: 'json'; json: unknown } | NoAnswer {
  const text = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  if (text === '') return { kind: 'empty' };
  if (text.startsWith('<')) return { kind: 'html' };
  try {
    return { kind: 'json', json: JSON.parse(text) };
  } catch {
    return { kind: breaksOff(text) ? 'truncated' : 'malformed' };
  }
}

/** A message has typed blocks; one without any has at least said why it stopped. */
function isMessage(value: unknown): value is Message {
  if (!isRecord(value)) return false;
  const content = value.content;
  if (!Array.isArray(content) || (value.type ?? 'message') !== 'message') return false;
  if (!content.every((block) => isRecord(block) && typeof block.type === 'string')) return false;
  return content.length > 0 || typeof value.stop_reason === 'string';
}

/** Whether JSON that does not parse lacks its end rather than its sense. */
function breaksOff(text: string): boolean {
  return (text.startsWith('{') && !text.endsWith('}')) || (text.startsWith('[') && !text.endsWith(']'));
}
