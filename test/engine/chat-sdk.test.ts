import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { openaiError } from '../../src/simulator/errors.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

async function clientOf(behaviour: Behaviour | readonly Behaviour[]) {
  const provider = await start({ name: 'chat', behaviour });
  const bench = await balance({ providers: [entry(provider, { type: 'openai' })] });
  const client = new Anthropic({ baseURL: bench.url, apiKey: 'any', maxRetries: 0, timeout: 15_000 });
  return { provider, client };
}

const ASK = {
  model: 'claude-sonnet-5-5',
  max_tokens: 500,
  messages: [{ role: 'user', content: 'Hi' }],
} satisfies Anthropic.MessageCreateParams;

describe('the Anthropic SDK before a provider of type openai', () => {
  it('gets a message, streamed and not, that says the same', async () => {
    const { client } = await clientOf({
      kind: 'message',
      blocks: [
        { type: 'thinking', thinking: 'I greet.' },
        { type: 'text', text: 'Hello, world.' },
        { type: 'tool_use', id: 'call_1', name: 'look', input: { at: ['a', { b: 1 }] } },
      ],
      usage: { input: 20, output: 9, cacheRead: 4 },
    });
    const tools = [{ name: 'look', input_schema: { type: 'object' as const } }];
    const streamed = await client.messages.stream({ ...ASK, tools }).finalMessage();
    const whole = await client.messages.create({ ...ASK, tools });
    expect(streamed.content).toMatchObject([
      { type: 'thinking', thinking: 'I greet.' },
      { type: 'text', text: 'Hello, world.' },
      { type: 'tool_use', id: 'call_1', name: 'look', input: { at: ['a', { b: 1 }] } },
    ]);
    expect(streamed).toMatchObject({
      stop_reason: 'tool_use',
      usage: { input_tokens: 20, cache_read_input_tokens: 4, output_tokens: 9 },
    });
    // What its helper adds aside.
    const { parsed_output: _parsed, ...plain } = streamed;
    expect({ ...whole, id: '' }).toEqual({ ...plain, id: '' });
  });

  it('runs tools until there is nothing left to do', async () => {
    const call = (id: string, city: string): Behaviour => ({
      kind: 'message',
      blocks: [{ type: 'tool_use', id, name: 'weather', input: { city } }],
    });
    const { provider, client } = await clientOf([
      call('call_1', 'Rome'),
      call('call_2', 'Oslo'),
      { kind: 'message', text: 'Warm and cold.' },
    ]);
    const asked: string[] = [];
    const weather = betaTool({
      name: 'weather',
      description: 'The weather in a city.',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const,
      run: ({ city }: { city: string }) => {
        asked.push(city);
        return `fine in ${city}`;
      },
    });
    const final = await client.beta.messages.toolRunner({ ...ASK, tools: [weather], stream: false });
    expect(final.content).toMatchObject([{ type: 'text', text: 'Warm and cold.' }]);
    expect(asked).toEqual(['Rome', 'Oslo']);
    // Its threads are held by Anthropic's servers alone: each turn comes once more, whole.
    const turns = provider.requests.map((request) =>
      (request.json() as { messages: { role: string }[] }).messages.map(({ role }) => role),
    );
    expect(turns).toEqual([
      ['user'],
      ['user', 'assistant', 'tool'],
      ['user', 'assistant', 'tool', 'assistant', 'tool'],
    ]);
  });

  it('gets a count, and no provider is asked for it', async () => {
    const { provider, client } = await clientOf({ kind: 'message' });
    const { input_tokens } = await client.messages.countTokens({ model: ASK.model, messages: ASK.messages });
    expect(input_tokens).toBeGreaterThan(0);
    expect(provider.requests).toHaveLength(0);
  });

  it('meets errors as its own', async () => {
    const { client } = await clientOf(openaiError(400, 'invalid_request_error', 'No.'));
    await expect(client.messages.create(ASK)).rejects.toThrow(Anthropic.BadRequestError);
    await expect(client.messages.stream(ASK).finalMessage()).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
    });
  });

  it('sees a stream that broke off as an error', async () => {
    const { client } = await clientOf({ kind: 'cut', after: 'delta', ends: 'reset' });
    await expect(client.messages.stream(ASK).finalMessage()).rejects.toThrow(/broke off|terminated/);
  });
});
