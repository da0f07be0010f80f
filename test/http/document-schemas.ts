import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Json, JsonSchema, OpenApiDocument } from '../../src/http/openapi.ts';

/** Checks answers against what the document promises of them. */
export interface Promises {
  /** What is wrong with an answer of a route; empty: nothing. */
  faults(method: string, path: string, status: number, body: unknown): readonly string[];
}

/**
 * Compiles the document's schemas. Objects without a word about further fields may have none here, though clients are
 * promised less: so a field that the document forgets is found.
 */
export function promisesOf(document: OpenApiDocument): Promises {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(closed(JSON.parse(JSON.stringify(document))) as AnySchema, 'document');
  const compiled = new Map<string, ValidateFunction>();
  return {
    faults(method, path, status, body) {
      const responses = document.paths[path]?.[method.toLowerCase()]?.responses;
      const key = responses?.[String(status)] === undefined ? 'default' : String(status);
      const schema = responses?.[key]?.content?.['application/json']?.schema;
      if (schema === undefined) return [`${method} ${path} promises no JSON with ${status}`];
      const pointer = [
        'paths',
        path,
        method.toLowerCase(),
        'responses',
        key,
        'content',
        'application/json',
        'schema',
      ];
      const reference = `document#/${pointer.map(escaped).join('/')}`;
      const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
      compiled.set(reference, validate);
      if (validate(body)) return [];
      return (validate.errors ?? []).map(
        (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
      );
    },
  };
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The same with `additionalProperties: false` wherever an object says nothing about it. */
function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as JsonSchema;
  const entries = Object.entries(object).map(([key, each]) => [key, closed(each)] as const);
  const isOpen = object.type === 'object' && !('additionalProperties' in object);
  return Object.fromEntries(isOpen ? [...entries, ['additionalProperties', false]] : entries);
}
