import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import type { Shape } from './shape.ts';

/** A scalar as the schema's type would have it. */
export interface Coerced {
  readonly value: unknown;
  /** It was a boolean of YAML 1.1 (`yes`, `off`), not of 1.2. */
  readonly oldBoolean?: boolean;
}

/**
 * Takes what is evidently meant: a number in quotes (or out of a variable) for a number, `yes` for a boolean,
 * `64MB` for bytes, any case for a choice, a bare number for text. What means nothing is returned as it is.
 */
export function coerce(scalar: Scalar, shape: Shape): Coerced {
  const { value } = scalar;
  switch (shape.kind) {
    case 'boolean':
      return typeof value === 'string' ? booleanOf(value, scalar.type === 'PLAIN') : { value };
    case 'number':
      return { value: typeof value === 'string' ? numberOf(value, shape.metadata.unit === 'bytes') : value };
    case 'choice':
      return { value: typeof value === 'string' ? choiceOf(value, shape.options) : value };
    case 'text':
    case 'text or list':
      // `name: 302` is a name; the source keeps leading zeros that the number lost.
      return { value: typeof value === 'number' ? (scalar.source ?? String(value)) : value };
    default:
      return { value };
  }
}

const TRUE: ReadonlySet<string> = new Set(['yes', 'on', 'true', 'y']);
const FALSE: ReadonlySet<string> = new Set(['no', 'off', 'false', 'n']);

function booleanOf(text: string, plain: boolean): Coerced {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return { value: true, oldBoolean: plain };
  return FALSE.has(word) ? { value: false, oldBoolean: plain } : { value: text };
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmg])?i?b?$/i;
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3 };

function numberOf(text: string, size: boolean): number | string {
  const trimmed = text.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(trimmed)) return Number(trimmed);
  const [, digits, letter] = (size && SIZE.exec(trimmed)) || [];
  if (digits === undefined) return text;
  return Math.round(Number(digits) * 1024 ** (POWERS[letter?.toLowerCase() ?? ''] ?? 0));
}

/** Other words for the same severity. */
const SYNONYMS: Readonly<Record<string, string>> = { warn: 'warning', fatal: 'critical' };

function choiceOf(text: string, options: readonly string[]): string {
  const plain = text.trim().toLowerCase().replace(/-/g, '_');
  const same = (word: string | undefined) => options.find((option) => option.toLowerCase() === word);
  return same(plain) ?? same(Object.hasOwn(SYNONYMS, plain) ? SYNONYMS[plain] : undefined) ?? text;
}

const LONGEST = 60;

/** A value for a message: short, and never a secret. */
export function foundText(node: unknown, shape: Shape): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return 'nothing';
  const { value } = node;
  // Text in the place of a mapping may be anything, and so a key: `auth: sk-…`.
  const hidden = shape.metadata.secret || ['object', 'map', 'list'].includes(shape.kind);
  if (hidden && typeof value === 'string') return 'a text';
  if (shape.metadata.secret) return `a ${typeof value}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(node.source ?? value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
