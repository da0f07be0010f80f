import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import type { Answer, Content, Operation, Parameter, Route } from './route.ts';
import { ErrorSchema } from './schemas/problem.ts';

/** Who the document speaks of. */
export interface DocumentFacts {
  readonly title: string;
  readonly version: string;
  /** `settings.auth` is on. */
  readonly keyNeeded: boolean;
  /** Paths that never ask for a key. */
  readonly openPaths: readonly string[];
  /** Schemas that stand on their own in the document, by name. */
  readonly schemas: Readonly<Record<string, GenericSchema>>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A schema as it stands in the document. */
export type JsonSchema = { readonly [key: string]: Json };

export interface DocumentContent {
  readonly schema: JsonSchema;
  readonly example?: Json;
}

export interface DocumentAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, DocumentContent>>;
}

export interface DocumentOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: Parameter['in'];
    readonly required: boolean;
    readonly description: string;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: {
    readonly required: true;
    readonly description: string;
    readonly content: Readonly<Record<string, DocumentContent>>;
  };
  readonly responses: Readonly<Record<string, DocumentAnswer>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** Further paths of the same operation. */
  readonly 'x-aliases'?: readonly string[];
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

const DESCRIPTION =
  'The door that Claude Code comes in by (ANTHROPIC_BASE_URL), and the routes by which its owner looks at the ' +
  'providers behind it and acts on them.';

/** The document of a table of routes: everything it says comes from the table. */
export function openApiDocument(routes: readonly Route[], facts: DocumentFacts): OpenApiDocument {
  const { title, version, keyNeeded, openPaths } = facts;
  const schemas = { ...facts.schemas, Error: ErrorSchema };
  const write = schemaWriter(schemas);
  const paths: Record<string, Record<string, DocumentOperation>> = {};
  for (const route of routes) {
    const isOpen = !keyNeeded || openPaths.includes(route.path);
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route, write, isOpen);
    paths[route.path] = operations;
  }
  return {
    openapi: '3.1.1',
    info: { title, version, description: DESCRIPTION },
    servers: [{ url: '/', description: 'This balancer' }],
    tags: [...new Set(routes.map(({ operation }) => operation.tag))].map((name) => ({ name })),
    paths,
    components: { schemas: definitions(schemas), securitySchemes: SECURITY_SCHEMES },
  };
}

const SECURITY_SCHEMES = {
  key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  bearer: { type: 'http', scheme: 'bearer' },
} as const;

const OPEN = [{}] as const;
const LOCKED = [{ key: [] }, { bearer: [] }] as const;

type WriteSchema = (schema: GenericSchema) => JsonSchema;

function operationOf(route: Route, write: WriteSchema, isOpen: boolean): DocumentOperation {
  const { operation, aliases } = route;
  const { id, tag, summary, description, parameters, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters: parameters.map((each) => parameterOf(each, write)) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: { required: true, description: body.description, content: contentOf([body], write) },
        }),
    responses: answersOf(operation, write),
    security: isOpen ? OPEN : LOCKED,
    ...(aliases === undefined ? {} : { 'x-aliases': aliases }),
  };
}

function parameterOf({ name, in: place, description, schema, required }: Parameter, write: WriteSchema) {
  return { name, in: place, required: required ?? place === 'path', description, schema: write(schema) };
}

function answersOf({ answers }: Operation, write: WriteSchema): Record<string, DocumentAnswer> {
  const all = { ...EVERYWHERE, ...answers };
  return Object.fromEntries(Object.entries(all).map(([status, answer]) => [status, answerOf(answer, write)]));
}

/** What every route may answer before it is reached, or when it fails. */
const EVERYWHERE: Readonly<Record<string, Answer>> = {
  401: { description: 'settings.auth is on, and the key is missing or wrong.', schema: ErrorSchema },
  403: {
    description: 'The request came by an unknown host name, or from another site’s page.',
    schema: ErrorSchema,
  },
  500: { description: 'The balancer itself failed; its log tells more.', schema: ErrorSchema },
};

function answerOf({ description, headers, schema, type, example, also }: Answer, write: WriteSchema) {
  const own =
    schema === undefined
      ? []
      : [{ schema, ...(type && { type }), ...(example !== undefined && { example }) }];
  const contents: Content[] = also === undefined ? own : [...own, also];
  const named = Object.entries(headers ?? {}).map(([name, meaning]) => [
    name,
    { description: meaning, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
    ...(contents.length === 0 ? {} : { content: contentOf(contents, write) }),
  };
}

function contentOf(contents: readonly Content[], write: WriteSchema): Record<string, DocumentContent> {
  return Object.fromEntries(
    contents.map(({ type = 'application/json', schema, example }) => [
      type,
      { schema: write(schema), ...(example === undefined ? {} : { example: example as Json }) },
    ]),
  );
}

const CONVERSION: ConversionConfig = {
  target: 'draft-2020-12',
  typeMode: 'output',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

/** The schemas of `components`, each a reference wherever another one uses it. */
function definitions(schemas: Readonly<Record<string, GenericSchema>>): Record<string, JsonSchema> {
  return toJsonSchemaDefs(schemas, CONVERSION) as Record<string, JsonSchema>;
}

/** Writes a schema: a reference if it stands on its own in the document, else the schema itself. */
function schemaWriter(schemas: Readonly<Record<string, GenericSchema>>): WriteSchema {
  const names = new Map(Object.entries(schemas).map(([name, schema]) => [schema, name]));
  return function write(schema) {
    const name = names.get(schema);
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    const { $schema, $defs, ...rest } = toJsonSchema(schema, { ...CONVERSION, definitions: { ...schemas } });
    return rest as JsonSchema;
  };
}
