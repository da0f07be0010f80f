import type { Json, JsonSchema } from '../openapi.ts';
import { type Html, html } from './html.ts';

/** A JSON schema for readers: its type in a line, its fields as a list. */

const REFERENCE = '#/components/schemas/';

/** The type in a line: `string | null`, `Provider[]`, `"due" | "running"`; named ones lead to where they are explained. */
export function typeLine(schema: JsonSchema): Html {
  const { $ref, anyOf, items, type } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice(REFERENCE.length);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (Array.isArray(anyOf)) {
    return html`${anyOf.map((each, at) => html`${at === 0 ? '' : ' | '}${typeLine(asSchema(each))}`)}`;
  }
  if ('const' in schema) return html`${JSON.stringify(schema.const)}`;
  if (Array.isArray(schema.enum)) return html`${schema.enum.map((each) => JSON.stringify(each)).join(' | ')}`;
  if (type === 'array') return html`${typeLine(asSchema(items ?? {}))}[]`;
  const range = rangeOf(schema);
  return html`${typeof type === 'string' ? type : 'any'}${range}`;
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` ≥ ${minimum}` : ` ${minimum} … ${maximum}`;
}

/** The fields of an object, those of nested objects below their own; nothing for what has none. */
export function fieldList(schema: JsonSchema): Html {
  const fields = Object.entries(propertiesOf(schema));
  if (fields.length === 0) return html``;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows = fields.map(([name, value]) => {
    const field = asSchema(value);
    const { description } = field;
    return html`<li>
<code class="name">${name}</code> <span class="type">${typeLine(field)}</span>${
      required.includes(name) ? '' : html` <span class="may">optional</span>`
    }
${typeof description === 'string' ? html`<p>${description}</p>` : ''}${fieldList(innermost(field))}</li>`;
  });
  return html`<ul class="fields">${rows}</ul>`;
}

function propertiesOf({ properties }: JsonSchema): JsonSchema {
  return asSchema(properties ?? {});
}

/** What an array or a nullable object holds. */
function innermost(schema: JsonSchema): JsonSchema {
  const { anyOf, items } = schema;
  if (items !== undefined) return innermost(asSchema(items));
  if (!Array.isArray(anyOf)) return schema;
  return innermost(
    asSchema(anyOf.find((each) => Object.keys(propertiesOf(asSchema(each))).length > 0) ?? {}),
  );
}

function asSchema(value: Json): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}
