import { describe, expect, it } from 'vitest';
import type { AnswerBlock, Behaviour } from '../../src/simulator/behaviour.ts';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { messagesBody } from '../support/client.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const DOWN: Behaviour = { kind: 'http', status: 500, body: 'down' };
const BASH = { name: 'Bash', input_schema: { type: 'object', properties: { command: { type: 'string' } } } };
const THINKS = { thinking: { type: 'adaptive' }, tools: [BASH], stream: false, max_tokens: 4096 };

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}
interface Turn {
  readonly role: string;
  readonly content: string | readonly Block[];
  readonly tool_calls?: readonly { readonly extra_content?: unknown }[];
}
interface Sent {
  readonly thinking?: { readonly type: string };
  readonly messages: readonly Turn[];
}

/** A conversation that goes on turn by turn, as Claude Code has it. */
class Talk {
  readonly messages: Turn[] = [];
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async say(
    content: Turn['content'],
  ): Promise<{ readonly by: string | undefined; readonly content: readonly Block[] }> {
    this.messages.push({ role: 'user', content });
    const body = messagesBody({ ...THINKS, messages: this.messages });
    const answer = await this.#bench.messages({ body }).end;
    const message = answer.json() as { content: readonly Block[] };
    if (answer.status !== 200) throw new Error(answer.text);
    this.messages.push({ role: 'assistant', content: message.content });
    return { by: answer.header('x-provider-used'), content: message.content };
  }
}

const thought = (thinking: string): AnswerBlock => ({ type: 'thinking', thinking });
const call = (id: string): AnswerBlock => ({ type: 'tool_use', id, name: 'Bash', input: { command: 'ls' } });
const result = (id: string): Block => ({ type: 'tool_result', tool_use_id: id, content: 'a.txt' });
const says = (...blocks: AnswerBlock[]): Behaviour => ({ kind: 'message', blocks });

function bodyOf({ requests }: { readonly requests: readonly ReceivedRequest[] }, at: number): Sent {
  const request = requests.at(at);
  if (request === undefined) throw new Error('no such request');
  return request.json() as Sent;
}

function typesOf({ content }: Turn): readonly string[] {
  return typeof content === 'string' ? ['text'] : content.map(({ type }) => type);
}

async function world(
  types: readonly ['anthropic' | 'openai', 'anthropic' | 'openai'],
  first: Behaviour[],
  second: Behaviour[],
) {
  const one = await start({ name: 'one', behaviour: first });
  const two = await start({ name: 'two', behaviour: second });
  const bench = await balance({
    providers: [entry(one, { type: types[0] }), entry(two, { type: types[1] })],
    settings: { unhealthy_threshold: 100 },
  });
  return { one, two, bench, talk: new Talk(bench) };
}

