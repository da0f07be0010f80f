import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { cleanSchema } from '../openai/schema.ts';
import { isClosedSchema } from '../openai/schema-checks.ts';
import { isCacheMark } from './content-parts.ts';
import type { Refusals } from './refusals.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The tools of a request, and how their calls are told. */
export interface OfferedTools {
  readonly tools: readonly Anthropic.Tool[];
  readonly choice: Anthropic.ToolChoice | undefined;
  /** Tools of free text (`type: custom`), by name: their calls are told in that form. */
  readonly custom: ReadonlySet<string>;
  /** The request uses the older `functions`: one call is told as `function_call`. */
  readonly legacy: boolean;
  /** The choice forces a call. */
  readonly forced: boolean;
}

/** What a tool of free text is called with. */
const CUSTOM_INPUT: Anthropic.Tool.InputSchema = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
};

/** Reads `tools`, `tool_choice`, `parallel_tool_calls`, and the older `functions`, `function_call`. */
export function convertTools(request: Fields, refusals: Refusals): OfferedTools {
  const listed = Array.isArray(request.tools) ? request.tools : [];
  const functions = Array.isArray(request.functions) ? request.functions.filter(isRecord) : [];
  const legacy = listed.length === 0 && functions.length > 0;
  const all = legacy
    ? functions.flatMap((each, at) => ofFunction(each, {}, `functions[${at}]`, refusals))
    : listed.flatMap((tool: unknown, at) => ofTool(tool, `tools[${at}]`, refusals));
  const wish = legacy ? request.function_call : request.tool_choice;
  const tools = allowed(all, wish);
  const only = legacy || request.parallel_tool_calls === false;
  const choice = tools.length === 0 ? undefined : choiceOf(wish, only);
  return {
    tools,
    choice,
    custom: new Set(listed.flatMap((tool: unknown) => customName(tool) ?? [])),
    legacy,
    forced: choice?.type === 'any' || choice?.type === 'tool',
  };
}

function ofTool(tool: unknown, place: string, refusals: Refusals): Anthropic.Tool[] {
  if (isRecord(tool) && isRecord(tool.function))
    return ofFunction(tool.function, tool, `${place}.function`, refusals);
  const name = customName(tool);
  if (name !== undefined && isRecord(tool) && isRecord(tool.custom)) {
    return [{ name, ...description(tool.custom), input_schema: CUSTOM_INPUT }];
  }
  refusals.add(place, 'A tool must be of the type function or custom.', 'invalid_value');
  return [];
}

function customName(tool: unknown): string | undefined {
  const custom = isRecord(tool) && tool.type === 'custom' && isRecord(tool.custom) ? tool.custom : {};
  return typeof custom.name === 'string' ? custom.name : undefined;
}

function ofFunction(each: Fields, holder: Fields, place: string, refusals: Refusals): Anthropic.Tool[] {
  const { name, parameters, strict } = each;
  if (typeof name !== 'string' || name === '') {
    refusals.add(`${place}.name`, 'A function must have a name.', 'missing_required_parameter');
    return [];
  }
  const mark = [holder.cache_control, each.cache_control].find(isCacheMark);
  return [
    {
      name,
      ...description(each),
      input_schema: { ...cleanSchema(parameters, 'as_is'), type: 'object' },
      ...(strict === true && isClosedSchema(parameters) ? { strict } : {}),
      ...(mark === undefined ? {} : { cache_control: mark }),
    },
  ];
}

function description({ description: text }: Fields): { description?: string } {
  return typeof text === 'string' && text !== '' ? { description: text } : {};
}

/** `allowed_tools` offers some of them only. */
function allowed(tools: readonly Anthropic.Tool[], wish: unknown): readonly Anthropic.Tool[] {
  const list = allowedTools(wish)?.tools;
  if (!Array.isArray(list)) return tools;
  const names = new Set(list.map(nameOf));
  return tools.filter(({ name }) => names.has(name));
}

function allowedTools(wish: unknown): Fields | undefined {
  if (!isRecord(wish) || wish.type !== 'allowed_tools') return undefined;
  return isRecord(wish.allowed_tools) ? wish.allowed_tools : wish;
}

function nameOf(holder: unknown): unknown {
  if (!isRecord(holder)) return undefined;
  if (isRecord(holder.function)) return holder.function.name;
  return isRecord(holder.custom) ? holder.custom.name : holder.name;
}

function choiceOf(wish: unknown, only: boolean): Anthropic.ToolChoice | undefined {
  const alone = only ? { disable_parallel_tool_use: true } : {};
  const word = allowedTools(wish)?.mode ?? wish;
  if (word === 'none') return { type: 'none' };
  if (word === 'required') return { type: 'any', ...alone };
  const name = nameOf(word);
  if (typeof name === 'string') return { type: 'tool', name, ...alone };
  return word === 'auto' || only ? { type: 'auto', ...alone } : undefined;
}
