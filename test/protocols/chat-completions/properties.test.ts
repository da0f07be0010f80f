import fc from 'fast-check';
import type { OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/protocols/chat-completions/completion.ts';
import { readChatRequest } from '../../../src/protocols/chat-completions/request.ts';
import type { ChatRequest } from '../../../src/protocols/openai/chat-types.ts';
import { DEFAULT_COMPAT } from '../../../src/protocols/openai/compat.ts';
import { convertCompletion } from '../../../src/protocols/openai/completion.ts';
import { convertRequest } from '../../../src/protocols/openai/request.ts';
import { createTranslation, encodeEvents } from '../../../src/protocols/openai/stream-translation.ts';
import { answerOptions } from '../openai/support.ts';
import {
  begins,
  dataOf,
  deltasOf,
  ends,
  factsOf,
  grows,
  messagesStream,
  STARTED,
  stops,
  streamedText,
} from './support.ts';

const WORDS = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => text.trim() === text && text !== '');
const NAME = fc.constantFrom('Read', 'Bash', 'get_weather', 'mcp__server__tool');
const INPUT = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });

interface Call {
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly result: string;
}
interface Round {
  readonly user: string;
  readonly text: string;
  readonly calls: readonly Call[];
}

/** A conversation as both sides could have had it; ids differ throughout. */
const ROUNDS: fc.Arbitrary<readonly Round[]> = fc.array(
  fc.record({
    user: WORDS,
    text: WORDS,
    calls: fc.array(fc.record({ name: NAME, input: INPUT, result: WORDS }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
);
const idOf = (round: number, call: number): string => `call_${round}_${call}`;
const again = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function chatMessages(rounds: readonly Round[]): object[] {
  return rounds.flatMap(({ user, text, calls }, round) => [
    { role: 'user', content: user },
    {
      role: 'assistant',
      content: text,
      ...(calls.length === 0
        ? {}
        : {
            tool_calls: calls.map(({ name, input }, at) => ({
              id: idOf(round, at),
              type: 'function',
              function: { name, arguments: JSON.stringify(input) },
            })),
          }),
    },
    ...calls.map(({ result }, at) => ({ role: 'tool', tool_call_id: idOf(round, at), content: result })),
  ]);
}

function claudeMessages(rounds: readonly Round[]): object[] {
  return rounds.flatMap(({ user, text, calls }, round) => [
    { role: 'user', content: [{ type: 'text', text: user }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text },
        ...calls.map(({ name, input }, at) => ({ type: 'tool_use', id: idOf(round, at), name, input })),
      ],
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: 'user',
            content: calls.map(({ result }, at) => ({
              type: 'tool_result',
              tool_use_id: idOf(round, at),
              content: result,
            })),
          },
        ]),
  ]);
}

function toClaude(messages: readonly object[]): { messages: Record<string, unknown>[] } {
  const read = readChatRequest(Buffer.from(JSON.stringify({ model: 'm', messages })));
  if (read.kind === 'refused') throw new Error(read.refusal.message);
  return JSON.parse(read.body);
}

function toChat(request: object): ChatRequest {
  const compat = { ...DEFAULT_COMPAT };
  return JSON.parse(convertRequest({ ...request }, { compat, model: 'm', stream: false }).body);
}

/** Texts, calls and results in their order, whichever protocol they are in. */
function contentOf(messages: readonly object[]): unknown[] {
  return messages.flatMap((message) => {
    const { role, content, tool_calls, tool_call_id } = message as OpenAI.ChatCompletionToolMessageParam & {
      tool_calls?: OpenAI.ChatCompletionMessageFunctionToolCall[];
    };
    const blocks: readonly Record<string, unknown>[] =
      typeof content === 'string' ? [{ type: 'text', text: content }] : ((content ?? []) as never);
    const said = blocks.map((block) => {
      if (block.type === 'tool_use') return [block.name, block.id, block.input];
      if (block.type === 'tool_result') return ['result', block.tool_use_id, block.content];
      return (role as string) === 'tool' ? ['result', tool_call_id, block.text] : [role, block.text];
    });
    const calls = (tool_calls ?? []).map(({ id, function: { name, arguments: json } }) => [
      name,
      id,
      JSON.parse(json),
    ]);
    return [...said, ...calls];
  });
}

describe('a conversation keeps its texts, names, ids, inputs and results', () => {
  it('from Chat Completions to the Messages API and back', () => {
    fc.assert(
      fc.property(ROUNDS, (rounds) => {
        const messages = chatMessages(rounds);
        expect(contentOf(toChat(toClaude(messages)).messages)).toEqual(again(contentOf(messages)));
      }),
      { numRuns: 300 },
    );
  });

  it('from the Messages API to Chat Completions and back', () => {
    fc.assert(
      fc.property(ROUNDS, (rounds) => {
        const messages = claudeMessages(rounds);
        const there = toChat({ model: 'm', max_tokens: 1, messages });
        expect(contentOf(toClaude(there.messages).messages)).toEqual(again(contentOf(messages)));
      }),
      { numRuns: 300 },
    );
  });
});

const ODD = fc.constantFrom<object>(
  { role: 'system', content: 's' },
  { role: 'developer', content: [{ type: 'text', text: ' ' }] },
  { role: 'user', content: 'u' },
  { role: 'user', content: '' },
  { role: 'user', content: null },
  { role: 'assistant', content: 'a ' },
  { role: 'assistant', content: null },
  {
    role: 'assistant',
    tool_calls: [{ id: 'x', function: { name: 'X', arguments: '{' } }, { id: 'x', function: {} }, {}],
  },
  { role: 'assistant', function_call: { name: 'F', arguments: null } },
  { role: 'tool', tool_call_id: 'x', content: 'r' },
  { role: 'tool', content: [] },
  { role: 'function', name: 'F', content: 'r' },
);

/** What Anthropic refuses of messages: results elsewhere than at once after their calls, ids used twice, empty content. */
function faultsOf(messages: readonly Record<string, unknown>[]): string[] {
  const faults: string[] = [];
  const ids = new Set<unknown>();
  let open: unknown[] = [];
  for (const { role, content } of messages) {
    if (content === '' || (Array.isArray(content) && content.length === 0)) faults.push('empty content');
    const blocks = (Array.isArray(content) ? content : []) as Record<string, unknown>[];
    const results = blocks.filter(({ type }) => type === 'tool_result').map(({ tool_use_id }) => tool_use_id);
    if (String(results) !== String(open)) faults.push(`results [${results}] after calls [${open}]`);
    if (blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result'))
      faults.push('results not first');
    if (blocks.some(({ type, text }) => type === 'text' && String(text).trim() === ''))
      faults.push('blank text');
    open = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    if (open.length > 0 && role !== 'assistant') faults.push('the user calls');
    for (const id of open) {
      if (ids.has(id)) faults.push(`id ${id} twice`);
      ids.add(id);
    }
  }
  if (open.length > 0) faults.push('calls without results');
  if (messages[0] !== undefined && messages[0].role !== 'user') faults.push('the assistant begins');
  return faults;
}

describe('whatever a client sends,', () => {
  it('the messages are ones that Anthropic takes, and the same bytes every time', () => {
    fc.assert(
      fc.property(fc.array(ODD, { minLength: 1, maxLength: 8 }), (messages) => {
        const { messages: sent } = toClaude(messages);
        expect(faultsOf(sent)).toEqual([]);
        expect(toClaude(structuredClone(messages)).messages).toEqual(sent);
      }),
      { numRuns: 1500 },
    );
  });

  it('nothing throws', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.jsonValue(),
        fc.jsonValue(),
        fc.jsonValue(),
        (messages, tools, tool_choice, rest) => {
          const body = {
            model: 'm',
            messages,
            tools,
            functions: rest,
            tool_choice,
            response_format: rest,
            stop: rest,
          };
          expect(['request', 'refused']).toContain(readChatRequest(Buffer.from(JSON.stringify(body))).kind);
        },
      ),
      { numRuns: 500 },
    );
  });
});

