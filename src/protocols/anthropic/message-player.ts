import { isRecord } from '../../domain/is-record.ts';
import { encodeEvent, MESSAGE_STOP_EVENT } from '../../sse/encoder.ts';
import type { Block } from './block-builder.ts';
import type { Message } from './message-assembler.ts';

/**
 * A message as the stream that a provider would have sent: for a good message that answers a request which asked for a
 * stream. Its events keep to the grammar that `docs/protocols.md` §1 lists.
 */
export function playMessage(message: Message): Buffer {
  const content = Array.isArray(message.content) ? message.content.filter(isRecord) : [];
  return Buffer.concat([
    startOf(message),
    ...content.flatMap((block, index) => playBlock(block, index)),
    endOf(message),
    MESSAGE_STOP_EVENT,
  ]);
}

function usageOf(message: Message): Record<string, unknown> {
  // The SDK fails on a message_start or message_delta without usage.
  return isRecord(message.usage) ? message.usage : { input_tokens: 0, output_tokens: 0 };
}

function startOf(message: Message): Buffer {
  // What the end of a message decides comes with message_delta.
  const { context_management: _later, ...rest } = message;
  return encodeEvent('message_start', {
    type: 'message_start',
    message: {
      ...rest,
      type: 'message',
      role: 'assistant',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usageOf(message), output_tokens: 0 },
    },
  });
}

function endOf(message: Message): Buffer {
  const management = message.context_management;
  return encodeEvent('message_delta', {
    type: 'message_delta',
    delta: {
      stop_reason: typeof message.stop_reason === 'string' ? message.stop_reason : 'end_turn',
      stop_sequence: message.stop_sequence ?? null,
    },
    usage: { output_tokens: 0, ...usageOf(message) },
    ...(management === undefined ? {} : { context_management: management }),
  });
}

function playBlock(block: Block, index: number): Buffer[] {
  const { start, deltas } = opened(block);
  return [
    encodeEvent('content_block_start', { type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) =>
      encodeEvent('content_block_delta', { type: 'content_block_delta', index, delta }),
    ),
    encodeEvent('content_block_stop', { type: 'content_block_stop', index }),
  ];
}

interface Opened {
  readonly start: Block;
  readonly deltas: readonly Block[];
}

/** A block as its start and its deltas. Types that have no deltas, known or not, are complete at their start. */
function opened(block: Block): Opened {
  const { text, thinking, signature, input, citations } = block;
  if (block.type === 'text' && typeof text === 'string') {
    const listed = Array.isArray(citations);
    return {
      start: { ...block, text: '', ...(listed ? { citations: [] } : {}) },
      deltas: [
        ...(text === '' ? [] : [{ type: 'text_delta', text }]),
        ...(listed ? citations.map((citation: unknown) => ({ type: 'citations_delta', citation })) : []),
      ],
    };
  }
  if (block.type === 'thinking' && typeof thinking === 'string') {
    return {
      start: { ...block, thinking: '', signature: '' },
      deltas: [
        ...(thinking === '' ? [] : [{ type: 'thinking_delta', thinking }]),
        ...(typeof signature === 'string' && signature !== ''
          ? [{ type: 'signature_delta', signature }]
          : []),
      ],
    };
  }
  if (typeof block.type === 'string' && block.type.endsWith('tool_use') && isRecord(input)) {
    const json = JSON.stringify(input);
    return {
      start: { ...block, input: {} },
      deltas: json === '{}' ? [] : [{ type: 'input_json_delta', partial_json: json }],
    };
  }
  return { start: block, deltas: [] };
}
