import { isRecord } from '../../../src/domain/is-record.ts';
import type { AnswerOptions } from '../../../src/protocols/openai/answer-options.ts';
import type { ChatMessage, ChatRequest } from '../../../src/protocols/openai/chat-types.ts';
import { type Compat, DEFAULT_COMPAT } from '../../../src/protocols/openai/compat.ts';
import { type ConvertedRequest, convertRequest } from '../../../src/protocols/openai/request.ts';
import type { StreamEvent } from '../../../src/protocols/openai/stream-events.ts';
import {
  createTranslation,
  type StreamTranslation,
} from '../../../src/protocols/openai/stream-translation.ts';
import { createToolNames } from '../../../src/protocols/openai/tool-names.ts';

/** A request with the given fields, converted for a provider that differs from the usual one in the given way. */
export function converted(request: object, compat: Partial<Compat> = {}, stream = true): ConvertedRequest {
  return convertRequest({ ...request }, { compat: { ...DEFAULT_COMPAT, ...compat }, model: 'm', stream });
}

export function bodyOf(request: object, compat: Partial<Compat> = {}, stream = true): ChatRequest {
  const body: ChatRequest = JSON.parse(converted(request, compat, stream).body);
  return body;
}

export function messagesOf(
  messages: readonly object[],
  compat: Partial<Compat> = {},
): readonly ChatMessage[] {
  return bodyOf({ messages }, compat).messages;
}

export function answerOptions(
  compat: Partial<Compat> = {},
  more: Partial<AnswerOptions> = {},
): AnswerOptions {
  return {
    compat: { ...DEFAULT_COMPAT, ...compat },
    asked: { names: createToolNames([]), toolUseIds: new Set(), stopSequences: ['STOP'] },
    model: 'claude-x',
    inputTokens: 100,
    seed: 'seed',
    ...more,
  };
}

