import { isRecord } from '../../domain/is-record.ts';
import { namesOf } from './schema.ts';

type Schema = Readonly<Record<string, unknown>>;

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
  if (['oneOf', 'allOf', 'not', 'if', 'patternProperties'].some((key) => key in schema)) return false;
  const required = namesOf(schema.required);
  return isClosed(schema) && propertiesOf(schema).every((name) => required.includes(name));
}

function describesObject({ type, properties }: Schema): boolean {
  return type === 'object' || isRecord(properties);
}

function propertiesOf({ properties }: Schema): readonly string[] {
  return isRecord(properties) ? Object.keys(properties) : [];
}

/** Whether it holds for the schema and for all that are in it. `true` and `false` are schemas for which nothing holds. */
function isThroughout(schema: unknown, holds: (schema: Schema) => boolean): boolean {
  if (!isRecord(schema)) return typeof schema !== 'boolean';
  return holds(schema) && innerSchemas(schema).every((inner) => isThroughout(inner, holds));
}

function innerSchemas(schema: Schema): readonly unknown[] {
  const named = ['properties', '$defs', 'definitions'].flatMap((key) =>
    isRecord(schema[key]) ? Object.values(schema[key]) : [],
  );
  const listed = ['anyOf', 'oneOf', 'allOf'].flatMap((key) =>
    Array.isArray(schema[key]) ? schema[key] : [],
  );
  const items = schema.items === undefined ? [] : [schema.items];
  return [...named, ...listed, ...items];
}