interface Answer {
  readonly thinking: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: Record<string, unknown> }[];
}
const ANSWER: fc.Arbitrary<Answer> = fc.record({
  thinking: fc.oneof(fc.constant(''), WORDS),
  text: WORDS,
  calls: fc.array(fc.record({ name: NAME, input: INPUT }), { maxLength: 3 }),
});

function blocksOf({ thinking, text, calls }: Answer): Record<string, unknown>[] {
  return [
    ...(thinking === '' ? [] : [{ type: 'thinking', thinking, signature: 'c2ln' }]),
    { type: 'text', text },
    ...calls.map(({ name, input }, at) => ({ type: 'tool_use', id: idOf(9, at), name, input })),
  ];
}

function messageOf(answer: Answer): Record<string, unknown> {
  const stop_reason = answer.calls.length > 0 ? 'tool_use' : 'end_turn';
  const usage = {
    input_tokens: 5,
    cache_creation_input_tokens: 2,
    cache_read_input_tokens: 3,
    output_tokens: 7,
  };
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: blocksOf(answer),
    stop_reason,
    usage,
  };
}

/** The answer's stream, each value in pieces of this length. */
function streamOf(answer: Answer, length: number): Buffer {
  const pieces = (text: string) => text.match(new RegExp(`[^]{1,${length}}`, 'gu')) ?? [];
  const blocks = blocksOf(answer).flatMap((block, index) => {
    if (block.type === 'text') {
      return [
        begins(index, { type: 'text', text: '' }),
        ...pieces(answer.text).map((text) => grows(index, { type: 'text_delta', text })),
        stops(index),
      ];
    }
    if (block.type === 'thinking') {
      return [
        begins(index, { type: 'thinking', thinking: '', signature: '' }),
        ...pieces(answer.thinking).map((thinking) => grows(index, { type: 'thinking_delta', thinking })),
        grows(index, { type: 'signature_delta', signature: block.signature }),
        stops(index),
      ];
    }
    const json = pieces(JSON.stringify(block.input));
    return [
      begins(index, { ...block, input: {} }),
      ...json.map((partial_json) => grows(index, { type: 'input_json_delta', partial_json })),
      stops(index),
    ];
  });
  return messagesStream(STARTED, ...blocks, ...ends(answer.calls.length > 0 ? 'tool_use' : 'end_turn', 7));
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return at.slice(1).map((to, index) => Buffer.from(bytes.subarray(at[index], to)));
}

