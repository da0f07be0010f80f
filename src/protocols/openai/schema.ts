import { isRecord } from '../../domain/is-record.ts';
import type { SchemaStyle } from './compat.ts';
import { plainSchema } from './schema-plain.ts';
import { SCHEMA_RULES, type SchemaRules } from './schema-rules.ts';

type Schema = Record<string, unknown>;

/** Keywords whose value is a schema, a list of schemas, or schemas by a name that is the user's own. */
const HOLDS_SCHEMA: ReadonlySet<string> = new Set([
  'items',
  'additionalProperties',
  'additionalItems',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'contentSchema',
]);
const HOLDS_LIST: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const HOLDS_NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
const COMBINATIONS = ['anyOf', 'oneOf', 'allOf', 'not', 'enum'] as const;

/** A schema that references blow up beyond this many parts is cut off: any value is allowed there. */
const MOST_PARTS = 20_000;

interface Cleaning {
  readonly rules: SchemaRules;
  readonly root: Schema;
  parts: number;
}

/**
 * The schema of a tool's input as this provider takes it: an object at the root whatever came, arrays with `items`, and without what the style
 * refuses. The same schema gives the same result. What a property is called is never mistaken for a keyword.
 */
export function cleanSchema(schema: unknown, style: SchemaStyle): Schema {
  const root = isRecord(schema) ? schema : {};
  const cleaned = clean(rootObject(root), [], { rules: SCHEMA_RULES[style], root, parts: 0 });
  return { ...cleaned, type: 'object', properties: isRecord(cleaned.properties) ? cleaned.properties : {} };
}

/** OpenAI, Anthropic and Kimi refuse combinations at the root: the properties of all branches, those required that all require. */
function rootObject(root: Schema): Schema {
  if (!COMBINATIONS.some((key) => key in root)) return root;
  const branches = [root.anyOf, root.oneOf, root.allOf].flatMap((list) =>
    Array.isArray(list) ? list.filter(isRecord) : [],
  );
  const properties: Schema = Object.assign(
    {},
    ...branches.map((branch) => branch.properties),
    root.properties,
  );
  const required = new Set([
    ...namesOf(root.required),
    ...(Array.isArray(root.allOf)
      ? root.allOf.filter(isRecord).flatMap((part) => namesOf(part.required))
      : []),
  ]);
  const rest = Object.fromEntries(Object.entries(root).filter(([key]) => !isCombination(key)));
  return { ...rest, type: 'object', properties, ...(required.size === 0 ? {} : { required: [...required] }) };
}

function isCombination(key: string): boolean {
  return COMBINATIONS.some((name) => name === key);
}

function clean(schema: Schema, refs: readonly string[], state: Cleaning): Schema {
  if (++state.parts > MOST_PARTS) return {};
  const { rules } = state;
  if (rules.inlineRefs && typeof schema.$ref === 'string') return inlined(schema, schema.$ref, refs, state);
  const cleaned: Schema = {};
  for (const [key, value] of Object.entries(rules.plainKeywords ? plainSchema(schema) : schema)) {
    if (rules.drop.has(key)) continue;
    if (key === 'format' && rules.formats !== undefined && !rules.formats.has(String(value))) continue;
    cleaned[key] = cleanValue(key, value, refs, state);
  }
  return finished(cleaned, rules);
}

function cleanValue(key: string, value: unknown, refs: readonly string[], state: Cleaning): unknown {
  if (HOLDS_NAMED.has(key) && isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, isRecord(item) ? clean(item, refs, state) : item]),
    );
  }
  if (HOLDS_LIST.has(key) && Array.isArray(value)) {
    return value.map((item) => (isRecord(item) ? clean(item, refs, state) : item));
  }
  if (key === 'items') return isRecord(value) ? clean(value, refs, state) : {};
  if (HOLDS_SCHEMA.has(key) && isRecord(value)) return clean(value, refs, state);
  return value;
}

/** What a reference means, with what stands beside it; `{}` where it leads back to itself or away. */
function inlined(schema: Schema, ref: string, refs: readonly string[], state: Cleaning): Schema {
  const { $ref: _ref, ...beside } = schema;
  const target = refs.includes(ref) ? undefined : targetOf(ref, state.root);
  if (target === undefined) return clean(beside, refs, state);
  return clean({ ...target, ...beside }, [...refs, ref], state);
}

function targetOf(ref: string, root: Schema): Schema | undefined {
  if (!ref.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of ref.slice(1).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return isRecord(at) ? at : undefined;
}

function finished(schema: Schema, rules: SchemaRules): Schema {
  const { type, anyOf, properties, required } = schema;
  if (type === 'array' && schema.items === undefined) schema.items = {};
  if (rules.knownRequired && required !== undefined) {
    const known = namesOf(required).filter((name) => isRecord(properties) && Object.hasOwn(properties, name));
    if (known.length === 0) delete schema.required;
    else schema.required = known;
  }
  if (rules.typeIntoBranches && type !== undefined && Array.isArray(anyOf)) {
    schema.anyOf = anyOf.map((branch) => (isRecord(branch) ? { type, ...branch } : branch));
    delete schema.type;
  }
  return schema;
}

/** The names in a list, such as that of `required`; none where it is no list. */
export function namesOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}