describe('a conversation that moves to another provider', () => {
  it('loses the thinking that another provider signed, without a refusal', async () => {
    const { two, bench, talk } = await world(
      ['anthropic', 'anthropic'],
      [says(thought('First I think.'), { type: 'text', text: 'Hello.' }), DOWN],
      [says({ type: 'text', text: 'Here.' })],
    );
    expect((await talk.say('hi')).content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    expect((await talk.say('and?')).by).toBe('two');
    const sent = bodyOf(two, 0);
    expect(sent.messages.map(typesOf)).toEqual([['text'], ['text'], ['text']]);
    // Outside of a tool loop it goes on thinking.
    expect(sent.thinking).toEqual({ type: 'adaptive' });
    const [, end] = [await bench.ended(1), await bench.ended(2)];
    expect(end.trace.attempts.map(({ outcome }) => outcome?.kind)).toEqual(['server_error', 'success']);
  });

  it('keeps the thinking of the provider that goes on, and its own bytes', async () => {
    const { one, talk } = await world(
      ['anthropic', 'openai'],
      [says(thought('First I think.'), { type: 'text', text: 'Hello.' })],
      [],
    );
    await talk.say('hi');
    await talk.say('and?');
    expect(bodyOf(one, 1).messages.map(typesOf)).toEqual([['text'], ['thinking', 'text'], ['text']]);
  });

  it('never takes the reasoning of other models to a provider of type anthropic', async () => {
    const { one, two, talk } = await world(
      ['openai', 'anthropic'],
      [says(thought('Some reasoning.'), { type: 'text', text: 'Hello.' }), DOWN],
      [says({ type: 'text', text: 'Here.' })],
    );
    const first = await talk.say('hi');
    const signature = expect.stringMatching(/^balancer\.reasoning\./);
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'Some reasoning.', signature },
      { type: 'text' },
    ]);
    expect((await talk.say('and?')).by).toBe('two');
    expect(one.requests).toHaveLength(2);
    expect(two.requests).toHaveLength(1);
    expect(two.requests[0]?.body.toString()).not.toContain('Some reasoning.');
  });

  it('does not think on where an open tool loop began with another’s thinking, and thinks again after it', async () => {
    const { two, talk } = await world(
      ['openai', 'anthropic'],
      [says(thought('I look.'), call('call_1')), DOWN, DOWN],
      [says({ type: 'text', text: 'I saw it.' }), says({ type: 'text', text: 'Well.' })],
    );
    await talk.say('look');
    await talk.say([result('call_1')]);
    expect(bodyOf(two, 0).thinking).toEqual({ type: 'disabled' });
    expect(bodyOf(two, 0).messages.map(typesOf)).toEqual([['text'], ['tool_use'], ['tool_result']]);
    await talk.say('and?');
    expect(bodyOf(two, 1).thinking).toEqual({ type: 'adaptive' });
  });

  it('leaves no message empty that was nothing but thinking', async () => {
    const { two, bench } = await world(
      ['openai', 'anthropic'],
      [DOWN],
      [says({ type: 'text', text: 'Here.' })],
    );
    const marked = { type: 'thinking', thinking: 'Hm.', signature: 'balancer.reasoning.0123456789abcdef' };
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [marked] },
      { role: 'user', content: 'well?' },
    ];
    await bench.messages({ body: messagesBody({ ...THINKS, messages }) }).end;
    const turns = bodyOf(two, 0).messages;
    expect(turns.map(typesOf)).toEqual([['text'], ['text'], ['text']]);
    expect(turns[1]?.content).not.toEqual([]);
  });

  it('and comes back with everything that both can read', async () => {
    const { one, two, talk } = await world(
      ['anthropic', 'openai'],
      [says(thought('A.'), call('toolu_1')), DOWN, says({ type: 'text', text: 'Back.' })],
      [says(thought('B.'), call('call_2'))],
    );
    await talk.say('look');
    expect((await talk.say([result('toolu_1')])).by).toBe('two');
    expect((await talk.say([result('call_2')])).by).toBe('one');
    const sent = bodyOf(one, -1);
    expect(sent.messages.map(typesOf)).toEqual([
      ['text'],
      ['thinking', 'tool_use'],
      ['tool_result'],
      ['tool_use'],
      ['tool_result'],
    ]);
    expect(sent.thinking).toEqual({ type: 'disabled' });
    expect(two.requests).toHaveLength(1);
  });
});

describe('what a provider attaches to a call', () => {
  const EXTRA = { google: { thought_signature: 'c2lnbmF0dXJl' } };
  const chunk = (delta: object, finish: string | null = null) =>
    ({ kind: 'event', data: { choices: [{ index: 0, delta, finish_reason: finish }] } }) as const;
  const attached: Behaviour = {
    kind: 'stream',
    parts: [
      chunk({
        tool_calls: [
          {
            index: 0,
            id: 'call_9',
            type: 'function',
            function: { name: 'Bash', arguments: '{}' },
            extra_content: EXTRA,
          },
        ],
      }),
      chunk({}, 'tool_calls'),
      { kind: 'event', data: '[DONE]' },
    ],
  };

  it.each([true, false])('goes back to it, and to nobody else (streamed: %s)', async (must_stream) => {
    const one = await start({
      name: 'one',
      behaviour: [attached, { kind: 'message' }, DOWN],
      checkRequests: false,
    });
    const two = await start({ name: 'two', behaviour: { kind: 'message' }, checkRequests: false });
    const bench = await balance({
      providers: [entry(one, { type: 'openai', must_stream }), entry(two, { type: 'openai' })],
      settings: { unhealthy_threshold: 100 },
    });
    const talk = new Talk(bench);
    await talk.say('look');
    const [, turn] = talk.messages;
    expect(turn?.content).toMatchObject([{ type: 'tool_use', id: 'call_9' }]);
    await talk.say([result('call_9')]);
    await talk.say('again');
    const calls = (provider: Parameters<typeof bodyOf>[0], at: number) =>
      bodyOf(provider, at).messages.flatMap(({ tool_calls }) => tool_calls ?? []);
    expect(calls(one, 1)).toMatchObject([{ id: 'call_9', extra_content: EXTRA }]);
    expect(calls(two, 0).map((each) => 'extra_content' in each)).toEqual([false]);
  });
});
