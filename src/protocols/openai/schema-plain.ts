import { isRecord } from '../../domain/is-record.ts';

type Schema = Record<string, unknown>;

/** One level of a schema in the older words that Gemini's endpoint takes (OpenAPI 3.0). */
export function plainSchema(schema: Schema): Schema {
  const { const: constant, oneOf, allOf, exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  const plain: Schema = { ...rest };
  if (constant !== undefined && plain.enum === undefined) plain.enum = [constant];
  if (Array.isArray(oneOf) && plain.anyOf === undefined) plain.anyOf = oneOf;
  if (Array.isArray(allOf)) merge(plain, allOf.filter(isRecord));
  if (Array.isArray(plain.type)) nullable(plain, plain.type);
  if (typeof exclusiveMinimum === 'number' && plain.minimum === undefined) {
    plain.minimum = plain.type === 'integer' ? exclusiveMinimum + 1 : exclusiveMinimum;
  }
  if (typeof exclusiveMaximum === 'number' && plain.maximum === undefined) {
    plain.maximum = plain.type === 'integer' ? exclusiveMaximum - 1 : exclusiveMaximum;
  }
  if (plain.enum !== undefined) strings(plain, plain.enum);
  return plain;
}

function merge(plain: Schema, parts: readonly Schema[]): void {
  for (const part of parts) {
    const properties = { ...asRecord(part.properties), ...asRecord(plain.properties) };
    const required = [...asList(plain.required), ...asList(part.required)];
    Object.assign(plain, { ...part, ...plain });
    if (Object.keys(properties).length > 0) plain.properties = properties;
    if (required.length > 0) plain.required = [...new Set(required)];
  }
}

function nullable(plain: Schema, types: readonly unknown[]): void {
  const others = types.filter((type) => type !== 'null');
  if (others.length < types.length) plain.nullable = true;
  if (others.length === 1) plain.type = others[0];
  else {
    delete plain.type;
    if (plain.anyOf === undefined) plain.anyOf = others.map((type) => ({ type }));
  }
}

/** An enum is for strings only, none of them empty. */
function strings(plain: Schema, values: unknown): void {
  const texts = asList(values)
    .filter((value) => value !== null && value !== '')
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const ofStrings = plain.type === undefined || plain.type === 'string';
  if (texts.length === 0 || !ofStrings) delete plain.enum;
  else Object.assign(plain, { type: 'string', enum: texts });
}

function asRecord(value: unknown): Schema {
  return isRecord(value) ? value : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
