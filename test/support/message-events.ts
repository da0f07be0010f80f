/** The names of the events of a good answer whose one text comes in three pieces. */
export const THREE_DELTAS = [
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_delta',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
];

/** What `message_start` says, with this usage. */
export function messageStart(usage: Readonly<Record<string, number>>) {
  return {
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  };
}
