import { isRecord } from '../../domain/is-record.ts';
/** What an error body or event says, whoever wrote it. */
export interface ErrorPayload {
  /** `overloaded_error`, `insufficient_quota`, … */
  readonly type?: string;
  readonly message: string;
  /** Numbers come as text. */
  readonly code?: string;
}

/**
 * Reads the error shapes of Anthropic and of OpenAI-like servers: `{"type":"error","error":{…}}`,
 * `{"error":{"message":…}}`, `{"error":"text"}`, `{"object":"error","message":…}`, and an array of one of these. `undefined`: no error.
 */
export function readErrorPayload(value: unknown): ErrorPayload | undefined {
  if (Array.isArray(value)) return value.length === 1 ? readErrorPayload(value[0]) : undefined;
  if (!isRecord(value)) return undefined;
  const error = value.error;
  if (typeof error === 'string' && error !== '') return payload(undefined, error, value.code);
  if (isRecord(error)) return payload(error.type, error.message, error.code ?? value.code);
  if (value.object === 'error') return payload(value.type, value.message, value.code);
  if (value.type === 'error') return payload(undefined, value.message, value.code);
  return undefined;
}

/** Reads the data of an error event. Words that are none of the shapes are its message. */
export function readErrorText(text: string): ErrorPayload {
  try {
    const read = readErrorPayload(JSON.parse(text));
    if (read !== undefined) return read;
  } catch {
    // An error in plain words is one too.
  }
  return payload(undefined, text, undefined);
}

function payload(type: unknown, message: unknown, code: unknown): ErrorPayload {
  const name = typeof type === 'string' && type !== '' ? type : undefined;
  const short = typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
  return {
    ...(name === undefined ? {} : { type: name }),
    message: wordsOf(message) ?? name ?? short ?? 'an error without a message',
    ...(short === undefined || short === '' ? {} : { code: short }),
  };
}

function wordsOf(message: unknown): string | undefined {
  if (typeof message === 'string') return message === '' ? undefined : message;
  return message === undefined || message === null ? undefined : JSON.stringify(message);
}
