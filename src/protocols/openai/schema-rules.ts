import type { SchemaStyle } from './compat.ts';

/** What a strict server refuses in a tool's JSON schema (docs/protocols.md, "Schemas"). */
export interface SchemaRules {
  /** Keywords that go. */
  readonly drop: ReadonlySet<string>;
  /** The only values of `format` that stay; absent: all. */
  readonly formats?: ReadonlySet<string>;
  /** `const` → `enum`, `type` lists → `nullable`, bounds without `exclusive`, `oneOf` → `anyOf`, enums of strings only. */
  readonly plainKeywords: boolean;
  /** References are replaced by what they mean. */
  readonly inlineRefs: boolean;
  /** `type` goes into the branches of an `anyOf` beside it. */
  readonly typeIntoBranches: boolean;
  /** `required` names known properties only. */
  readonly knownRequired: boolean;
}

const NOTHING: SchemaRules = {
  drop: new Set(),
  plainKeywords: false,
  inlineRefs: false,
  typeIntoBranches: false,
  knownRequired: false,
};

export const SCHEMA_RULES: Readonly<Record<SchemaStyle, SchemaRules>> = {
  as_is: NOTHING,
  gemini: {
    drop: new Set([
      '$schema',
      '$id',
      '$anchor',
      '$comment',
      '$defs',
      'definitions',
      'examples',
      'propertyNames',
      'patternProperties',
      'additionalProperties',
      'additionalItems',
      'unevaluatedProperties',
      'unevaluatedItems',
      'dependentRequired',
      'dependentSchemas',
      'contains',
      'if',
      'then',
      'else',
      'not',
      'contentEncoding',
      'contentMediaType',
      'contentSchema',
      'deprecated',
      'readOnly',
      'writeOnly',
      'multipleOf',
      'uniqueItems',
      'prefixItems',
    ]),
    formats: new Set(['enum', 'date-time', 'int32', 'int64', 'float', 'double']),
    plainKeywords: true,
    inlineRefs: true,
    typeIntoBranches: false,
    knownRequired: true,
  },
  kimi: {
    drop: new Set(['$schema', '$id', '$comment', '$defs', 'definitions']),
    plainKeywords: false,
    inlineRefs: true,
    typeIntoBranches: true,
    knownRequired: true,
  },
  llama_cpp: {
    drop: new Set([
      '$schema',
      'pattern',
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
      '$defs',
      'definitions',
    ]),
    plainKeywords: false,
    inlineRefs: true,
    typeIntoBranches: false,
    knownRequired: false,
  },
};
