import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { isClosedSchema } from '../openai/schema-checks.ts';

/** How the answer's form is asked for: by a field, or in words of the system prompt. */
export interface OutputForm {
  readonly format?: Anthropic.JSONOutputFormat;
  readonly words?: string;
}

const OBJECT = 'Answer with nothing but one JSON object, without a fence around it.';

/**
 * `response_format` as the Messages API has it. `json_object` has no field there, and neither has a schema whose objects are open, which
 * Anthropic refuses: both are asked for in words.
 * @param knowsFormat the model takes `output_config.format`.
 */
export function outputForm(value: unknown, knowsFormat: boolean): OutputForm {
  if (!isRecord(value)) return {};
  if (value.type === 'json_object') return { words: OBJECT };
  const schema = isRecord(value.json_schema) ? value.json_schema.schema : undefined;
  if (value.type !== 'json_schema' || !isRecord(schema)) return {};
  if (knowsFormat && isClosedSchema(schema)) return { format: { type: 'json_schema', schema } };
  return { words: `${OBJECT} It fits this JSON schema:\n${JSON.stringify(schema)}` };
}
