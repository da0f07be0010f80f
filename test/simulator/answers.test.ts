import { afterEach, describe, expect, it } from 'vitest';
import { type ProviderOptions, type SimulatedProvider, startProvider } from '../../src/simulator/provider.ts';
import { fetchAnswer, messagesBody, send } from '../support/client.ts';

const running: SimulatedProvider[] = [];

async function start(options: ProviderOptions): Promise<SimulatedProvider> {
  const provider = await startProvider(options);
  running.push(provider);
  return provider;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((provider) => provider.close()));
});

function post(provider: SimulatedProvider, fields: Readonly<Record<string, unknown>> = {}) {
  return send(`${provider.url}/v1/messages?beta=true`, { body: messagesBody(fields) });
}

describe('a good answer', () => {
  it('is a complete event stream in the order of the Messages API', async () => {
    const provider = await start({ behaviour: { kind: 'message', text: 'abc' } });
    const answer = await post(provider).end;
    expect(answer.status).toBe(200);
    expect(answer.end).toBe('complete');
    expect(answer.events.map((event) => event.name)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('is one JSON message for a request without stream', async () => {
    const provider = await start({ name: 'alpha', behaviour: { kind: 'message', text: 'abc' } });
    const answer = await post(provider, { stream: false }).end;
    expect(answer.json()).toMatchObject({
      type: 'message',
      model: 'claude-sonnet-5-5',
      content: [{ type: 'text', text: 'abc' }],
      stop_reason: 'end_turn',
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

  it('keeps the connection for the next request', async () => {
    const provider = await start({ behaviour: { kind: 'message' } });
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await fetchAnswer(`${provider.url}/v1/messages`, { body: messagesBody(), agent });
    await fetchAnswer(`${provider.url}/v1/messages`, { body: messagesBody(), agent });
    agent.destroy();
    expect(provider.connections).toBe(1);
    expect(provider.requests.map((request) => request.reused)).toEqual([false, true]);
  });
});
