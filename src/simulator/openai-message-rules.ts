import { isRecord } from '../domain/is-record.ts';
import { parseRecord } from '../domain/json.ts';
import { invalid, NAME, type RuleBroken, unknownParameter } from './openai-rule.ts';

const OF_MESSAGES: Readonly<Record<string, ReadonlySet<string>>> = {
  system: new Set(['role', 'content', 'name']),
  developer: new Set(['role', 'content', 'name']),
  user: new Set(['role', 'content', 'name']),
  assistant: new Set([
    ...['role', 'content', 'name', 'refusal', 'audio', 'tool_calls', 'function_call'],
    ...['reasoning_content', 'reasoning', 'reasoning_details'],
  ]),
  tool: new Set(['role', 'content', 'tool_call_id']),
};

const OF_PARTS: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text', 'cache_control'],
  image_url: ['type', 'image_url'],
  file: ['type', 'file'],
};

const LONGEST_ID = 40;
const IMAGE = /^(?:https?:\/\/|data:image\/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$)/;

/** The first rule about messages that they break. */
export function brokenByMessages(messages: unknown): RuleBroken | undefined {
  if (!Array.isArray(messages) || messages.length === 0)
    return invalid("Invalid 'messages': empty array. Expected an array with minimum length 1", 'messages');
  /** Calls of the last assistant that are not answered yet. */
  const open = new Set<string>();
  let afterCalls = false;
  for (const [at, message] of messages.entries()) {
    const where = `messages[${at}]`;
    const broken = brokenByShape(message, where);
    if (broken !== undefined || !isRecord(message)) return broken;
    if (message.role === 'tool') {
      if (!afterCalls)
        return invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          where,
        );
      if (!open.delete(String(message.tool_call_id)))
        return invalid(
          `Invalid parameter: 'tool_call_id' of '${message.tool_call_id}' not found in 'tool_calls' of previous message.`,
          where,
        );
      continue;
    }
    if (open.size > 0) return unanswered(open, where);
    const ids = message.role === 'assistant' ? callIds(message.tool_calls) : [];
    afterCalls = ids.length > 0;
    for (const id of ids) {
      if (open.has(id)) return invalid(`Duplicate value for 'tool_call_id' of '${id}'`, where);
      open.add(id);
    }
  }
  return open.size > 0 ? unanswered(open, 'messages') : undefined;
}

function callIds(calls: unknown): readonly string[] {
  return Array.isArray(calls) ? calls.map((call: unknown) => (isRecord(call) ? String(call.id) : '')) : [];
}

function unanswered(open: ReadonlySet<string>, where: string): RuleBroken {
  return invalid(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    where,
  );
}

function brokenByShape(message: unknown, where: string): RuleBroken | undefined {
  const known = isRecord(message) ? OF_MESSAGES[String(message.role)] : undefined;
  if (!isRecord(message) || known === undefined)
    return invalid(
      `Invalid value: '${isRecord(message) ? String(message.role) : ''}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
      `${where}.role`,
    );
  const unknown = Object.keys(message).find((key) => !known.has(key));
  if (unknown !== undefined) return unknownParameter(`${where}.${unknown}`);
  const { role, content, tool_calls, tool_call_id } = message;
  if (role === 'tool' && (typeof tool_call_id !== 'string' || tool_call_id === ''))
    return invalid(`Missing required parameter: '${where}.tool_call_id'.`, `${where}.tool_call_id`);
  if (tool_calls !== undefined) {
    const broken = brokenByCalls(tool_calls, where);
    if (broken !== undefined) return broken;
  }
  const isBare =
    content === undefined ||
    content === null ||
    content === '' ||
    (Array.isArray(content) && content.length === 0);
  if (isBare && !(role === 'assistant' && tool_calls !== undefined))
    return invalid(`Invalid value for 'content': expected a string, got null.`, `${where}.content`);
  return Array.isArray(content) ? brokenByParts(content, String(role), where) : undefined;
}

function brokenByCalls(calls: unknown, where: string): RuleBroken | undefined {
  if (!Array.isArray(calls) || calls.length === 0)
    return invalid(
      `Invalid '${where}.tool_calls': empty array. Expected an array with minimum length 1`,
      where,
    );
  for (const [at, call] of calls.entries()) {
    const place = `${where}.tool_calls[${at}]`;
    if (!isRecord(call) || call.type !== 'function' || !isRecord(call.function))
      return invalid(`Missing required parameter: '${place}.function'.`, place);
    if (typeof call.id !== 'string' || call.id === '' || call.id.length > LONGEST_ID)
      return invalid(
        `Invalid '${place}.id': string too long. Expected a string with maximum length ${LONGEST_ID}.`,
        place,
      );
    const { name, arguments: written } = call.function;
    if (typeof name !== 'string' || !NAME.test(name))
      return invalid(`Invalid '${place}.function.name': string does not match pattern.`, place);
    if (typeof written !== 'string')
      return invalid(`Invalid type for '${place}.function.arguments': expected a string.`, place);
    if (parseRecord(written) === undefined) return invalid('invalid tool call arguments', place);
  }
  return undefined;
}

function brokenByParts(parts: readonly unknown[], role: string, where: string): RuleBroken | undefined {
  for (const [at, part] of parts.entries()) {
    const place = `${where}.content[${at}]`;
    const type = isRecord(part) ? String(part.type) : '';
    const known = OF_PARTS[type];
    if (!isRecord(part) || known === undefined || (role !== 'user' && type !== 'text'))
      return invalid(
        `Invalid value: '${type}'. Supported values are: 'text', 'image_url' and 'file'.`,
        `${place}.type`,
      );
    const unknown = Object.keys(part).find((key) => !known.includes(key));
    if (unknown !== undefined) return unknownParameter(`${place}.${unknown}`);
    if (type === 'text' && (typeof part.text !== 'string' || part.text === ''))
      return invalid('text content blocks must be non-empty', place);
    const url = isRecord(part.image_url) ? part.image_url.url : undefined;
    if (type === 'image_url' && !(typeof url === 'string' && IMAGE.test(url)))
      return invalid("Invalid 'image_url': expected a base64-encoded data URL or an address.", place);
  }
  return undefined;
}
