import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { apiError, openaiError } from '../../src/simulator/errors.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { messagesBody } from '../support/client.ts';
import { BODY, entry, keyOf, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { THREE_DELTAS } from '../support/message-events.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const chat = (provider: { readonly name: string; readonly url: string }, changes = {}) =>
  entry(provider, { type: 'openai', ...changes });

interface Sent {
  readonly [field: string]: unknown;
  readonly messages: readonly { readonly [field: string]: unknown }[];
}

const TOOLS = [
  {
    name: 'Bash',
    description: 'Runs a command.',
    input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
    cache_control: { type: 'ephemeral' },
  },
];

function sentTo({ requests }: { readonly requests: readonly ReceivedRequest[] }, at = 0): Sent {
  const request = requests[at];
  if (request === undefined) throw new Error(`there was no request ${at}`);
  return request.json() as Sent;
}

async function alone(behaviour: Behaviour | readonly Behaviour[] = { kind: 'message' }, changes = {}) {
  const provider = await start({ name: 'chat', behaviour });
  const bench = await balance({ providers: [chat(provider, changes)] });
  return { provider, bench };
}

describe('a provider of type openai', () => {
  it('gets a converted request and gives a stream of the Messages API', async () => {
    const { provider, bench } = await alone({ kind: 'message', text: 'Hello from afar.' });
    const answer = await bench.messages({
      headers: { 'anthropic-beta': 'a-2025', 'x-api-key': 'client-key' },
    }).end;
    expect([answer.status, answer.end, answer.header('content-type')]).toEqual([
      200,
      'complete',
      'text/event-stream; charset=utf-8',
    ]);
    expect(answer.header('x-provider-used')).toBe('chat');
    expect(answer.events.map(({ name }) => name)).toEqual(THREE_DELTAS);
    const [request] = provider.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.json()).toEqual({
      model: 'claude-sonnet-5-5',
      messages: [{ role: 'user', content: 'Grüß dich ä “quoted”' }],
      max_tokens: 1024,
      stream: true,
      stream_options: { include_usage: true },
    });
    const names = (request?.rawHeaders ?? [])
      .filter((_, at) => at % 2 === 0)
      .map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual([
      ...[
        'accept',
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
      ],
      'user-agent',
    ]);
    expect(request?.header('authorization')).toBe(`Bearer ${keyOf('chat')}`);
    expect(request?.header('accept')).toBe('text/event-stream');
  });

  it('gives one message to who asks for no stream', async () => {
    const { provider, bench } = await alone({
      kind: 'message',
      text: 'All at once.',
      usage: { input: 30, output: 5, cacheRead: 20 },
    });
    const answer = await bench.messages({ body: WHOLE_BODY }).end;
    expect([answer.status, answer.header('content-type')]).toEqual([200, 'application/json']);
    expect(answer.json()).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5-5',
      content: [{ type: 'text', text: 'All at once.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 30, cache_read_input_tokens: 20, output_tokens: 5 },
    });
    expect(sentTo(provider, 0).stream).toBeUndefined();
  });

  it('calls tools and gets their results', async () => {
    const { provider, bench } = await alone([
      {
        kind: 'message',
        blocks: [
          { type: 'text', text: 'Look:' },
          { type: 'tool_use', id: 'call_1', name: 'Bash', input: { command: 'ls' } },
        ],
      },
      { kind: 'message', text: 'Done.' },
    ]);
    const body = messagesBody({ stream: false, tools: TOOLS });
    const first = (await bench.messages({ body }).end).json() as { content: unknown[]; stop_reason: string };
    expect(first).toMatchObject({
      content: [
        { type: 'text', text: 'Look:' },
        { type: 'tool_use', id: 'call_1', name: 'Bash', input: { command: 'ls' } },
      ],
      stop_reason: 'tool_use',
    });
    const messages = [
      { role: 'user', content: 'Say hello.' },
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see' },
          { type: 'tool_result', tool_use_id: 'call_1', content: 'a.txt' },
        ],
      },
    ];
    const second = await bench.messages({ body: messagesBody({ stream: false, tools: TOOLS, messages }) })
      .end;
    expect(second.json()).toMatchObject({ content: [{ type: 'text', text: 'Done.' }] });
    expect(sentTo(provider, 1).messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'user',
    ]);
  });

  it('is asked at its mapped model and told by the client’s own name', async () => {
    const { provider, bench } = await alone(
      { kind: 'message' },
      {
        model_mappings: { 'claude-sonnet-5-5': 'deepseek-chat' },
        compat: { extra_body: { seed: 7 }, drop_fields: ['max_tokens'] },
      },
    );
    const answer = await bench.messages({ body: WHOLE_BODY }).end;
    expect(answer.json()).toMatchObject({ model: 'claude-sonnet-5-5' });
    expect(provider.requests[0]?.json()).toEqual({
      model: 'deepseek-chat',
      messages: [{ role: 'user', content: 'Grüß dich ä “quoted”' }],
      seed: 7,
    });
  });

  it('must stream where it is said so, and its stream becomes one message', async () => {
    const { provider, bench } = await alone({ kind: 'message', text: 'Streamed.' }, { must_stream: true });
    const answer = await bench.messages({ body: WHOLE_BODY }).end;
    expect(sentTo(provider, 0).stream).toBe(true);
    expect([answer.header('content-type'), answer.json()]).toMatchObject([
      'application/json',
      { content: [{ type: 'text', text: 'Streamed.' }], stop_reason: 'end_turn' },
    ]);
  });

  it('is told of once if it gets requests without something', async () => {
    const { provider, bench } = await alone();
    const tools = [...TOOLS, { type: 'web_search_20250305', name: 'web_search' }];
    const body = messagesBody({ tools, tool_choice: { type: 'tool', name: 'web_search' } });
    for (let times = 0; times < 3; times++) await bench.messages({ body }).end;
    expect(sentTo(provider)).not.toHaveProperty('tool_choice');
    expect(bench.events.filter(({ type }) => type === 'provider.lacks')).toMatchObject([
      { provider: 'chat', parts: [expect.stringContaining('web_search_20250305')] },
    ]);
  });

  it('is never asked to count tokens', async () => {
    const { provider, bench } = await alone();
    const answer = await bench.count();
    expect([answer.status, answer.header('x-balancer-provider')]).toEqual([200, 'local-estimate']);
    expect(provider.requests).toHaveLength(0);
    expect((await bench.ended(1)).result).toBe('local');
  });

  it('leaves counting to a provider that counts', async () => {
    const first = await start({ name: 'chat' });
    const second = await start({ name: 'real' });
    const bench = await balance({ providers: [chat(first), entry(second)] });
    expect((await bench.count()).header('x-provider-used')).toBe('real');
    expect([first.requests.length, second.requests.length]).toEqual([0, 1]);
  });
});

