import { isRecord } from '../../domain/is-record.ts';
import { blocksOf, Notes, textOf } from './blocks.ts';
import type { ChatRequest } from './chat-types.ts';
import type { Compat } from './compat.ts';
import { convertMessages } from './messages.ts';
import { readWish, reasoningFields } from './reasoning-request.ts';
import { outputFormat } from './response-format.ts';
import { textHash } from './text-hash.ts';
import { ProviderToolIds } from './tool-ids.ts';
import { createToolNames, type ToolNames } from './tool-names.ts';
import { convertToolChoice, convertTools, offeredTools, searchesWeb, type ToolHistory } from './tools.ts';
import { toJson } from './well-formed.ts';

export interface RequestOptions {
  readonly compat: Compat;
  /** The provider's name of the model. */
  readonly model: string;
  /** Whether the provider is asked for a stream. */
  readonly stream: boolean;
  /** The session, for the provider's cache, where it takes such a key. */
  readonly session?: string;
  /** What the provider attached to a call of its own, by the id that the client has; see `StreamTranslation.callExtras`. */
  readonly callExtra?: (toolUseId: string) => unknown;
}

export interface ConvertedRequest {
  /** The body, as JSON. The same request and options give the same bytes: caches of prefixes depend on it. */
  readonly body: string;
  /** What else the answer's conversion needs to know. */
  readonly asked: Asked;
  /** What of the request the provider does not get though it changes the answer, in plain words. */
  readonly notes: readonly string[];
}

/** What an answer is read with. */
export interface Asked {
  readonly names: ToolNames;
  /** Ids of tool calls that the conversation has used. */
  readonly toolUseIds: ReadonlySet<string>;
  readonly stopSequences: readonly string[];
}

type Request = Readonly<Record<string, unknown>>;

/**
 * A request of the Messages API as one of Chat Completions. Reads fields by name: what is not named here goes nowhere (docs/protocols.md
 * lists it). Never throws on a JSON object, whatever is in it.
 */
export function convertRequest(request: Request, options: RequestOptions): ConvertedRequest {
  const { compat } = options;
  const notes = new Notes();
  const history = readHistory(request.messages);
  const offered = offeredTools(request.tools, history, compat, notes);
  const names = createToolNames(
    [...offered.map((tool) => textOf(tool.name)), ...history.called],
    compat.toolNameLength,
  );
  const stopSequences = stopsOf(request.stop_sequences);
  const body = {
    model: options.model,
    messages: convertMessages(request.system, request.messages, {
      compat,
      names,
      ids: new ProviderToolIds(compat.toolIds),
      notes,
      callExtra: options.callExtra ?? (() => undefined),
    }),
    ...toolFields(request, offered, history, names, compat),
    ...samplingFields(request, compat, stopSequences),
    ...identityFields(request, options),
    ...(searchesWeb(request.tools, compat) ? { plugins: [{ id: 'web' as const }] } : {}),
    ...(options.stream
      ? { stream: true, ...(compat.streamUsage ? { stream_options: { include_usage: true } } : {}) }
      : {}),
  } satisfies ChatRequest;
  return {
    body: toJson(finished(outputFormat(request, body, compat), compat)),
    asked: { names, toolUseIds: history.ids, stopSequences },
    notes: notes.list(),
  };
}

/** Members that stand beside the model and its messages. */
type Fields = Omit<ChatRequest, 'messages' | 'model'>;

function toolFields(
  request: Request,
  offered: ReturnType<typeof offeredTools>,
  history: ToolHistory,
  names: ToolNames,
  compat: Compat,
): Fields {
  const { choice, parallel, withoutTools, mustNotThink } = convertToolChoice(
    request.tool_choice,
    offered,
    names,
    compat,
  );
  const tools = convertTools(withoutTools ? [] : offered, history, names, compat);
  const reasoning = reasoningFields(readWish(request), compat, tools.length > 0, mustNotThink);
  if (tools.length === 0) return reasoning;
  return {
    tools,
    ...(choice === undefined || offered.length === 0 ? {} : { tool_choice: choice }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
    ...reasoning,
  };
}

function samplingFields(request: Request, compat: Compat, stops: readonly string[]): Fields {
  const { max_tokens, temperature, top_p, top_k } = request;
  const stop = stops.slice(0, compat.stopLimit);
  return {
    ...(typeof max_tokens === 'number'
      ? { [compat.maxTokensField]: Math.min(max_tokens, compat.maxTokensLimit ?? max_tokens) }
      : {}),
    ...(typeof temperature === 'number' && compat.temperature ? { temperature } : {}),
    ...(typeof top_p === 'number' && compat.temperature ? { top_p } : {}),
    ...(typeof top_k === 'number' && compat.topK ? { top_k } : {}),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

function stopsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((stop) => typeof stop === 'string' && stop !== '') : [];
}

/** Claude Code's `user_id` names device and session: only a hash of it goes out. */
function identityFields(request: Request, { compat, session }: RequestOptions): Fields {
  const user = isRecord(request.metadata) ? textOf(request.metadata.user_id) : '';
  return {
    ...(compat.userField === 'none' || user === '' ? {} : { [compat.userField]: textHash(user) }),
    ...(compat.promptCacheKey && session !== undefined ? { prompt_cache_key: textHash(session) } : {}),
  };
}

function finished(body: ChatRequest, compat: Compat): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...body, ...compat.extraBody };
  for (const field of compat.dropFields) delete whole[field];
  return whole;
}

function readHistory(messages: unknown): ToolHistory & { readonly ids: ReadonlySet<string> } {
  const called = new Set<string>();
  const loaded = new Set<string>();
  const ids = new Set<string>();
  for (const message of Array.isArray(messages) ? messages.filter(isRecord) : []) {
    for (const block of blocksOf(message.content)) {
      if (block.type === 'tool_use') {
        called.add(textOf(block.name));
        ids.add(textOf(block.id));
      }
      if (block.type !== 'tool_result') continue;
      for (const inner of blocksOf(block.content)) {
        if (inner.type === 'tool_reference') loaded.add(textOf(inner.tool_name));
      }
    }
  }
  called.delete('');
  return { called, loaded, ids };
}
