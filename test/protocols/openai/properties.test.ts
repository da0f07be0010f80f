import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addEventLines } from '../../../src/protocols/anthropic/event-lines.ts';
import { compatFor } from '../../../src/protocols/openai/compat-hosts.ts';
import { convertCompletion } from '../../../src/protocols/openai/completion.ts';
import { encodeEvents } from '../../../src/protocols/openai/stream-translation.ts';
import { brokenRule } from '../../../src/simulator/openai-rules.ts';
import {
  answerOptions,
  bodyOf,
  call,
  calls,
  converted,
  delta,
  refusals,
  sse,
  told,
  translate,
  violations,
} from './support.ts';

const WORD = fc.constantFrom('', 'a', ' ', '\n', 'ä€', '😀', '<think>', '</think>', '"', '\\');
const ID = fc.constantFrom(undefined, null, '', 'a', 'b', 7, 'functions.X:0');
const NAME = fc.constantFrom(undefined, null, '', 'X', 'Y', 'get_', 'weather');
const ARGUMENTS = fc.constantFrom(
  undefined,
  null,
  '',
  '{',
  '}',
  '{}',
  '{"a":"b"}',
  '"a":',
  '"x\n',
  '",',
  'null',
  '[',
  7,
  { a: 1 },
);
const FRAGMENT = fc
  .record({ index: fc.constantFrom(undefined, 0, 0, 1, 2), id: ID, name: NAME, args: ARGUMENTS })
  .map(({ index, id, name, args }) => call(index, id, name, args));
