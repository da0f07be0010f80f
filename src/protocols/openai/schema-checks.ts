import { isRecord } from '../../domain/is-record.ts';
import { namesOf } from './schema.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Where a schema has others under names, and where in a list. */
const NAMED = ['properties', '$defs', 'definitions'];
const LISTED = ['anyOf', 'oneOf', 'allOf'];
const NEVER_STRICT = ['oneOf', 'allOf', 'not', 'if', 'patternProperties'];

/** Whether every object in a schema says `additionalProperties: false`. */
export function isClosedSchema(schema: unknown): boolean {
  return isThroughout(schema, isClosed);
}

/** Whether OpenAI takes the schema with `strict: true`: every property required, nothing beside them, at every depth. */
export function isStrictSchema(schema: unknown): boolean {
  return isThroughout(schema, isStrict);
}

function isClosed(schema: Schema): boolean {
  return !describesObject(schema) || schema.additionalProperties === false;
}

function isStrict(schema: Schema): boolean {
  if (NEVER_STRICT.some((key) => key in schema)) return false;
  return !describesObject(schema) || (isClosed(schema) && requiresAll(schema));
}

function describesObject({ type, properties }: Schema): boolean {
  return type === 'object' || isRecord(properties);
}

function requiresAll({ properties, required }: Schema): boolean {
  if (!isRecord(properties)) return true;
  const names = namesOf(required);
  return Object.keys(properties).every((name) => names.includes(name));
}

/** Whether it holds for the schema and for all that are in it. `true` and `false` are schemas for which nothing holds. */
function isThroughout(schema: unknown, holds: (schema: Schema) => boolean): boolean {
  if (!isRecord(schema)) return typeof schema !== 'boolean';
  if (!holds(schema)) return false;
  for (const inner of innerSchemas(schema)) if (!isThroughout(inner, holds)) return false;
  return true;
}

function innerSchemas(schema: Schema): readonly unknown[] {
  const inner: unknown[] = [];
  for (const key of NAMED) {
    const named = schema[key];
    if (isRecord(named)) for (const each of Object.values(named)) inner.push(each);
  }
  for (const key of LISTED) {
    const listed = schema[key];
    if (Array.isArray(listed)) for (const each of listed) inner.push(each);
  }
  if (schema.items !== undefined) inner.push(schema.items);
  return inner;
}
