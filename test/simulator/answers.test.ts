import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SimulatedProvider } from '../../src/simulator/provider.ts';
import { fetchAnswer, messagesBody, type PostOptions, send } from '../support/client.ts';
import { createInstantClock } from '../support/instant-clock.ts';
import { THREE_DELTAS } from '../support/message-events.ts';
import { useProviders } from '../support/providers.ts';

const start = useProviders();

function post(
  provider: SimulatedProvider,
  fields: Readonly<Record<string, unknown>> = {},
  options: PostOptions = {},
) {
  return send(`${provider.url}/v1/messages?beta=true`, { body: messagesBody(fields), ...options });
}

describe('a good answer', () => {
  it('is a complete event stream in the order of the Messages API', async () => {
    const provider = await start({ behaviour: { kind: 'message', text: 'abc' } });
    const answer = await post(provider).end;
    expect(answer.status).toBe(200);
    expect(answer.end).toBe('complete');
    expect(answer.events.map((event) => event.name)).toEqual(THREE_DELTAS);
    expect(answer.events.every((event) => JSON.parse(event.data).type === event.name)).toBe(true);
  });

  it('is one JSON message for a request without stream', async () => {
    const provider = await start({ name: 'alpha', behaviour: { kind: 'message', text: 'abc' } });
    const answer = await post(provider, { stream: false }).end;
    expect(answer.json()).toMatchObject({
      type: 'message',
      id: 'msg_alpha_1',
      model: 'claude-sonnet-5-5',
      content: [{ type: 'text', text: 'abc' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 12, output_tokens: 7 },
    });
  });

  it('stands at its hold until it is released', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_last' } });
    const exchange = post(provider);
    const request = await provider.nextRequest();
    await request.held;
    await exchange.event(2);
    request.release();
    const answer = await exchange.end;
    expect(answer.events.at(-1)?.name).toBe('message_stop');
    await expect(request.ended).resolves.toBe('answered');
  });

  it('holds its headers back until the provider releases all', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_head' } });
    const exchange = post(provider);
    await (await provider.nextRequest()).held;
    expect(exchange.chunks).toHaveLength(0);
    provider.release();
    expect((await exchange.end).end).toBe('complete');
  });

  it('pings between message_start and the content while it thinks hidden', async () => {
    const clock = createInstantClock();
    const provider = await start({
      clock,
      behaviour: { kind: 'message', hiddenThinking: { pings: 2, everyMs: 30_000 } },
    });
    const answer = await post(provider).end;
    const [first, second, third, fourth] = answer.events.map((event) => event.name);
    expect([first, second, third, fourth]).toEqual(['message_start', 'ping', 'ping', 'content_block_start']);
    expect(clock.elapsedMs).toBe(60_000);
  });

  it('waits between events by the clock it was given', async () => {
    const clock = createInstantClock();
    const provider = await start({ clock, behaviour: { kind: 'message', text: 'abc', delayMs: 1000 } });
    await post(provider).end;
    expect(clock.elapsedMs).toBe(1000 * (THREE_DELTAS.length - 1));
  });

  it.each(['gzip', 'deflate', 'br'] as const)(
    'compressed with %s can be read event by event',
    async (encoding) => {
      const provider = await start({ behaviour: { kind: 'message', encoding, hold: 'before_last' } });
      const exchange = post(provider, {}, { decode: true });
      await exchange.event(2);
      provider.release();
      const answer = await exchange.end;
      expect(answer.header('content-encoding')).toBe(encoding);
      expect(answer.events.map((event) => event.name)).toEqual(THREE_DELTAS);
    },
  );

  it('keeps its events when its lines end with CR LF, or its bytes are split over many writes', async () => {
    const provider = await start({
      behaviour: [
        { kind: 'message', lineEnd: '\r\n' },
        { kind: 'message', bytesPerWrite: 7 },
      ],
    });
    const windows = await post(provider).end;
    expect(windows.text).toContain('event: message_stop\r\ndata: {"type":"message_stop"}\r\n\r\n');
    expect(windows.text.replaceAll('\r\n', '')).not.toContain('\n');
    expect((await post(provider).end).events.map((event) => event.name)).toEqual(THREE_DELTAS);
  });

  it('comes without event lines where told so', async () => {
    const provider = await start({ behaviour: { kind: 'message', eventLines: false } });
    const answer = await post(provider).end;
    expect(answer.events).toHaveLength(THREE_DELTAS.length);
    expect(answer.text).not.toContain('event:');
  });

  it('can have the form that nobody asked for', async () => {
    const provider = await start({
      behaviour: [
        { kind: 'message', format: 'json' },
        { kind: 'message', format: 'stream' },
      ],
    });
    expect((await post(provider, { stream: true }).end).json()).toMatchObject({ type: 'message' });
    expect((await post(provider, { stream: false }).end).events.at(-1)?.name).toBe('message_stop');
  });

  it('keeps the connection for the next request', async () => {
    const provider = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post(provider, {}, { agent }).end;
    await post(provider, {}, { agent }).end;
    agent.destroy();
    expect(provider.connections).toBe(1);
    expect(provider.requests.map((request) => request.reused)).toEqual([false, true]);
  });

  it('comes over TLS to whoever trusts its certificate', async () => {
    const provider = await start({ tls: true });
    const ca = provider.certificate ?? '';
    const answer = await post(provider, {}, { ca }).end;
    expect(provider.url).toMatch(/^https:/);
    expect(answer.status).toBe(200);
  });
});

