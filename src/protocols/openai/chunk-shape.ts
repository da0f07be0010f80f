import { isRecord } from '../../domain/is-record.ts';
import type { MessagePieces } from './message-pieces.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Gemini's endpoint wraps its errors into a list. */
export function unlisted(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** The one choice that was asked for. */
export function firstChoice({ choices }: Fields): Fields | undefined {
  if (!Array.isArray(choices)) return undefined;
  return choices.filter(isRecord).find(({ index }) => index === undefined || index === null || index === 0);
}

/** Nothing in it. */
export function isBare({ thinking, pieces, refusal, calls }: MessagePieces): boolean {
  return thinking === '' && pieces.length === 0 && refusal === '' && calls.length === 0;
}

/** An error where a chunk should be. */
export function holdsError(value: Fields): boolean {
  const groq = isRecord(value.x_groq) ? value.x_groq.error : undefined;
  const error = value.error ?? groq;
  if (error !== undefined && error !== null && error !== '' && error !== false) return true;
  return value.object === 'error' || value.type === 'error';
}
