import { expect, it } from 'vitest';
import { messageSubscriber } from '../../src/broadcast/message-subscriber.ts';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import type { Message } from '../../src/protocols/anthropic/message-assembler.ts';
import { playMessage } from '../../src/protocols/anthropic/message-player.ts';

const MESSAGE: Message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'tool_use', id: 't', name: 'n', input: { path: 'a' } }],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};

function collected(room = 10_000) {
  const seen: (Message | 'broken' | 'no room')[] = [];
  const budget = createBufferBudget(() => room);
  const subscriber = messageSubscriber(
    {
      whole: (message) => seen.push(message),
      broken: () => seen.push('broken'),
      noRoom: () => seen.push('no room'),
    },
    budget,
  );
  return { seen, subscriber, budget };
}

it('a stream becomes the message that it tells, whatever its chunks', () => {
  const { seen, subscriber } = collected();
  for (const byte of playMessage(MESSAGE)) expect(subscriber.chunk(Buffer.from([byte]), false)).toBe(true);
  subscriber.end(false);
  expect(seen).toEqual([MESSAGE]);
});

it('a stream that breaks, errs or ends without its stop reason is no message', () => {
  const stream = playMessage(MESSAGE);
  for (const [bytes, ending] of [
    [stream, 'fail'],
    [stream.subarray(0, 200), 'end'],
    [
      Buffer.concat([
        stream.subarray(0, stream.indexOf('event: message_delta')),
        Buffer.from(
          'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n',
        ),
      ]),
      'end',
    ],
  ] as const) {
    const { seen, subscriber } = collected();
    subscriber.chunk(bytes, true);
    if (ending === 'end') subscriber.end(false);
    else subscriber.fail('cut');
    expect(seen).toEqual(['broken']);
  }
});

it('tool input that breaks off makes no message', () => {
  const { seen, subscriber } = collected();
  subscriber.chunk(Buffer.from(playMessage(MESSAGE).toString().replace('\\"a\\"}', '')), true);
  subscriber.end(false);
  expect(seen).toEqual(['broken']);
});

it('what is collected is booked until its end, or until nobody wants it any more', () => {
  const stream = playMessage(MESSAGE);
  for (const over of ['end', 'fail', 'drop'] as const) {
    const { subscriber, budget } = collected();
    subscriber.chunk(stream, true);
    expect(budget.used()).toBe(stream.length);
    if (over === 'end') subscriber.end(false);
    else if (over === 'fail') subscriber.fail('cut');
    else subscriber.drop();
    expect(budget.used()).toBe(0);
  }
});

it('what there is no room for is not collected, and that is told once', () => {
  const { seen, subscriber, budget } = collected(300);
  const stream = playMessage(MESSAGE);
  subscriber.chunk(stream.subarray(0, 200), false);
  subscriber.chunk(stream.subarray(200), true);
  subscriber.end(false);
  subscriber.fail('cut');
  expect([seen, budget.used()]).toEqual([['no room'], 0]);
});
