import { readErrorBody } from '../failures/error-body.ts';
import type { Failure } from '../failures/outcome.ts';
import { clause } from '../secrets/plain-text.ts';
import { isOneOf, SAFETY_BETAS } from './beta-pairs.ts';
import { fieldPath, mayRemove } from './field-path.ts';
import { unnamedBetas } from './removal.ts';
import { distinctParts, type PartKind, type UnknownPart } from './unknown-part.ts';
import { fieldsNamed, refusesSomeBeta, speaksOfHeaders, valuesNamed } from './unknown-part-words.ts';

/** What a request that was refused had. */
export interface SentRequest {
  /** Values of `anthropic-beta`. */
  readonly betas: readonly string[];
  /** Lower-case names. */
  readonly headers: readonly string[];
  /** Would the body lose something if this field (`field-path.ts`) were left out? */
  holds(field: string): boolean;
}

/** A refusal that names something does it at once, characters. */
const LONGEST_TEXT = 8_192;
/** So many of the fields that it names are looked for in the request: that may mean to parse it. */
const MOST_FIELDS = 16;
/** Longest reason that is kept, characters. */
const LONGEST_REASON = 200;

/** Headers that tell about the client and ask for nothing. */
const IDLE_HEADERS: ReadonlySet<string> = new Set(['x-app', 'anthropic-dangerous-direct-browser-access']);
const IDLE_PREFIXES = ['x-stainless-', 'x-claude-code-'] as const;

/** Can the request's parts be to blame for such an end of an attempt? Only refusals of the request as it is written. */
export function mayNameParts({ kind, as, status }: Failure): boolean {
  const isRefusal = kind === 'refused' || (kind === 'endpoint_missing' && as === 'refused');
  return isRefusal && (status === 400 || status === 422);
}

/**
 * Which parts of the request its refusal says to be unknown. Only what the request has and what it can do without
 * (`field-path.ts`, `beta-pairs.ts`); empty: the refusal is about something else.
 *
 * @param body the refusal's body, decoded
 */
export function unknownParts(body: string, sent: SentRequest): readonly UnknownPart[] {
  const { message, texts } = readErrorBody(body);
  const whole = message === undefined || texts.includes(message) ? texts : `${message}\n${texts}`;
  const text = whole.slice(0, LONGEST_TEXT);
  const because = clause(message ?? texts, LONGEST_REASON);
  const part = (kind: PartKind, name: string): UnknownPart => ({ kind, name, because });

  const betas = valuesNamed(text, sent.betas).filter((value) => !isOneOf(value, SAFETY_BETAS));
  const fields = [...new Set(fieldsNamed(text).flatMap((name) => fieldPath(name) ?? []))]
    .filter(mayRemove)
    .slice(0, MOST_FIELDS)
    .filter((path) => sent.holds(path));
  const parts = [
    ...betas.map((value) => part('beta', value)),
    ...fields.map((path) => part('field', path)),
    ...(speaksOfHeaders(text) ? valuesNamed(text, sent.headers.filter(isIdle)) : []).map((name) =>
      part('header', name),
    ),
  ];
  if (parts.length > 0) return distinctParts(parts);
  if (!refusesSomeBeta(text)) return [];
  const name = ['uncommon', 'all'].find((each) => unnamedBetas(each, sent.betas).length > 0);
  return name === undefined ? [] : [part('betas', name)];
}

function isIdle(header: string): boolean {
  return IDLE_HEADERS.has(header) || IDLE_PREFIXES.some((prefix) => header.startsWith(prefix));
}
