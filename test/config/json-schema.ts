import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { FileSchema } from '../../src/config/schema.ts';

/** A node of the schema, with what our own metadata adds to it. */
type Node = Record<string, unknown>;

/** What the loader takes besides the type itself. */
const VARIABLE: Node = { type: 'string', pattern: '\\$\\{[^}]*\\}' };
const NUMBER_TEXT: Node = { type: 'string', pattern: '^\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)\\s*$' };
const SIZE_TEXT: Node = { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*[kKmMgG]?[iI]?[bB]?\\s*$' };
const NOTHING: Node = { type: 'null' };

/** The JSON schema of the configuration file, for editors: descriptions, defaults, units, limits, choices. */
export function configurationJsonSchema(): JsonSchema {
  const schema = toJsonSchema(FileSchema, { target: 'draft-07', typeMode: 'input' });
  const { $schema, ...root } = forEditors(schema as Node);
  return {
    $schema: String($schema),
    title: 'Configuration of the Claude Code Provider Balancer',
    ...root,
    // The customary place for anchors.
    patternProperties: { '^x-': {} },
  } as JsonSchema;
}

function forEditors(node: Node): Node {
  const { secret, verbatim, path, tolerant, later, defaultText, unit, propertyNames, ...kept } = node;
  const facts = described(kept, unit, defaultText);
  if (node.type === 'object') return { ...facts, ...objectParts(node), type: ['object', 'null'] };
  if (node.type === 'array') {
    return { ...facts, type: ['array', 'null'], items: forEditors(node.items as Node) };
  }
  return withAlternatives(facts, unit);
}

function objectParts({ properties, additionalProperties, required }: Node): Node {
  if (properties === undefined) return { additionalProperties: forEditors(additionalProperties as Node) };
  const inner = Object.entries(properties as Record<string, Node>).map(([key, value]) => [
    key,
    forEditors(value),
  ]);
  const isEmpty = Array.isArray(required) && required.length === 0;
  return {
    properties: Object.fromEntries(inner),
    required: isEmpty ? [] : required,
    additionalProperties: false,
  };
}

/** Units, and defaults that are no constants, as part of the meaning. */
function described(node: Node, unit: unknown, defaultText: unknown): Node {
  const { description, ...rest } = node;
  const parts = [
    description,
    unit === 's' ? 'In seconds.' : undefined,
    unit === 'bytes' ? 'In bytes, or as `64MB`.' : undefined,
    defaultText === undefined ? undefined : `Default: ${defaultText}.`,
  ];
  const text = parts.filter((part) => part !== undefined).join(' ');
  return text === '' ? rest : { description: text, ...rest };
}

/** A leaf: its own type, or a text that the loader reads as that. */
function withAlternatives(facts: Node, unit: unknown): Node {
  const { description, default: fallback, ...own } = facts;
  const head = {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
  };
  if (own.anyOf !== undefined) return { ...head, anyOf: [...(own.anyOf as Node[]), NOTHING] };
  const texts = unit === 'bytes' ? SIZE_TEXT : NUMBER_TEXT;
  switch (own.type) {
    case undefined:
      return head;
    case 'number':
    case 'integer':
      return { ...head, anyOf: [own, texts, VARIABLE, NOTHING] };
    case 'boolean':
      return { ...head, anyOf: [own, VARIABLE, NOTHING] };
    case 'string':
      // A bare number is a text where one is expected: `name: 302`.
      return own.enum === undefined
        ? { ...head, ...own, type: ['string', 'number', 'null'] }
        : { ...head, anyOf: [own, VARIABLE, NOTHING] };
    default:
      throw new Error(`The configuration's schema has a ${String(own.type)}, which editors are not told.`);
  }
}
