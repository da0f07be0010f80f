import type { Scenario } from './scenario.ts';

const SEARCH = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [
    { type: 'web_search_result', title: 'Example', url: 'https://example.com/', encrypted_content: 'AAAA' },
  ],
};
const ABOUT_ERRORS =
  'A failing stream says event: error and data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}; 429 rate limit, Insufficient credits and 无可用模型 are other texts.';
const STREAM_TEXT = {
  pieces: 8,
  text: 'An answer long enough to come in several pieces, one after the other.',
};

/** Good answers, the plain ones and the odd ones: each of them is an answer. */
export const ANSWER_SCENARIOS = {
  success: {
    about: 'a good answer, as asked for',
    behaviour: { kind: 'message' },
    expected: 'success',
    anyForm: true,
  },
  streaming_success: {
    about: 'a good answer in several pieces',
    behaviour: { kind: 'message', ...STREAM_TEXT },
    expected: 'success',
    anyForm: true,
  },
  duplicate_cache: {
    about: 'the same bytes for each request',
    behaviour: { kind: 'message', text: 'Always the same answer.', model: 'simulated-model' },
    expected: 'success',
    anyForm: true,
  },
  tool_use: {
    about: 'calls the Bash tool',
    behaviour: {
      kind: 'message',
      blocks: [
        { type: 'text', text: 'I run it.' },
        { type: 'tool_use', name: 'Bash', input: { command: 'echo hello', description: 'Say hello' } },
      ],
    },
    expected: 'success',
    anyForm: true,
  },
  parallel_tools: {
    about: 'calls three tools at once',
    behaviour: {
      kind: 'message',
      blocks: ['one', 'two', 'three'].map((word) => ({
        type: 'tool_use',
        name: 'Bash',
        input: { command: `echo ${word}` },
      })),
    },
    expected: 'success',
    anyForm: true,
  },
  thinking: {
    about: 'thinks aloud, signed in its own name',
    behaviour: {
      kind: 'message',
      blocks: [
        { type: 'thinking', thinking: 'What would be a good answer?' },
        { type: 'text', text: 'This one.' },
      ],
    },
    expected: 'success',
    anyForm: true,
  },
  redacted_thinking: {
    about: 'a thinking block that is complete at its start',
    behaviour: {
      kind: 'message',
      blocks: [
        { type: 'whole', block: { type: 'redacted_thinking', data: 'AAAA' } },
        { type: 'text', text: 'Done.' },
      ],
    },
    expected: 'success',
    anyForm: true,
  },
  server_tools: {
    about: 'a web search at the provider, with its result',
    behaviour: {
      kind: 'message',
      blocks: [
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'example' } },
        { type: 'whole', block: SEARCH },
        { type: 'text', text: 'Found it.' },
      ],
    },
    expected: 'success',
    anyForm: true,
  },
  empty_content: {
    about: 'a proper message without content',
    behaviour: { kind: 'message', blocks: [] },
    expected: 'success',
    anyForm: true,
  },
  max_tokens: {
    about: 'ends at max_tokens',
    behaviour: { kind: 'message', stopReason: 'max_tokens' },
    expected: 'success',
    anyForm: true,
  },
  talk_of_errors: {
    about: 'the model writes about errors',
    behaviour: { kind: 'message', text: ABOUT_ERRORS },
    expected: 'success',
    anyForm: true,
  },
  fin_after_message_delta: {
    about: 'closed after its stop_reason, without message_stop',
    behaviour: { kind: 'cut', after: 'message_delta', ends: 'fin' },
    expected: 'success',
  },
  reset_after_message_delta: {
    about: 'reset after its stop_reason',
    behaviour: { kind: 'cut', after: 'message_delta', ends: 'reset' },
    expected: 'success',
  },
  open_after_message_stop: {
    about: 'complete, but the connection is held open',
    behaviour: { kind: 'message', ends: 'open' },
    expected: 'success',
    endless: true,
  },
  reset_on_reuse: {
    about: 'a good answer, then the kept connection is reset when it is used again',
    behaviour: { kind: 'message', ends: 'reset_on_reuse' },
    expected: 'success',
  },
  hidden_thinking: {
    about: 'three seconds of pings between message_start and the content',
    behaviour: { kind: 'message', hiddenThinking: { pings: 3, everyMs: 1000 } },
    expected: 'success',
  },
  slow: {
    about: 'an event every 300 ms',
    behaviour: { kind: 'message', delayMs: 300, ...STREAM_TEXT },
    expected: 'success',
  },
  crlf: {
    about: 'lines end with CR LF',
    behaviour: { kind: 'message', lineEnd: '\r\n' },
    expected: 'success',
  },
  no_event_lines: {
    about: 'data lines only',
    behaviour: { kind: 'message', eventLines: false },
    expected: 'success',
  },
  split_writes: {
    about: 'seven bytes a TCP write',
    behaviour: { kind: 'message', bytesPerWrite: 7 },
    expected: 'success',
  },
  gzip: {
    about: 'compressed with gzip',
    behaviour: { kind: 'message', encoding: 'gzip' },
    expected: 'success',
    anyForm: true,
  },
  deflate: {
    about: 'compressed with deflate',
    behaviour: { kind: 'message', encoding: 'deflate' },
    expected: 'success',
    anyForm: true,
  },
  brotli: {
    about: 'compressed with brotli',
    behaviour: { kind: 'message', encoding: 'br' },
    expected: 'success',
    anyForm: true,
  },
  unframed: {
    about: 'no chunks and no length: the end of the connection ends the answer',
    behaviour: { kind: 'message', framing: 'close' },
    expected: 'success',
  },
  json_for_stream: {
    about: 'a JSON message for a stream request',
    behaviour: { kind: 'message', format: 'json' },
    expected: 'success',
  },
  stream_for_json: {
    about: 'a stream for a request without stream',
    behaviour: { kind: 'message', format: 'stream' },
    expected: 'success',
    anyForm: true,
  },
} as const satisfies Readonly<Record<string, Scenario>>;
