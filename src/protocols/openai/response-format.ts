import { isRecord } from '../../domain/is-record.ts';
import type { ChatMessage, ChatRequest } from './chat-types.ts';
import type { Compat } from './compat.ts';
import { cleanSchema } from './schema.ts';
import { isStrictSchema } from './schema-checks.ts';

/** The body with the structure that `output_config.format` wants of the answer, in the strongest form the provider knows. */
export function outputFormat(
  request: Readonly<Record<string, unknown>>,
  body: ChatRequest,
  compat: Pick<Compat, 'responseFormat' | 'schema'>,
): ChatRequest {
  const config = isRecord(request.output_config) ? request.output_config : {};
  const format = isRecord(config.format) ? config.format : request.output_format;
  if (!isRecord(format) || format.type !== 'json_schema' || !isRecord(format.schema)) return body;
  if (compat.responseFormat === 'json_schema') {
    const schema = cleanSchema(format.schema, compat.schema);
    const strict = isStrictSchema(schema) ? { strict: true } : {};
    return {
      ...body,
      response_format: { type: 'json_schema', json_schema: { name: 'output', schema, ...strict } },
    };
  }
  const messages = instructed(body.messages, format.schema);
  if (compat.responseFormat === 'none') return { ...body, messages };
  return { ...body, messages, response_format: { type: 'json_object' } };
}

/** With the schema in words, after the system prompt. `json_object` is refused where the word JSON is nowhere. */
function instructed(messages: readonly ChatMessage[], schema: Record<string, unknown>): ChatMessage[] {
  const text = `Answer with nothing but one JSON object that fits this JSON schema:\n${JSON.stringify(schema)}`;
  const [first, ...rest] = messages;
  if (first?.role !== 'system' && first?.role !== 'developer')
    return [{ role: 'system', content: text }, ...messages];
  const content =
    typeof first.content === 'string'
      ? `${first.content}\n\n${text}`
      : [...first.content, { type: 'text' as const, text }];
  return [{ ...first, content }, ...rest];
}
