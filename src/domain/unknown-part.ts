/** A part of a request that a provider said it does not know, and that the request can do without. */
export interface UnknownPart {
  /**
   * `beta`: one value of `anthropic-beta`. `betas`: many of them, where the refusal named none. `header`: a header as
   * a whole. `field`: a field of the body.
   */
  readonly kind: PartKind;
  /**
   * The value, the header's lower-case name, or the field's path (`field-path.ts`). For `betas`: `uncommon` (all but the
   * few that are accepted nearly everywhere) or `all`.
   */
  readonly name: string;
  /** The refusal that named it, for people. */
  readonly because: string;
}

export const PART_KINDS = ['beta', 'betas', 'header', 'field'] as const;
export type PartKind = (typeof PART_KINDS)[number];

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
