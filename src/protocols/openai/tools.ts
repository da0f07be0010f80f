import { isRecord } from '../../domain/is-record.ts';
import { type Block, type Notes, textOf } from './blocks.ts';
import type { ChatTool, ToolChoice } from './chat-types.ts';
import type { Compat } from './compat.ts';
import { cleanSchema } from './schema.ts';
import { asFunction, isServerTool } from './server-tools.ts';
import type { ToolNames } from './tool-names.ts';

/** What the history says about tools. */
export interface ToolHistory {
  /** Names of called tools, in order of their first call. */
  readonly called: ReadonlySet<string>;
  /** Names of deferred tools that were loaded. */
  readonly loaded: ReadonlySet<string>;
}

/** The tools that are offered to the provider, as the client defines them. */
export function offeredTools(
  tools: unknown,
  history: ToolHistory,
  compat: Compat,
  notes: Notes,
): readonly Block[] {
  return withinLimit(allOffered(tools, history, compat, notes), history, compat, notes);
}

/** Whether the provider itself is to search the web. */
export function searchesWeb(tools: unknown, compat: Compat): boolean {
  return compat.webSearch !== 'none' && Array.isArray(tools) && tools.some(isWebSearch);
}

function isWebSearch(tool: unknown): boolean {
  return isRecord(tool) && textOf(tool.type).startsWith('web_search_');
}

/** Those that the conversation has used stay, then the first ones: a client's own tools stand before those of its servers. */
function withinLimit(
  offered: readonly Block[],
  history: ToolHistory,
  { toolLimit }: Compat,
  notes: Notes,
): readonly Block[] {
  if (toolLimit === undefined || offered.length <= toolLimit) return offered;
  const used = offered.filter((tool) => isUsed(textOf(tool.name), history));
  const kept = new Set([...used, ...offered.filter((tool) => !used.includes(tool))].slice(0, toolLimit));
  notes.add(`the tools beyond its ${toolLimit}`);
  return offered.filter((tool) => kept.has(tool));
}

function allOffered(tools: unknown, history: ToolHistory, compat: Compat, notes: Notes): readonly Block[] {
  const all = (Array.isArray(tools) ? tools : []).filter(isRecord);
  // Without the search that would load them, deferred tools are offered at once.
  const searches = all.some((tool) => textOf(tool.type).startsWith('tool_search_tool'));
  return all.flatMap((tool) => {
    if (isServerTool(tool)) {
      const known = asFunction(tool);
      if (known === undefined && !(isWebSearch(tool) && compat.webSearch !== 'none'))
        notes.add(`the tool ${textOf(tool.type)}, which only Anthropic runs`);
      return known === undefined ? [] : [known];
    }
    const waits = tool.defer_loading === true && !searches && !isUsed(textOf(tool.name), history);
    return waits || textOf(tool.name) === '' ? [] : [tool];
  });
}

function isUsed(name: string, { called, loaded }: ToolHistory): boolean {
  return called.has(name) || loaded.has(name);
}

/** The definitions; empty where the request has none, then the key is left out. */
export function convertTools(
  offered: readonly Block[],
  history: ToolHistory,
  names: ToolNames,
  compat: Compat,
): ChatTool[] {
  const tools = offered.map((tool) => convertTool(tool, names, compat));
  if (tools.length > 0 || !compat.toolStubs) return tools;
  return [...history.called].map((name) => convertTool({ name }, names, compat));
}

function convertTool(tool: Block, names: ToolNames, compat: Compat): ChatTool {
  const description = textOf(tool.description);
  return {
    type: 'function',
    function: {
      name: names.toProvider(textOf(tool.name)),
      ...(description === '' ? {} : { description }),
      parameters: cleanSchema(tool.input_schema, compat.schema),
    },
    ...(compat.cacheControl && tool.cache_control != null ? { cache_control: tool.cache_control } : {}),
  };
}

/** What the request says about calling the offered tools. */
export interface ConvertedChoice {
  readonly choice?: ToolChoice;
  readonly parallel?: false;
  /** The client wants no call and the provider has no word for it. */
  readonly withoutTools: boolean;
  /** The provider can do it only while it does not think. */
  readonly mustNotThink: boolean;
}

export function convertToolChoice(
  value: unknown,
  offered: readonly Block[],
  names: ToolNames,
  compat: Compat,
): ConvertedChoice {
  const choice = isRecord(value) ? value : {};
  const parallel =
    choice.disable_parallel_tool_use === true && compat.parallelToolCalls ? { parallel: false as const } : {};
  const plain = { ...parallel, withoutTools: false, mustNotThink: false };
  if (choice.type === 'none') {
    return compat.toolChoiceNone ? { ...plain, choice: 'none' } : { ...plain, withoutTools: true };
  }
  const forced = forcedChoice(choice, offered, names, compat);
  if (forced === undefined) return plain;
  return { ...plain, choice: forced, mustNotThink: !compat.forcedChoiceWhileThinking };
}

/** `undefined`: the model decides, also where the named tool is not offered. */
function forcedChoice(
  choice: Block,
  offered: readonly Block[],
  names: ToolNames,
  compat: Compat,
): ToolChoice | undefined {
  const some = compat.toolChoiceRequired === 'auto' ? undefined : compat.toolChoiceRequired;
  if (choice.type === 'any') return some;
  if (choice.type !== 'tool' || !offered.some((tool) => tool.name === choice.name)) return undefined;
  if (!compat.namedToolChoice) return offered.length === 1 ? some : undefined;
  return { type: 'function', function: { name: names.toProvider(textOf(choice.name)) } };
}