/** A stream of these chunks (objects as JSON, texts as they are) with `[DONE]` after it. */
export function sse(chunks: readonly (object | string)[]): string {
  return [...chunks, '[DONE]']
    .map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`)
    .join('');
}

/** A chunk with this delta. */
export function delta(fields: object, finish: string | null = null): object {
  return { id: 'c1', choices: [{ index: 0, delta: fields, finish_reason: finish }] };
}

/** A chunk with these fragments of calls. */
export function calls(...fragments: readonly object[]): object {
  return delta({ tool_calls: fragments });
}

/** A fragment: number, id, name, arguments; what is undefined is left out. */
export function call(index?: number, id?: unknown, name?: unknown, args?: unknown): object {
  return { index, id, type: 'function', function: { name, arguments: args } };
}

export interface Translated {
  readonly events: readonly StreamEvent[];
  readonly translation: StreamTranslation;
}

export function translate(text: string | readonly Buffer[], options = answerOptions()): Translated {
  const translation = createTranslation(options);
  const chunks = typeof text === 'string' ? [Buffer.from(text)] : text;
  const events = [...chunks.flatMap((chunk) => translation.push(chunk)), ...translation.finish()];
  return { events, translation };
}

/** The content of the events in short: `text:hello`, `thinking:…`, `tool:Name({"a":1})`, `stop:tool_use`, `error:api_error`. */
export function told(events: readonly StreamEvent[]): readonly string[] {
  const lines: string[] = [];
  let open = '';
  for (const event of events) {
    switch (event.type) {
      case 'content_block_start': {
        const block = event.content_block;
        open = block.type === 'tool_use' ? `tool:${block.name}(` : `${block.type}:`;
        break;
      }
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') open += event.delta.text;
        if (event.delta.type === 'thinking_delta') open += event.delta.thinking;
        if (event.delta.type === 'input_json_delta') open += event.delta.partial_json;
        break;
      case 'content_block_stop':
        lines.push(open.startsWith('tool:') ? `${open})` : open);
        open = '';
        break;
      case 'message_delta':
        lines.push(`stop:${event.delta.stop_reason}`);
        break;
      case 'error':
        if (open !== '') lines.push(`${open}…`);
        lines.push(`error:${event.error.type}`);
        break;
      default:
    }
  }
  return lines;
}

const FITTING: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  redacted_thinking: [],
};

/** What of the events breaks the rules of Anthropic's streams (docs/protocols.md); empty for a valid stream or beginning of one. */
export function violations(events: readonly StreamEvent[]): readonly string[] {
  const found: string[] = [];
  let next = 0;
  let open: string | undefined;
  let state: 'before' | 'content' | 'stopping' | 'over' = 'before';
  const expect = (holds: boolean, what: string): void => {
    if (!holds) found.push(what);
  };
  for (const event of events) {
    expect(state !== 'over', `${event.type} after the end`);
    if (event.type === 'error') state = 'over';
    else if (event.type === 'message_start') {
      expect(state === 'before', 'a second message_start');
      expect(event.message.content.length === 0 && event.message.id !== '', 'a filled message_start');
      state = 'content';
    } else expect(state !== 'before', `${event.type} before message_start`);
    if (event.type === 'content_block_start') {
      expect(state === 'content' && open === undefined && event.index === next, `start ${event.index}`);
      if (event.content_block.type === 'tool_use') {
        expect(
          /^[a-zA-Z0-9_-]+$/.test(event.content_block.id) && event.content_block.name !== '',
          'a bad tool',
        );
      }
      open = event.content_block.type;
    } else if (event.type === 'content_block_delta') {
      expect(event.index === next && open !== undefined, `delta ${event.index}`);
      expect(FITTING[open ?? '']?.includes(event.delta.type) === true, `${event.delta.type} in ${open}`);
    } else if (event.type === 'content_block_stop') {
      expect(event.index === next && open !== undefined, `stop ${event.index}`);
      open = undefined;
      next++;
    } else if (event.type === 'message_delta') {
      expect(state === 'content' && open === undefined, 'message_delta in a block');
      expect(event.delta.stop_reason !== null, 'no stop_reason');
      expect(
        Object.values(event.usage).every((value) => typeof value === 'object' || value >= 0),
        'usage',
      );
      state = 'stopping';
    } else if (event.type === 'message_stop') {
      expect(state === 'stopping', 'message_stop without message_delta');
      state = 'over';
    }
  }
  return found;
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(
  'model messages max_tokens temperature top_p stop stream stream_options tools tool_choice parallel_tool_calls response_format'.split(
    ' ',
  ),
);

/** What a strict server would refuse of a body that is meant for a plain one: by the rules of the format, not of the converter. */
export function refusals(body: unknown): readonly string[] {
  if (!isRecord(body)) return ['no object'];
  const found = Object.keys(body)
    .filter((key) => !KNOWN_FIELDS.has(key))
    .map((key) => `Unrecognized request argument supplied: ${key}`);
  if (Array.isArray(body.tools)) {
    if (body.tools.length === 0) found.push('tools: [] is too short');
    for (const tool of body.tools.filter(isRecord)) found.push(...toolRefusals(tool));
  } else if (body.tool_choice !== undefined || body.parallel_tool_calls !== undefined) found.push('no tools');
  if (!Array.isArray(body.messages)) return [...found, 'no messages'];
  return [...found, ...messageRefusals(body.messages.filter(isRecord))];
}

function toolRefusals(tool: Readonly<Record<string, unknown>>): readonly string[] {
  const inner = isRecord(tool.function) ? tool.function : {};
  const keys = [...Object.keys(tool), ...Object.keys(inner)];
  const unknown = keys.filter(
    (key) => !['type', 'function', 'name', 'description', 'parameters', 'strict'].includes(key),
  );
  return [
    ...unknown.map((key) => `tools: unknown ${key}`),
    ...(/^[a-zA-Z0-9_-]{1,64}$/.test(String(inner.name)) ? [] : [`tools: name ${inner.name}`]),
    ...(isRecord(inner.parameters) && inner.parameters.type === 'object' ? [] : ['tools: parameters']),
  ];
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls'],
  tool: ['role', 'content', 'tool_call_id'],
};

function messageRefusals(messages: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  const found: string[] = [];
  let awaited: readonly unknown[] = [];
  for (const message of messages) {
    const role = String(message.role);
    const unknown = Object.keys(message).filter((key) => !(MEMBERS[role] ?? []).includes(key));
    if (unknown.length > 0) found.push(`${role}: unknown ${unknown}`);
    const toolCalls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isRecord) : [];
    const { content } = message;
    if (role === 'tool') {
      if (!awaited.includes(message.tool_call_id)) found.push('a tool message without its call');
      awaited = awaited.filter((id) => id !== message.tool_call_id);
    } else if (awaited.length > 0) found.push(`${role} before all results`);
    if (role === 'assistant') {
      awaited = toolCalls.map((each) => each.id);
      if (new Set(awaited).size < awaited.length) found.push('ids twice');
      if (content === null ? toolCalls.length === 0 : typeof content !== 'string')
        found.push('assistant content');
      for (const each of toolCalls) {
        const args = isRecord(each.function) ? each.function.arguments : undefined;
        if (typeof args !== 'string' || !isRecord(JSON.parse(args))) found.push('arguments');
      }
    }
    if (content === '' || (Array.isArray(content) && content.length === 0))
      found.push(`${role}: empty content`);
    if (Array.isArray(content)) {
      for (const part of content.filter(isRecord)) {
        const fits = role === 'user' ? ['text', 'image_url', 'file'] : ['text'];
        if (!fits.includes(String(part.type))) found.push(`${role}: part ${part.type}`);
        if (part.type === 'text' && part.text === '') found.push('an empty text part');
      }
    }
  }
  if (awaited.length > 0) found.push('calls without results');
  return found;
}
