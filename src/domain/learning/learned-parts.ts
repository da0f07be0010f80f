import { isSamePart, type LastingKind, type UnknownPart } from './unknown-part.ts';

/** What a provider was found not to know; a request went well without it. */
export interface LearnedPart extends UnknownPart {
  readonly kind: LastingKind;
  /** Wall clock, ms. */
  readonly since: number;
}

/** By upstream model. Insertion order is the order of learning. */
export type LearnedParts = ReadonlyMap<string, readonly LearnedPart[]>;

export const NOTHING_LEARNED: ReadonlyMap<string, readonly LearnedPart[]> = new Map();

/** So long a provider is spared what it did not know; then it is asked with it again. ms. */
export const LEARNED_FOR_MS = 24 * 3600 * 1000;
/** At most so many models are remembered a provider, and so many parts a model; the oldest go first. */
export const MAX_LEARNED_MODELS = 256;
export const MAX_PARTS = 32;

/** What this provider does not know with this model, at `now`. */
export function knownParts(learned: LearnedParts, model: string, now: number): readonly LearnedPart[] {
  const parts = learned.get(model);
  if (parts === undefined) return NOTHING;
  return parts.every((part) => isFresh(part, now)) ? parts : parts.filter((part) => isFresh(part, now));
}

const NOTHING: readonly LearnedPart[] = [];

/** Adds what was learned at `at`; what is known already keeps its time. Lets go of what is out of date. */
export function withLearned(
  learned: LearnedParts,
  model: string,
  parts: readonly UnknownPart[],
  at: number,
): LearnedParts {
  const known = knownParts(learned, model, at);
  const added = parts.flatMap(({ kind, name, because }): LearnedPart[] => {
    if (kind === 'once' || known.some((other) => isSamePart(other, { kind, name }))) return [];
    return [{ kind, name, because, since: at }];
  });
  if (added.length === 0) return learned;
  const rest = [...learned].filter(([key, kept]) => key !== model && kept.some((part) => isFresh(part, at)));
  const own = [...known, ...added].slice(-MAX_PARTS);
  return new Map([...rest.slice(1 - MAX_LEARNED_MODELS), [model, own]]);
}

function isFresh({ since }: LearnedPart, now: number): boolean {
  // A clock that was set back must not make it last.
  return now - since < LEARNED_FOR_MS && since - now < LEARNED_FOR_MS;
}
