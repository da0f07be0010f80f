import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { openaiError } from '../../src/simulator/errors.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { messagesBody } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

interface Sent {
  readonly [field: string]: unknown;
}

const TOOLS = [{ name: 'Bash', input_schema: { type: 'object', properties: {} } }];

/** A provider that refuses with the message of the first rule that holds. */
function picky(...rules: readonly (readonly [message: string, holds: (body: Sent) => boolean])[]) {
  return (request: ReceivedRequest): Behaviour => {
    const body = request.json() as Sent;
    const rule = rules.find(([, holds]) => holds(body));
    return rule === undefined ? { kind: 'message' } : openaiError(400, 'invalid_request_error', rule[0]);
  };
}

async function world(behaviour: (request: ReceivedRequest) => Behaviour, compat: Sent = {}) {
  const provider = await start({ name: 'chat', behaviour, checkRequests: false });
  const bench = await balance({ providers: [entry(provider, { type: 'openai', compat })] });
  const bodies = (): Sent[] => provider.requests.map((request) => request.json() as Sent);
  const learned = async () =>
    (await bench.provider('chat')).learned.map(({ kind, name }) => `${kind} ${name}`);
  return { provider, bench, bodies, learned };
}

describe('a refusal of a provider of type openai', () => {
  const CASES: readonly [
    title: string,
    message: string,
    holds: (body: Sent) => boolean,
    request: Sent,
    learned: string,
  ][] = [
    [
      'a sampling parameter that a model does not take',
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
      (body) => 'temperature' in body,
      { temperature: 0.2 },
      'field temperature',
    ],
    [
      'an unsupported parameter',
      "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
      (body) => 'parallel_tool_calls' in body,
      { tools: TOOLS, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      'field parallel_tool_calls',
    ],
    [
      'an unknown field of a Go server',
      'json: unknown field "stream_options"',
      (body) => 'stream_options' in body,
      {},
      'field stream_options',
    ],
    [
      'a limit under its other name',
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      (body) => 'max_tokens' in body,
      {},
      'field max_tokens',
    ],
    [
      'a limit that is too large for the model',
      'max_tokens is too large: 64000. This model supports at most 16384 completion tokens, whereas you provided 64000.',
      (body) => Number(body.max_tokens) > 16_384,
      { max_tokens: 64_000 },
      'value max_tokens=16384',
    ],
    [
      'a demanded form of the answer',
      'response_format is not supported with this model',
      (body) => 'response_format' in body,
      { output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } } },
      'field response_format',
    ],
    [
      'roles that have to alternate',
      'After the optional system message, conversation roles must alternate user/assistant/user/assistant/...',
      (body) => (body.messages as { role: string }[]).filter(({ role }) => role === 'user').length > 1,
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'user', content: 'b' },
        ],
      },
      'value alternate=true',
    ],
    [
      'images',
      'Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `image_url`, expected `text`',
      (body) => JSON.stringify(body).includes('"image_url"'),
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'see' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            ],
          },
        ],
      },
      'value images=false',
    ],
  ];

  it.each(CASES)(
    'is answered by the same request otherwise, and learned: %s',
    async (_, message, holds, fields, fact) => {
      const { bench, bodies, learned } = await world(picky([message, holds]));
      const body = messagesBody(fields);
      const answer = await bench.messages({ body }).end;
      expect(answer.status).toBe(200);
      expect(bodies().map(holds)).toEqual([true, false]);
      expect(await learned()).toEqual([fact]);
      await bench.messages({ body }).end;
      expect(bodies().map(holds)).toEqual([true, false, false]);
      expect(traceOf(await bench.provider('chat'))).toEqual({ failures: '0/2', cools: null });
    },
  );

  it('moves the limit to its other name', async () => {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    const { bench, bodies } = await world(picky([message, (body) => 'max_tokens' in body]));
    await bench.messages({ body: messagesBody() }).end;
    expect(bodies()[1]).toMatchObject({ max_completion_tokens: 1024 });
  });

  it('chooses an effort of those that are named', async () => {
    const message =
      "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', 'medium', and 'high'.";
    const { bench, bodies, learned } = await world(
      picky([message, (body) => body.reasoning_effort === 'max']),
      { reasoning: 'effort', extra_body: {} },
    );
    // Efforts of an unknown host are the usual three: a provider that lists others is believed.
    const body = messagesBody({ output_config: { effort: 'max' } });
    await bench.messages({ body }).end;
    expect(bodies().map(({ reasoning_effort }) => reasoning_effort)).toEqual(['high']);
    expect(await learned()).toEqual([]);
  });

  it('sets the effort to none where tools are refused beside another', async () => {
    const message =
      "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.";
    const { bench, bodies, learned } = await world(
      picky([message, (body) => 'tools' in body && body.reasoning_effort !== 'none']),
    );
    await bench.messages({ body: messagesBody({ tools: TOOLS }) }).end;
    expect(bodies().map(({ reasoning_effort }) => reasoning_effort)).toEqual([undefined, 'none']);
    expect(await learned()).toEqual(['value reasoning_effort=none']);
  });

  it('asks for less where a prompt leaves less room, and remembers nothing of it', async () => {
    const message =
      "This endpoint's maximum context length is 65536 tokens. However, you requested about 70211 tokens (60000 of text input, 2211 of tool input, 8000 in the output). Please reduce the length of either one.";
    const { bench, bodies, learned } = await world(
      picky([message, (body) => Number(body.max_tokens) > 3000]),
    );
    const body = messagesBody({ max_tokens: 8000 });
    expect((await bench.messages({ body }).end).status).toBe(200);
    expect(bodies().map(({ max_tokens }) => max_tokens)).toEqual([8000, 2997]);
    expect(await learned()).toEqual([]);
  });

  it('leaves alone what the request does not have, and what nobody goes without', async () => {
    const { bench, bodies, learned } = await world(() =>
      openaiError(
        400,
        'invalid_request_error',
        "Unknown parameter: 'messages'. Unknown parameter: 'logprobs'.",
      ),
    );
    const answer = await bench.messages({ body: messagesBody() }).end;
    expect([answer.status, bodies().length]).toEqual([400, 1]);
    expect(await learned()).toEqual([]);
  });

  it('is learned for one provider: the next gets the request whole', async () => {
    const message = "Unsupported parameter: 'temperature' is not supported with this model.";
    const one = await start({
      name: 'one',
      behaviour: picky([message, (body) => 'temperature' in body], ['The model is busy', () => true]),
    });
    const two = await start({ name: 'two' });
    const bench = await balance({
      providers: [entry(one, { type: 'openai' }), entry(two, { type: 'openai' })],
    });
    await bench.messages({ body: messagesBody({ temperature: 0.5 }) }).end;
    expect(two.requests[0]?.json()).toMatchObject({ temperature: 0.5 });
    expect((await bench.provider('one')).learned).toEqual([]);
  });
});
