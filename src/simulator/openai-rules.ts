/**
 * What strict servers of Chat Completions refuse, with their words: recorded from providers' errors (docs/protocols.md), and told
 * apart from how the balancer writes such requests, whose mistakes they are to find.
 */

type Fields = Readonly<Record<string, unknown>>;

/** An error body of OpenAI's. */
export interface RuleBroken {
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** All that OpenAI's reference lists, and what other servers add under names of their own. */
const TOP_LEVEL: ReadonlySet<string> = new Set([
  ...[
    'audio',
    'frequency_penalty',
    'function_call',
    'functions',
    'logit_bias',
    'logprobs',
    'max_completion_tokens',
  ],
  ...['max_tokens', 'messages', 'metadata', 'modalities', 'model', 'n', 'parallel_tool_calls', 'prediction'],
  ...[
    'presence_penalty',
    'prompt_cache_key',
    'reasoning_effort',
    'response_format',
    'safety_identifier',
    'seed',
  ],
  ...[
    'service_tier',
    'stop',
    'store',
    'stream',
    'stream_options',
    'temperature',
    'tool_choice',
    'tools',
    'top_k',
  ],
  ...['top_logprobs', 'top_p', 'user', 'verbosity', 'web_search_options'],
  ...[
    'reasoning',
    'thinking',
    'enable_thinking',
    'thinking_budget',
    'chat_template_kwargs',
    'tool_stream',
    'plugins',
  ],
]);

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

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const LONGEST_ID = 40;
const MOST_STOPS = 4;
const MOST_TOOLS = 128;
const IMAGE = /^(?:https?:\/\/|data:image\/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$)/;

/** The first rule that a request breaks; undefined: a strict server takes it. */
export function brokenRule(body: unknown): RuleBroken | undefined {
  if (!isFields(body)) return invalid('We could not parse the JSON body of your request.', null);
  const unknown = Object.keys(body).find((key) => !TOP_LEVEL.has(key));
  if (unknown !== undefined) return unknownParameter(unknown);
  if (typeof body.model !== 'string' || body.model === '')
    return invalid('you must provide a model parameter', 'model');
  return brokenByLimits(body) ?? brokenByTools(body) ?? brokenByMessages(body.messages);
}

function brokenByLimits(body: Fields): RuleBroken | undefined {
  const { max_tokens, max_completion_tokens, stop, stream, stream_options } = body;
  if (max_tokens !== undefined && max_completion_tokens !== undefined)
    return invalid(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
    );
  for (const [name, limit] of Object.entries({ max_tokens, max_completion_tokens })) {
    if (limit !== undefined && !(Number.isInteger(limit) && Number(limit) > 0))
      return invalid(`Invalid '${name}': integer below minimum value. Expected a value >= 1`, name);
  }
  if (stop !== undefined && !isStop(stop))
    return invalid("Invalid 'stop': array too long. Expected an array with maximum length 4", 'stop');
  if (stream_options !== undefined && stream !== true)
    return invalid(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  return undefined;
}

function isStop(stop: unknown): boolean {
  const list = Array.isArray(stop) ? stop : [stop];
  return (
    list.length > 0 &&
    list.length <= MOST_STOPS &&
    list.every((each) => typeof each === 'string' && each !== '')
  );
}

function brokenByTools({ tools, tool_choice, parallel_tool_calls }: Fields): RuleBroken | undefined {
  if (tools === undefined) {
    if (tool_choice !== undefined && tool_choice !== 'none')
      return invalid(
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
        'tool_choice',
      );
    if (parallel_tool_calls !== undefined)
      return invalid(
        "'parallel_tool_calls' is only allowed when 'tools' are specified.",
        'parallel_tool_calls',
      );
    return undefined;
  }
  if (!Array.isArray(tools) || tools.length === 0)
    return invalid("Invalid 'tools': empty array. Expected an array with minimum length 1", 'tools');
  if (tools.length > MOST_TOOLS)
    return invalid(
      `Invalid 'tools': array too long. Expected an array with maximum length ${MOST_TOOLS}`,
      'tools',
    );
  const names = new Set<unknown>();
  for (const [at, tool] of tools.entries()) {
    const broken = brokenByTool(tool, at);
    if (broken !== undefined) return broken;
    const name = nameOf(tool);
    if (names.has(name)) return invalid(`tools: Tool names must be unique: ${name}`, 'tools');
    names.add(name);
  }
  if (isFields(tool_choice)) {
    const named = nameOf(tool_choice);
    if (!names.has(named))
      return invalid(`Tool choice '${named}' not found in 'tools' parameter.`, 'tool_choice');
  } else if (tool_choice !== undefined && !['none', 'auto', 'required'].includes(String(tool_choice))) {
    return invalid(
      `Invalid value: '${tool_choice}'. Supported values are: 'none', 'auto', and 'required'.`,
      'tool_choice',
    );
  }
  return undefined;
}

function nameOf(tool: unknown): unknown {
  return isFields(tool) && isFields(tool.function) ? tool.function.name : undefined;
}

function brokenByTool(tool: unknown, at: number): RuleBroken | undefined {
  const where = `tools[${at}]`;
  if (!isFields(tool) || tool.type !== 'function' || !isFields(tool.function))
    return invalid(`Missing required parameter: '${where}.function'.`, where);
  const unknown = Object.keys(tool).find((key) => !['type', 'function', 'cache_control'].includes(key));
  if (unknown !== undefined) return unknownParameter(`${where}.${unknown}`);
  const { name, description, parameters } = tool.function;
  const inner = Object.keys(tool.function).find(
    (key) => !['name', 'description', 'parameters', 'strict'].includes(key),
  );
  if (inner !== undefined) return unknownParameter(`${where}.function.${inner}`);
  if (typeof name !== 'string' || !NAME.test(name))
    return invalid(
      `Invalid '${where}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$' with maximum length 64.`,
      `${where}.function.name`,
    );
  if (description !== undefined && typeof description !== 'string')
    return invalid(`Invalid type for '${where}.function.description'.`, `${where}.function.description`);
  if (parameters !== undefined && (!isFields(parameters) || parameters.type !== 'object'))
    return {
      message: `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: "None"'.`,
      param: `${where}.function.parameters`,
      code: 'invalid_function_parameters',
    };
  return undefined;
}

function brokenByMessages(messages: unknown): RuleBroken | undefined {
  if (!Array.isArray(messages) || messages.length === 0)
    return invalid("Invalid 'messages': empty array. Expected an array with minimum length 1", 'messages');
  /** Calls of the last assistant that are not answered yet. */
  const open = new Set<string>();
  let afterCalls = false;
  for (const [at, message] of messages.entries()) {
    const where = `messages[${at}]`;
    const broken = brokenByShape(message, where);
    if (broken !== undefined || !isFields(message)) return broken;
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
  return Array.isArray(calls) ? calls.map((call: unknown) => (isFields(call) ? String(call.id) : '')) : [];
}

function unanswered(open: ReadonlySet<string>, where: string): RuleBroken {
  return invalid(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    where,
  );
}

function brokenByShape(message: unknown, where: string): RuleBroken | undefined {
  const known = isFields(message) ? OF_MESSAGES[String(message.role)] : undefined;
  if (!isFields(message) || known === undefined)
    return invalid(
      `Invalid value: '${isFields(message) ? String(message.role) : ''}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
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
    if (!isFields(call) || call.type !== 'function' || !isFields(call.function))
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
    if (!isObjectJson(written)) return invalid('invalid tool call arguments', place);
  }
  return undefined;
}

function brokenByParts(parts: readonly unknown[], role: string, where: string): RuleBroken | undefined {
  for (const [at, part] of parts.entries()) {
    const place = `${where}.content[${at}]`;
    const type = isFields(part) ? String(part.type) : '';
    const known = OF_PARTS[type];
    if (!isFields(part) || known === undefined || (role !== 'user' && type !== 'text'))
      return invalid(
        `Invalid value: '${type}'. Supported values are: 'text', 'image_url' and 'file'.`,
        `${place}.type`,
      );
    const unknown = Object.keys(part).find((key) => !known.includes(key));
    if (unknown !== undefined) return unknownParameter(`${place}.${unknown}`);
    if (type === 'text' && (typeof part.text !== 'string' || part.text === ''))
      return invalid('text content blocks must be non-empty', place);
    const url = isFields(part.image_url) ? part.image_url.url : undefined;
    if (type === 'image_url' && !(typeof url === 'string' && IMAGE.test(url)))
      return invalid("Invalid 'image_url': expected a base64-encoded data URL or an address.", place);
  }
  return undefined;
}

function isObjectJson(text: string): boolean {
  try {
    return isFields(JSON.parse(text));
  } catch {
    return false;
  }
}

function unknownParameter(name: string): RuleBroken {
  return { message: `Unknown parameter: '${name}'.`, param: name, code: 'unknown_parameter' };
}

function invalid(message: string, param: string | null): RuleBroken {
  return { message, param, code: null };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
