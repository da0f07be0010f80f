import type { Anthropic } from '@anthropic-ai/sdk';
import { isRecord } from '../../domain/is-record.ts';
import { parseRecord } from '../../domain/json.ts';
import { blocksOf } from '../openai/blocks.ts';
import type { ClientToolIds } from '../openai/tool-ids.ts';
import { isCacheMark, textBlocks } from './content-parts.ts';
import { thinkingBlocks } from './reasoning-details.ts';

type Message = Readonly<Record<string, unknown>>;

/** A call of an assistant's turn that waits for its result. */
export interface OpenCall {
  /** How the client's result names it: the id of the call, or `function:<name>` in the older form. */
  readonly key: string;
  /** The id of the block. */
  readonly id: string;
}

export interface AssistantTurn {
  readonly blocks: readonly Anthropic.ContentBlockParam[];
  readonly calls: readonly OpenCall[];
}

/** What a result in the older form (`role: function`) is looked for by. */
export function functionKey(name: unknown): string {
  return `function:${String(name)}`;
}

/** All messages of the assistant between two of the user as one turn: thinking, then texts, then calls. */
export function assistantTurn(messages: readonly Message[], ids: ClientToolIds): AssistantTurn {
  const calls: OpenCall[] = [];
  const thinking: Anthropic.ContentBlockParam[] = [];
  const texts: Anthropic.ContentBlockParam[] = [];
  const uses: Anthropic.ToolUseBlockParam[] = [];
  for (const message of messages) {
    thinking.push(...thinkingBlocks(message.reasoning_details));
    texts.push(...textsOf(message));
    for (const call of callsOf(message)) {
      const id = ids.next(call.id);
      calls.push({ key: call.key, id });
      uses.push({ type: 'tool_use', id, name: call.name, input: call.input, ...call.mark });
    }
  }
  return { blocks: [...thinking, ...texts, ...uses], calls };
}

/** Parts that are no text cannot be in an assistant's message; audio of earlier answers is left out. */
function textsOf(message: Message): Anthropic.TextBlockParam[] {
  const blocks = blocksOf(message.content).flatMap((part) =>
    textBlocks(part.type === 'refusal' ? part.refusal : part.text, part),
  );
  return [...blocks, ...textBlocks(message.refusal)];
}

interface Call extends Pick<OpenCall, 'key'> {
  readonly id: string | undefined;
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly mark: { readonly cache_control?: Anthropic.CacheControlEphemeral };
}

function callsOf({ tool_calls, function_call }: Message): readonly Call[] {
  const calls = Array.isArray(tool_calls) ? tool_calls.filter(isRecord).map(callOf) : [];
  if (!isRecord(function_call)) return calls;
  const { name, arguments: json } = function_call;
  return [
    ...calls,
    { key: functionKey(name), id: undefined, name: String(name), input: inputOf(json), mark: {} },
  ];
}

function callOf(call: Message): Call {
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : undefined;
  const mark = isCacheMark(call.cache_control) ? { cache_control: call.cache_control } : {};
  const custom = isRecord(call.custom) ? call.custom : undefined;
  if (custom !== undefined) {
    return { key: id ?? '', id, name: String(custom.name), input: { input: custom.input }, mark };
  }
  const { name, arguments: json } = isRecord(call.function) ? call.function : {};
  return { key: id ?? '', id, name: String(name), input: inputOf(json), mark };
}

/** Arguments that are no JSON object stand as they are: the history shows what the model wrote. */
function inputOf(json: unknown): Record<string, unknown> {
  if (isRecord(json)) return json;
  if (typeof json !== 'string' || json.trim() === '') return {};
  return parseRecord(json) ?? { _raw: json };
}