describe('a turn of a thread that a server holds', () => {
  const thread = { type: 'continue', previous_message_id: 'msg_1' };

  it('goes to a provider that may hold it, and speaks against nobody', async () => {
    const one = await start({ name: 'chat' });
    const two = await start({ name: 'real' });
    const bench = await balance({ providers: [chat(one), entry(two)] });
    const answer = await bench.messages({ body: messagesBody({ thread }) }).end;
    expect([answer.status, answer.header('x-provider-used')]).toEqual([200, 'real']);
    expect([one.requests.length, (await bench.provider('chat')).failures]).toEqual([0, '0/2']);
  });

  it('is refused by the others in the words on which the SDK sends all of it', async () => {
    const { provider, bench } = await alone();
    const answer = await bench.messages({ body: messagesBody({ thread }) }).end;
    expect([answer.status, answer.json()]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error', details: { error_code: 'thread_not_found' } } },
    ]);
    expect(provider.requests).toHaveLength(0);
  });
});

describe('a search of the web', () => {
  const SEARCH = { type: 'web_search_20250305', name: 'web_search', max_uses: 8 };

  it('goes to a provider of type anthropic first, any other request does not', async () => {
    const one = await start({ name: 'chat' });
    const two = await start({ name: 'real' });
    const bench = await balance({ providers: [chat(one), entry(two)] });
    const by = async (tools: readonly object[]) =>
      (await bench.messages({ body: messagesBody({ tools }) }).end).header('x-provider-used');
    expect(await by([SEARCH])).toBe('real');
    expect(await by([SEARCH, ...TOOLS])).toBe('chat');
    expect(await by([{ type: 'bash_20250124', name: 'bash' }])).toBe('chat');
  });

  it('is answered by the others all the same where nobody else is left', async () => {
    const one = await start({ name: 'chat' });
    const two = await start({ name: 'real', behaviour: { kind: 'http', status: 500, body: 'down' } });
    const bench = await balance({ providers: [chat(one), entry(two)] });
    const answer = await bench.messages({ body: messagesBody({ tools: [SEARCH] }) }).end;
    expect([answer.status, answer.header('x-provider-used')]).toEqual([200, 'chat']);
    expect(sentTo(one)).not.toHaveProperty('tools');
  });
});

describe('failover', () => {
  it('goes from a provider of type anthropic to one of type openai', async () => {
    const first = await start({ name: 'real', behaviour: apiError(529, 'overloaded_error', 'Overloaded') });
    const second = await start({ name: 'chat', behaviour: { kind: 'message', text: 'Here.' } });
    const bench = await balance({ providers: [entry(first), chat(second)] });
    const answer = await bench.messages().end;
    expect([answer.status, answer.header('x-provider-used')]).toEqual([200, 'chat']);
  });

  it('and the other way, with the client’s own bytes', async () => {
    const first = await start({
      name: 'chat',
      behaviour: openaiError(503, 'server_error', 'The engine is busy'),
    });
    const second = await start({ name: 'real', behaviour: { kind: 'message', text: 'Here.' } });
    const bench = await balance({ providers: [chat(first), entry(second)] });
    const answer = await bench.messages().end;
    expect([answer.status, answer.header('x-provider-used')]).toEqual([200, 'real']);
    expect(second.requests[0]?.body.toString()).toBe(BODY);
    expect(second.requests[0]?.path).toBe('/v1/messages?beta=true');
  });
});
