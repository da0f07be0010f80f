import { isRecord } from '../domain/is-record.ts';
import { brokenByMessages } from './openai-message-rules.ts';
import { type Fields, invalid, NAME, type RuleBroken, unknownParameter } from './openai-rule.ts';

/**
 * What strict servers of Chat Completions refuse, with their words: recorded from providers' errors (docs/protocols.md), and told
 * apart from how the balancer writes such requests, whose mistakes they are to find.
 */

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

const MOST_STOPS = 4;
const MOST_TOOLS = 128;

/** The first rule that a request breaks; undefined: a strict server takes it. */
export function brokenRule(body: unknown): RuleBroken | undefined {
  if (!isRecord(body)) return invalid('We could not parse the JSON body of your request.', null);
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
  if (isRecord(tool_choice)) {
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
  return isRecord(tool) && isRecord(tool.function) ? tool.function.name : undefined;
}

function brokenByTool(tool: unknown, at: number): RuleBroken | undefined {
  const where = `tools[${at}]`;
  if (!isRecord(tool) || tool.type !== 'function' || !isRecord(tool.function))
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
  if (parameters !== undefined && (!isRecord(parameters) || parameters.type !== 'object'))
    return {
      message: `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: "None"'.`,
      param: `${where}.function.parameters`,
      code: 'invalid_function_parameters',
    };
  return undefined;
}