/** The message that a client puts together from deltas. */
function gathered(text: string): Record<string, unknown> {
  let content = '';
  let reasoning = '';
  const calls: { id?: string; name?: string; json: string }[] = [];
  for (const delta of deltasOf(text)) {
    if (typeof delta === 'string') continue;
    const said = delta as {
      content?: string;
      reasoning_content?: string;
      tool_calls?: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[];
    };
    content += said.content ?? '';
    reasoning += said.reasoning_content ?? '';
    for (const { index, id, function: called } of said.tool_calls ?? []) {
      calls[index] ??= { json: '' };
      const call = calls[index];
      if (id !== undefined) call.id = id;
      if (called?.name !== undefined) call.name = called.name;
      call.json += called?.arguments ?? '';
    }
  }
  return { content, reasoning, calls: calls.map(({ id, name, json }) => [id, name, JSON.parse(json)]) };
}

describe('an answer', () => {
  it('cut at any byte and in any way gives the same chunks', () => {
    fc.assert(
      fc.property(ANSWER, fc.nat(7), fc.array(fc.nat(), { maxLength: 30 }), (answer, length, cuts) => {
        const bytes = streamOf(answer, length + 1);
        expect(streamedText(cutAt(bytes, cuts))).toBe(streamedText([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it('byte by byte as well', () => {
    const bytes = streamOf(
      { thinking: 'Hm 🤔', text: 'Grüße 😀', calls: [{ name: 'X', input: { ä: '“' } }] },
      3,
    );
    const pieces = [...bytes.keys()].map((at) => Buffer.from(bytes.subarray(at, at + 1)));
    expect(streamedText(pieces)).toBe(streamedText([bytes]));
  });

  it('that breaks off anywhere is an error, never a whole', () => {
    const bytes = streamOf({ thinking: '', text: 'Hello', calls: [{ name: 'X', input: { a: 1 } }] }, 4);
    const end = bytes.indexOf('event: message_delta');
    for (let at = 0; at < end; at += 5) {
      const data = dataOf(streamedText([bytes.subarray(0, at)]));
      expect(data.at(-1)).toHaveProperty('error');
      expect(data).not.toContain('[DONE]');
    }
  });

  it('put together from its deltas is the whole one', () => {
    fc.assert(
      fc.property(ANSWER, fc.nat(7), (answer, length) => {
        const message = completionOf(messageOf(answer), factsOf()).choices[0]?.message;
        const calls = (message?.tool_calls ?? []).map((call) =>
          call.type === 'function' ? [call.id, call.function.name, JSON.parse(call.function.arguments)] : [],
        );
        expect(gathered(streamedText([streamOf(answer, length + 1)]))).toEqual({
          content: message?.content,
          reasoning: message?.reasoning_content ?? '',
          calls,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('converted back says the same: texts, thinking, names, ids, inputs, usage', () => {
    fc.assert(
      fc.property(ANSWER, (answer) => {
        const back = convertCompletion(again(completionOf(messageOf(answer), factsOf())), answerOptions());
        if (back.kind === 'failed') throw new Error(back.error.message);
        const given = messageOf(answer);
        expect(back.message.content).toEqual(
          (again(given.content) as object[]).map((block) =>
            'signature' in block ? { ...block, signature: expect.any(String) } : block,
          ),
        );
        expect(back.message.stop_reason).toBe(given.stop_reason);
        expect(back.message.usage).toEqual(given.usage);
      }),
      { numRuns: 300 },
    );
  });

  it('streamed there and back says the same', () => {
    fc.assert(
      fc.property(ANSWER, fc.nat(7), (answer, length) => {
        const there = streamedText([streamOf(answer, length + 1)], factsOf({ includeUsage: true }));
        const translation = createTranslation(answerOptions());
        const events = [...translation.push(Buffer.from(there)), ...translation.finish()];
        const direct = gathered(streamedText([streamOf(answer, length + 1)]));
        expect(gathered(streamedText([encodeEvents(events)]))).toEqual(direct);
      }),
      { numRuns: 300 },
    );
  });
});

const EVENT = fc.oneof(
  fc.constantFrom(
    STARTED,
    begins(0, { type: 'text', text: 'a' }),
    begins(1, { type: 'tool_use', id: 't', name: 'X' }),
    begins(1, { type: 'thinking' }),
  ),
  fc.constantFrom(
    grows(0, { type: 'text_delta', text: 'b' }),
    grows(1, { type: 'input_json_delta', partial_json: '{' }),
    grows(7, {}),
  ),
  fc.constantFrom(stops(0), stops(1), stops(7), ...ends('end_turn'), ...ends(null)),
  fc.constantFrom(
    { type: 'ping' },
    { type: 'error', error: { type: 'api_error', message: 'm' } },
    { type: 'strange' },
  ),
  fc
    .dictionary(fc.constantFrom('index', 'delta', 'content_block', 'message', 'usage'), fc.jsonValue())
    .chain((fields) =>
      fc
        .constantFrom('message_start', 'content_block_start', 'content_block_delta', 'message_delta')
        .map((type) => ({ ...fields, type })),
    ),
);

describe('whatever a provider sends,', () => {
  it('the stream ends once: with [DONE] after one finish reason, or with an error', () => {
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 10 }), fc.boolean(), (events, custom) => {
        const facts = factsOf({ custom: new Set(custom ? ['X'] : []) });
        const text = streamedText([messagesStream(...events)], facts);
        const data = dataOf(text).filter((each) => each !== ': ping');
        const isDone = data.at(-1) === '[DONE]';
        const finished = deltasOf(text).filter((delta) => typeof delta === 'string');
        expect(finished).toHaveLength(isDone ? 1 : 0);
        if (!isDone) expect(data.at(-1)).toHaveProperty('error');
        expect(
          data.slice(0, -1).every((each) => typeof each === 'object' && each !== null && !('error' in each)),
        ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
