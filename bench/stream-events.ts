/** Stands before the time at which an event was written; nothing else in a stream holds it. */
const MARK = '@';
const DIGITS = 16;
const NEVER = '0'.repeat(DIGITS);
const WORDS = ` ${MARK}${NEVER} .`;

/** What a stream is made of. */
export interface Pieces {
  readonly start: Buffer;
  /** The event that is repeated; `stamped` gives it a time. */
  readonly delta: Buffer;
  /** The last events tell how many deltas went before them. */
  readonly end: (deltas: number) => Buffer;
}

const DELTA = Buffer.from(
  'event: content_block_delta\n' +
    `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${WORDS}"}}\n\n`,
);
const END = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';

/** Length of the event that a stream of messages repeats, bytes. */
export const DELTA_BYTES = DELTA.length;

export const MESSAGES: Pieces = {
  start: Buffer.from(
    'event: message_start\n' +
      'data: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_read_input_tokens":20000,"output_tokens":1}}}\n\n' +
      'event: content_block_start\n' +
      'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
      'event: ping\ndata: {"type":"ping"}\n\n',
  ),
  delta: DELTA,
  end: (deltas) =>
    Buffer.from(
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
        'event: message_delta\n' +
        `data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":${deltas}}}\n\n${END}`,
    ),
};

/** The same words as a stream of Chat Completions. */
export const CHAT: Pieces = {
  start: chatChunk({ role: 'assistant', content: '' }),
  delta: chatChunk({ content: WORDS }),
  end: (deltas) =>
    Buffer.concat([
      chatChunk({}, 'stop', { prompt_tokens: 25, completion_tokens: deltas, total_tokens: 25 + deltas }),
      Buffer.from('data: [DONE]\n\n'),
    ]),
};

function chatChunk(delta: object, finishReason: string | null = null, usage?: object): Buffer {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  const chunk = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt',
    choices,
    usage,
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}

/** The time of all processes of this machine, µs: what one wrote down another may subtract. */
export function machineUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A copy of the event that tells when it was written. */
export function stamped(event: Buffer, atUs: number): Buffer {
  const copy = Buffer.from(event);
  copy.write(String(atUs).padStart(DIGITS, '0'), copy.indexOf(MARK) + MARK.length, 'latin1');
  return copy;
}

/** Tells the time of each event in these bytes. An event that is cut in two by a chunk's end tells none. */
export function readStamps(bytes: Buffer, told: (atUs: number) => void): void {
  let from = bytes.indexOf(MARK);
  while (from >= 0) {
    const end = from + MARK.length + DIGITS;
    if (end <= bytes.length) told(Number(bytes.toString('latin1', from + MARK.length, end)));
    from = bytes.indexOf(MARK, end);
  }
}

/** What a received stream of messages lacks; `undefined`: it is whole. */
export function lossOf(text: string): string | undefined {
  if (!text.endsWith(END)) return 'it has no message_stop at its end';
  const received = text.split('event: content_block_delta\n').length - 1;
  const sent = Number(/"type":"message_delta".*"output_tokens":(\d+)/.exec(text)?.[1]);
  return received === sent ? undefined : `${received} of ${sent} events arrived`;
}
