/** A part of a request that a provider said it does not know, and that the request can do without. */
export interface UnknownPart {
  /**
   * `beta`: one value of `anthropic-beta`. `betas`: many of them, where the refusal named none. `header`: a header as
   * a whole. `field`: a field of the body. `value`: something that is to be otherwise, for providers of type `openai`
   * (`src/protocols/openai/refused-parts.ts`). `once`: the same for this request alone; it is not remembered.
   */
  readonly kind: PartKind;
  /**
   * The value, the header's lower-case name, or the field's path (`field-path.ts`). For `betas`: `uncommon` (all but the
   * few that are accepted nearly everywhere) or `all`. For `value` and `once`: `name=value`.
   */
  readonly name: string;
  /** The refusal that named it, for people. */
  readonly because: string;
}

/** Those that are remembered. */
export const LASTING_KINDS = ['beta', 'betas', 'header', 'field', 'value'] as const;
export type LastingKind = (typeof LASTING_KINDS)[number];
export type PartKind = LastingKind | 'once';

/** A request is repeated at most so often at one provider because of parts that were refused. */
export const MAX_REPEATS = 4;

export function isSamePart(
  a: Pick<UnknownPart, 'kind' | 'name'>,
  b: Pick<UnknownPart, 'kind' | 'name'>,
): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** The parts without repetitions, in order of their first mention. */
export function distinctParts(parts: readonly UnknownPart[]): readonly UnknownPart[] {
  return parts.filter((part, at) => parts.findIndex((other) => isSamePart(other, part)) === at);
}