const FINISH = fc.constantFrom('stop', 'tool_calls', 'length', 'content_filter', 'error', '', 'whatever');
/** Anything that a server might send, sense or not. */
const CHUNK = fc.oneof(
  { weight: 4, arbitrary: WORD.map((content) => delta({ content })) },
  { weight: 2, arbitrary: WORD.map((reasoning) => delta({ reasoning })) },
  { weight: 4, arbitrary: fc.array(FRAGMENT, { minLength: 1, maxLength: 3 }).map((each) => calls(...each)) },
  { weight: 1, arbitrary: FINISH.map((finish) => delta({}, finish)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<object | string>(
      { choices: [] },
      { choices: null },
      {},
      { error: { message: 'm' } },
      '[1]',
      { choices: [], usage: { prompt_tokens: 3 } },
    ),
  },
);
const CHUNKS = fc.array(CHUNK, { maxLength: 12 });
const OPTIONS = fc
  .constantFrom('no', 'yes', 'unopened')
  .map((thinkTags) => answerOptions({ thinkTags } as const));

describe('whatever a server sends,', () => {
  it('the events keep to the rules of the Messages API, and a failure is their last', () => {
    fc.assert(
      fc.property(CHUNKS, OPTIONS, fc.boolean(), (chunks, options, done) => {
        const text = done ? sse(chunks) : sse(chunks).replace('data: [DONE]\n\n', '');
        const { events, translation } = translate(text, options);
        expect(violations(events)).toEqual([]);
        expect(translation.state).toBe(events.at(-1)?.type === 'error' ? 'failed' : 'done');
        if (translation.state === 'done') expect(events.at(-1)?.type).toBe('message_stop');
      }),
      { numRuns: 1500 },
    );
  });

  it('the input of every closed tool is an object, unless it was cut at the limit', () => {
    fc.assert(
      fc.property(CHUNKS, (chunks) => {
        const { events } = translate(sse(chunks));
        const lines = told(events);
        const stopped = lines.at(-1);
        for (const line of lines.filter((each) => each.startsWith('tool:') && each.endsWith(')'))) {
          const json = line.slice(line.indexOf('(') + 1, -1);
          if (stopped !== 'stop:max_tokens') expect(typeof JSON.parse(json || '{}')).toBe('object');
        }
        const tools = lines.some((line) => line.startsWith('tool:'));
        if (stopped === 'stop:tool_use') expect(tools).toBe(true);
        if (stopped === 'stop:end_turn') expect(tools).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('the events are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        CHUNKS,
        OPTIONS,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (chunks, options, cuts, end) => {
          const bytes = Buffer.from(`: hello\n\n${sse(chunks)}`.replaceAll('\n', end));
          const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].toSorted(
            (a, b) => a - b,
          );
          const pieces = at.slice(1).map((to, index) => Buffer.from(bytes.subarray(at[index], to)));
          expect(translate(pieces, options).events).toEqual(translate([bytes], options).events);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a whole completion says what its stream says', () => {
    const message = fc.record({
      reasoning: WORD,
      content: WORD,
      tool_calls: fc.array(
        fc.record({
          id: fc.uuid(),
          function: fc.record({
            name: fc.constantFrom('X', 'Y'),
            arguments: fc.json({ maxDepth: 2 }).map((json) => `{"a":${json}}`),
          }),
        }),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(message, (whole) => {
        const stream = [
          delta({ reasoning: whole.reasoning }),
          delta({ content: whole.content }),
          ...whole.tool_calls.map((each, index) => calls({ index, ...each })),
          delta({}, 'stop'),
        ];
        const converted = convertCompletion(
          { choices: [{ message: whole, finish_reason: 'stop' }] },
          answerOptions(),
        );
        const streamed = told(translate(sse(stream)).events);
        if (converted.kind === 'failed') expect(streamed).toEqual(['error:api_error']);
        else {
          const inputs = converted.message.content.flatMap((block) =>
            block.type === 'tool_use' ? [block.input] : [],
          );
          expect(inputs).toEqual(whole.tool_calls.map((each) => JSON.parse(each.function.arguments)));
          expect(streamed.at(-1)).toBe(`stop:${converted.message.stop_reason}`);
          expect(streamed).toHaveLength(converted.message.content.length + 1);
        }
      }),
    );
  });

  it('every event has its event: line', () => {
    const bytes = encodeEvents(translate(sse([delta({ content: 'a' }, 'stop')])).events);
    expect(addEventLines().push(bytes).toString()).toBe(bytes.toString());
    expect(bytes.toString().match(/^event: /gm)).toHaveLength(6);
  });
});

const TEXT = fc.constantFrom('', ' ', 'hello', '😀', '\ud83d', '"{');
const TOOL_ID = fc.constantFrom('t1', 't2', 't3', 'x'.repeat(60), 'functions.X:0');
const TOOL_NAME = fc.constantFrom('Read', 'Bash', `mcp__${'long'.repeat(20)}`, 'with space');
const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } };
const BLOCK = fc.oneof(
  TEXT.map((text) => ({ type: 'text', text })),
  fc.constant(PNG),
  fc.record({
    type: fc.constant('tool_use'),
    id: TOOL_ID,
    name: TOOL_NAME,
    input: fc.dictionary(fc.string(), fc.jsonValue()),
  }),
  fc.record({
    type: fc.constant('tool_result'),
    tool_use_id: TOOL_ID,
    content: fc.oneof(TEXT, fc.constant([PNG]), fc.constant(undefined)),
    is_error: fc.boolean(),
  }),
  fc.constantFrom(
    { type: 'thinking', thinking: 'x', signature: 's' },
    { type: 'document', source: { type: 'base64', data: 'A' } },
    { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    { type: 'strange' },
  ),
);
const MESSAGE = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.array(BLOCK, { maxLength: 5 }) }),
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: TEXT }),
);
const REQUEST = fc.record({
  system: TEXT,
  messages: fc.array(MESSAGE, { maxLength: 8 }),
  tools: fc.constantFrom(undefined, [], [{ name: 'Read', input_schema: { type: 'object', $schema: 'x' } }]),
});
const HOSTS = fc.constantFrom(
  'api.openai.com',
  'api.deepseek.com',
  'api.mistral.ai',
  'openrouter.ai',
  'api.moonshot.ai',
  'localhost:11434',
);

describe('whatever a client sends,', () => {
  it('the body is one that a strict server takes: results follow their calls at once, nothing is empty', () => {
    fc.assert(
      fc.property(REQUEST, (request) => {
        expect(refusals(bodyOf(request))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['api.openai.com', 'openrouter.ai', 'an.unknown.example'])(
    'the body at %s breaks none of the rules that the simulated provider has',
    (host) => {
      fc.assert(
        fc.property(REQUEST, fc.boolean(), (request, stream) => {
          const body = bodyOf(request, compatFor(host, 'gpt-5'), stream);
          // What holds nothing but what goes nowhere leaves no message: the provider's own words say so.
          if (body.messages.length > 0) expect(brokenRule(body)).toBeUndefined();
        }),
        { numRuns: 500 },
      );
    },
  );

  it('roles alternate for templates that demand it, but for results and system messages', () => {
    fc.assert(
      fc.property(REQUEST, (request) => {
        const messages = bodyOf(request, { alternate: true, lateSystem: 'user' }).messages;
        for (const [at, message] of messages.entries()) {
          if (message.role !== 'tool') expect(messages[at + 1]?.role).not.toBe(message.role);
          if (at > 0) expect(message.role).not.toBe('system');
        }
        expect(refusals({ model: 'm', messages })).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('the same request gives the same bytes, for any provider', () => {
    fc.assert(
      fc.property(REQUEST, HOSTS, (request, host) => {
        const compat = compatFor(host, 'gpt-5.5');
        expect(converted(structuredClone(request), compat).body).toBe(converted(request, compat).body);
      }),
      { numRuns: 200 },
    );
  });

  it('texts, names and inputs of its tool calls arrive', () => {
    fc.assert(
      fc.property(REQUEST, (request) => {
        const { body, asked } = converted(request);
        const sent = bodyOf(request).messages.flatMap((each) =>
          each.role === 'assistant' ? (each.tool_calls ?? []) : [],
        );
        const wanted = request.messages
          .flatMap(({ role, content }) => (role === 'assistant' && Array.isArray(content) ? content : []))
          .flatMap((block) => ('input' in block && block.type === 'tool_use' ? [block] : []));
        expect(sent.map((each) => asked.names.toClient(each.function.name))).toEqual(
          wanted.map((block) => ('name' in block ? block.name : '')),
        );
        expect(body).not.toMatch(/\\+ud[89a-f]{2}/i);
      }),
      { numRuns: 300 },
    );
  });
});
