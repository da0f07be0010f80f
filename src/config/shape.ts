import * as v from 'valibot';
import type { KeyMetadata } from './fields.ts';

/**
 * A schema as plain data: what the reader walks along with the file, and what the documentation is compared with.
 */
export type Shape = ShapeFacts &
  (
    | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Shape> }
    | { readonly kind: 'list'; readonly item: Shape }
    | { readonly kind: 'map'; readonly value: Shape }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'text' | 'text or list' | 'boolean' | 'any' | 'later' }
    | { readonly kind: 'number'; readonly integer: boolean; readonly min?: number; readonly max?: number }
  );

interface ShapeFacts {
  /** Checks one value; used on leaves only. */
  readonly schema: v.GenericSchema;
  readonly optional: boolean;
  /** As the schema states it; undefined where there is none. */
  readonly fallback: unknown;
  readonly description: string;
  readonly metadata: KeyMetadata;
}

/** What this module knows of a valibot schema's inside. */
type Inside = v.GenericSchema & {
  readonly wrapped?: v.GenericSchema;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
};

/** Reads a schema built of objects, lists, records, choices, text, numbers and booleans. */
export function shapeOf(schema: v.GenericSchema): Shape {
  const outer = schema as Inside;
  const optional = outer.type === 'optional';
  const inner = (optional && outer.wrapped !== undefined ? outer.wrapped : outer) as Inside;
  const facts: ShapeFacts = {
    schema: inner,
    optional,
    fallback: optional ? v.getDefault(outer as Parameters<typeof v.getDefault>[0]) : undefined,
    description: v.getDescription(inner) ?? '',
    metadata: v.getMetadata(inner) as KeyMetadata,
  };
  return { ...facts, ...structureOf(inner) } as Shape;
}

function structureOf(schema: Inside) {
  switch (schema.type) {
    case 'object':
      return {
        kind: 'object',
        entries: new Map(Object.entries(schema.entries ?? {}).map(([key, entry]) => [key, shapeOf(entry)])),
      };
    case 'array':
      return { kind: 'list', item: shapeOf(schema.item ?? v.string()) };
    case 'record':
      return { kind: 'map', value: shapeOf(schema.value ?? v.string()) };
    case 'picklist':
      return { kind: 'choice', options: (schema.options ?? []).map(String) };
    case 'union':
      return { kind: 'text or list' };
    case 'number':
      return { kind: 'number', integer: step(schema, 'integer') !== undefined, ...limits(schema) };
    case 'boolean':
      return { kind: 'boolean' };
    case 'any':
      return { kind: 'any' };
    case 'unknown':
      return { kind: 'later' };
    case 'string':
      return { kind: 'text' };
    default:
      throw new Error(`The configuration's schema uses ${schema.type}, which its reader does not know.`);
  }
}

/** An action of the schema's pipe; a pipe may begin with a schema that has one of its own. */
function step(schema: Inside, type: string): { readonly requirement?: unknown } | undefined {
  for (const action of schema.pipe ?? []) {
    if (action.type === type) return action;
    const inner = action === schema ? undefined : step(action as Inside, type);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function limits(schema: Inside): { min?: number; max?: number } {
  const min = step(schema, 'min_value')?.requirement;
  const max = step(schema, 'max_value')?.requirement;
  return { ...(typeof min === 'number' && { min }), ...(typeof max === 'number' && { max }) };
}

/**
 * What may stand there, in words: `a whole number from 1`, `one of "a", "b"`.
 * @param largest upper limits above it are left out, as nobody comes near them
 */
export function expectation(shape: Shape, largest = Number.POSITIVE_INFINITY): string {
  switch (shape.kind) {
    case 'object':
      return 'a mapping';
    case 'list':
      return `a list of ${plural(shape.item)}`;
    case 'map':
      if (shape.value.kind === 'any') return 'a mapping';
      return shape.value.kind === 'list'
        ? 'a mapping from patterns to lists of targets'
        : 'a mapping of texts';
    case 'choice':
      return `one of ${shape.options.map((option) => JSON.stringify(option)).join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'number':
      return numberExpectation(shape, largest);
    case 'text':
      return 'text';
    case 'text or list':
      return 'text or a list of texts';
    case 'any':
    case 'later':
      return 'anything';
  }
}

function plural(item: Shape): string {
  if (item.kind === 'object') return 'mappings';
  return item.kind === 'number' ? 'numbers' : 'texts';
}

function numberExpectation(shape: Extract<Shape, { kind: 'number' }>, largest: number): string {
  const noun = shape.integer ? 'a whole number' : 'a number';
  const unit =
    shape.metadata.unit === 's' ? ' of seconds' : shape.metadata.unit ? ` of ${shape.metadata.unit}` : '';
  const min = shape.min === undefined ? '' : shape.min === 0.001 ? ' above 0' : ` from ${shape.min}`;
  const max = shape.max === undefined || shape.max > largest ? '' : ` up to ${shape.max}`;
  return `${noun}${unit}${min}${max}`;
}