describe('a tool call', () => {
  it('streams its input in pieces that join to the object', async () => {
    const input = { command: 'echo "ä\n"', nested: [1, { two: 2 }] };
    const provider = await start({
      behaviour: { kind: 'message', pieces: 5, blocks: [{ type: 'tool_use', name: 'Bash', input }] },
    });
    const events = (await post(provider).end).events.map((event) => JSON.parse(event.data));
    const json = events.map((event) => event.delta?.partial_json ?? '').join('');
    expect(JSON.parse(json)).toEqual(input);
    expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: 'tool_use' } });
  });
});

describe('a thinking block', () => {
  const thinking = { kind: 'message', blocks: [{ type: 'thinking', thinking: 'Hm.' }] } as const;

  async function think(provider: SimulatedProvider): Promise<unknown> {
    const answer = await post(provider, { stream: false }).end;
    return (answer.json() as { readonly content: readonly unknown[] }).content[0];
  }

  function replay(provider: SimulatedProvider, block: unknown) {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [block] },
      { role: 'user', content: 'b' },
    ];
    return post(provider, { messages }).end;
  }

  it('is taken back by the provider that signed it', async () => {
    const alpha = await start({ name: 'alpha', behaviour: thinking });
    expect((await replay(alpha, await think(alpha))).status).toBe(200);
  });

  it('is refused by any other provider, in the words of the API', async () => {
    const alpha = await start({ name: 'alpha', behaviour: thinking });
    const beta = await start({ name: 'beta', behaviour: thinking });
    const answer = await replay(beta, await think(alpha));
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      error: { message: 'messages.1.content.0: Invalid `signature` in `thinking` block' },
    });
  });

  it('is refused without a signature, unless the provider does not look', async () => {
    const strict = await start({ behaviour: thinking });
    const lax = await start({ behaviour: thinking, checkSignatures: false });
    const bare = { type: 'thinking', thinking: 'Hm.' };
    expect((await replay(strict, bare)).text).toContain('thinking.signature: Field required');
    expect((await replay(lax, bare)).status).toBe(200);
  });
});

describe('the side endpoints', () => {
  it('are answered without taking a turn of the messages', async () => {
    const provider = await start({ behaviour: [{ kind: 'http', status: 500 }, { kind: 'message' }] });
    const count = await fetchAnswer(`${provider.url}/v1/messages/count_tokens?beta=true`, {
      body: messagesBody(),
    });
    const models = await fetchAnswer(`${provider.url}/v1/models?limit=1000`);
    expect(count.json()).toEqual({ input_tokens: expect.any(Number) });
    expect(models.json()).toMatchObject({ data: [{ type: 'model' }, {}, {}], has_more: false });
    expect((await post(provider).end).status).toBe(500);
  });

  it('fail apart from the messages', async () => {
    const provider = await start({ sideBehaviour: { kind: 'http', status: 404 } });
    const count = await fetchAnswer(`${provider.url}/v1/messages/count_tokens`, { body: messagesBody() });
    expect(count.status).toBe(404);
    expect((await post(provider).end).status).toBe(200);
  });

  it('answer a probe without a body', async () => {
    const provider = await start();
    const answer = await fetchAnswer(`${provider.url}/api/hello`, { method: 'HEAD' });
    expect([answer.status, answer.text, answer.end]).toEqual([200, '', 'complete']);
  });
});

describe('Chat Completions', () => {
  it('streams the same answer in its own words', async () => {
    const provider = await start({ behaviour: { kind: 'message', text: 'abc' } });
    const answer = await fetchAnswer(`${provider.url}/v1/chat/completions`, { body: messagesBody() });
    const chunks = answer.events.slice(0, -1).map((event) => JSON.parse(event.data));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('abc');
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop');
    expect(answer.events.at(-1)?.data).toBe('[DONE]');
  });

  it('answers a request without stream with one completion', async () => {
    const provider = await start({
      behaviour: { kind: 'message', blocks: [{ type: 'tool_use', name: 'Bash', input: { command: 'ls' } }] },
    });
    const answer = await fetchAnswer(`${provider.url}/v1/chat/completions`, {
      body: messagesBody({ stream: false }),
    });
    expect(answer.json()).toMatchObject({
      choices: [
        {
          message: { tool_calls: [{ function: { name: 'Bash', arguments: '{"command":"ls"}' } }] },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });
});
