import { isRecord } from '../domain/is-record.ts';
import {
  knownParts,
  type LearnedPart,
  type LearnedParts,
  MAX_LEARNED_MODELS,
  MAX_PARTS,
} from '../domain/learning/learned-parts.ts';
import { LASTING_KINDS, type LastingKind } from '../domain/learning/unknown-part.ts';

/** What was learned of a provider, to and from JSON. Whatever the file holds, reading it never throws. */

/** Texts longer than this were not written by us, characters. */
const LONGEST_TEXT = 2_000;

export function encodeLearned(learned: LearnedParts): Readonly<Record<string, readonly LearnedPart[]>> {
  return Object.fromEntries(learned);
}

/** What of it is still in date at `now`; entries of a form that is not known are passed over. */
export function decodeLearned(value: unknown, now: number): LearnedParts {
  if (!isRecord(value)) return new Map();
  const decoded = new Map<string, readonly LearnedPart[]>();
  for (const [model, parts] of Object.entries(value).slice(-MAX_LEARNED_MODELS)) {
    if (!Array.isArray(parts)) continue;
    const known = parts.slice(-MAX_PARTS).flatMap(decodePart);
    const fresh = knownParts(new Map([[model, known]]), model, now);
    if (fresh.length > 0) decoded.set(model, fresh);
  }
  return decoded;
}

function decodePart(value: unknown): LearnedPart[] {
  if (!isRecord(value)) return [];
  const { kind, name, because, since } = value;
  if (!isKind(kind) || !isText(name) || !isText(because) || typeof since !== 'number') return [];
  return Number.isFinite(since) ? [{ kind, name, because, since }] : [];
}

function isKind(value: unknown): value is LastingKind {
  return LASTING_KINDS.some((kind) => kind === value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}
