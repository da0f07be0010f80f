import {
  BETA_PAIRS,
  COMMON_BETAS,
  CREDENTIAL_BETAS,
  GO_WITH_THINKING,
  isBetaOf,
  isOneOf,
  SAFETY_BETAS,
} from './beta-pairs.ts';
import { mayRemove, segmentsOf } from './field-path.ts';
import type { UnknownPart } from './unknown-part.ts';

/** What goes out of a request: the parts that a provider does not know, and what travels with them. */
export interface Removal {
  /** Values of `anthropic-beta`. */
  readonly betas: ReadonlySet<string>;
  /** Lower-case names of headers. */
  readonly headers: ReadonlySet<string>;
  /** Paths of `field-path.ts`. */
  readonly fields: ReadonlySet<string>;
}

/** @param sent the values of `anthropic-beta` that the request has */
export function removalOf(
  parts: readonly Pick<UnknownPart, 'kind' | 'name'>[],
  sent: readonly string[],
): Removal {
  const betas = new Set<string>();
  const headers = new Set<string>();
  const fields = new Set<string>();
  const dropField = (field: string): void => {
    if (fields.has(field) || !mayRemove(field)) return;
    fields.add(field);
    for (const value of sent) if (goesWith(value, field)) dropBeta(value);
    if (field === 'thinking') for (const other of GO_WITH_THINKING.fields) dropField(other);
  };
  const dropBeta = (value: string): void => {
    if (betas.has(value) || isOneOf(value, SAFETY_BETAS)) return;
    betas.add(value);
    for (const pair of BETA_PAIRS)
      if (isBetaOf(value, pair.beta)) for (const field of pair.fields) dropField(field);
  };
  for (const { kind, name } of parts) {
    if (kind === 'beta') dropBeta(name);
    else if (kind === 'betas') for (const value of unnamedBetas(name, sent)) dropBeta(value);
    else if (kind === 'header') headers.add(name);
    else if (kind === 'field') dropField(name);
  }
  return { betas, headers, fields };
}

/** Those that go where a refusal named none. */
export function unnamedBetas(name: string, sent: readonly string[]): readonly string[] {
  const kept = name === 'all' ? [] : COMMON_BETAS;
  return sent.filter((value) => !isOneOf(value, [...kept, ...CREDENTIAL_BETAS, ...SAFETY_BETAS]));
}

/** Does this beta allow nothing but what goes with the field? */
function goesWith(value: string, field: string): boolean {
  if (field === 'thinking' && isOneOf(value, GO_WITH_THINKING.betas)) return true;
  return BETA_PAIRS.some(
    ({ beta, fields }) =>
      isBetaOf(value, beta) && fields.every(mayRemove) && fields.some((paired) => holds(field, paired)),
  );
}

/** Is `paired` that field, written with or without types of objects, or a part of it? */
function holds(field: string, paired: string): boolean {
  const [first, ...rest] = segmentsOf(field);
  const [pairedFirst, ...pairedRest] = segmentsOf(paired);
  if (first !== pairedFirst) return false;
  return rest.length === 0 || rest.at(-1) === pairedRest.at(-1);
}
