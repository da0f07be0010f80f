import { expect, it } from 'vitest';
import { messageSubscriber } from '../../src/broadcast/message-subscriber.ts';
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

function collected() {
  const seen: (Message | 'broken')[] = [];
  const subscriber = messageSubscriber({
    whole: (message) => seen.push(message),
    broken: () => seen.push('broken'),
  });
  return { seen, subscriber };
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
