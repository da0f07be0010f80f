import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream';
import { describe, expect, it } from 'vitest';
import { createAssembler } from '../../../src/protocols/anthropic/message-assembler.ts';
import { createStreamReader } from '../../../src/protocols/anthropic/stream-reader.ts';
import { encodeEvents } from '../../../src/protocols/openai/stream-translation.ts';
import type { MessageBehaviour } from '../../../src/simulator/behaviour.ts';
import { completionEvents, completionJson } from '../../../src/simulator/openai.ts';
import { answerOptions, sse, translate } from './support.ts';

const ANSWER: MessageBehaviour = {
  kind: 'message',
  blocks: [
    { type: 'thinking', thinking: 'Let me see.' },
    { type: 'text', text: 'I look it up 😀' },
    { type: 'tool_use', name: 'Read', input: { path: '/a', lines: [1, 2] } },
    { type: 'tool_use', name: 'Bash', input: {} },
  ],
  usage: { input: 20, output: 9, cacheRead: 4 },
};
const CONTEXT = { provider: 'p', number: 1, model: 'm' };

const CONTENT = [
  expect.objectContaining({ type: 'thinking', thinking: 'Let me see.' }),
  { type: 'text', text: 'I look it up 😀' },
  expect.objectContaining({ type: 'tool_use', name: 'Read', input: { path: '/a', lines: [1, 2] } }),
  expect.objectContaining({ type: 'tool_use', name: 'Bash', input: {} }),
];

/** What the simulated provider streams. */
function streamed(): string {
  const parts = completionEvents(ANSWER, CONTEXT).map(({ data }) => data);
  return sse(parts.slice(0, -1) as readonly object[]);
}

describe('a translated answer of the simulated provider', () => {
  it('is read whole by the SDK of Anthropic', async () => {
    const { events } = translate(streamed());
    const lines = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(lines);
        controller.close();
      },
    });
    const message = await MessageStream.fromReadableStream(stream).finalMessage();
    expect(message.content).toEqual(CONTENT);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 4, output_tokens: 9 });
  });

  it('is read by the balancer like any stream of Anthropic', () => {
    const bytes = encodeEvents(translate(streamed()).events);
    const facts = createStreamReader().push(bytes);
    expect(facts).toMatchObject({
      firstContent: true,
      stopReason: 'tool_use',
      messageStop: true,
      malformed: undefined,
      needsEventLines: false,
    });
    const assembler = createAssembler();
    assembler.push(bytes);
    expect(JSON.stringify(assembler.finish())).toContain('I look it up');
  });

  it('says the same where the provider ignores that a stream was asked for', () => {
    const whole = translate(JSON.stringify(completionJson(ANSWER, CONTEXT)));
    const bytes = encodeEvents(whole.events);
    expect(createStreamReader().push(bytes)).toMatchObject({ stopReason: 'tool_use', messageStop: true });
  });

  it('cut at any byte it is an error, never a message, and closes no half of a call', () => {
    const text = Buffer.from(streamed());
    const end = text.indexOf('"finish_reason":"tool_calls"');
    for (let at = 0; at < end; at += 7) {
      const { events, translation } = translate([text.subarray(0, at)], answerOptions());
      expect(translation.state).toBe('failed');
      expect(events.at(-1)?.type).toBe('error');
      expect(events.some((event) => event.type === 'message_stop')).toBe(false);
    }
  });
});
