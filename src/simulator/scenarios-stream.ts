import type { StreamPart } from './behaviour.ts';
import { errorEvent } from './errors.ts';
import { PING } from './message.ts';
import type { Scenario } from './scenario.ts';

const PING_MS = 1000;
const OVERLOADED = errorEvent('overloaded_error', 'Overloaded');
const API_ERROR = errorEvent('api_error', 'Internal server error');
const TORN: StreamPart = {
  kind: 'event',
  name: 'content_block_delta',
  data: '{"type":"content_block_delta","index":0,"delta":{"type":"text_de',
};

/** Streams that fail before their first content: nobody has seen anything yet. */
export const EARLY_STREAM_SCENARIOS = {
  sse_overloaded: {
    about: 'overloaded_error as the first event',
    behaviour: { kind: 'stream', parts: [OVERLOADED] },
    expected: 'overloaded',
  },
  sse_error_after_message_start: {
    about: 'api_error after message_start',
    behaviour: { kind: 'cut', after: 'message_start', add: [API_ERROR], ends: 'end' },
    expected: 'server_error',
  },
  sse_error_after_block_start: {
    about: 'api_error after a bare content_block_start',
    behaviour: { kind: 'cut', after: 'block_start', add: [API_ERROR], ends: 'end' },
    expected: 'server_error',
  },
  sse_rate_limited: {
    about: 'rate_limit_error as the first event',
    behaviour: { kind: 'stream', parts: [errorEvent('rate_limit_error', 'Too many requests')] },
    expected: 'burst_limited',
  },
  sse_error_without_event_line: {
    about: 'an error of Anthropic’s shape with a data line only',
    behaviour: { kind: 'stream', parts: [OVERLOADED], eventLines: false },
    expected: 'overloaded',
  },
  sse_error_openai: {
    about: 'an error of OpenAI’s shape with a data line only',
    behaviour: {
      kind: 'stream',
      parts: [
        { kind: 'event', data: { error: { message: 'The server had an error', type: 'server_error' } } },
      ],
    },
    expected: 'server_error',
  },
  sse_error_text: {
    about: 'event: error with a plain text',
    behaviour: { kind: 'stream', parts: [{ kind: 'event', name: 'error', data: 'upstream failed' }] },
    expected: 'server_error',
  },
  sse_malformed: {
    about: 'malformed JSON in the first delta',
    behaviour: { kind: 'cut', after: 'block_start', add: [TORN], ends: 'end' },
    expected: 'not_an_answer',
  },
  sse_empty: {
    about: 'a stream that ends without any event',
    behaviour: { kind: 'stream', parts: [] },
    expected: 'cut_early',
  },
  fin_without_content: {
    about: 'closed after the headers',
    behaviour: { kind: 'cut', after: 'head', ends: 'fin' },
    expected: 'cut_early',
    anyForm: true,
  },
  reset_after_headers: {
    about: 'reset after the headers',
    behaviour: { kind: 'cut', after: 'head', ends: 'reset' },
    expected: 'cut_early',
    anyForm: true,
  },
  fin_after_message_start: {
    about: 'closed after message_start',
    behaviour: { kind: 'cut', after: 'message_start', ends: 'fin' },
    expected: 'cut_early',
  },
  end_after_message_start: {
    about: 'a proper end of HTTP after message_start',
    behaviour: { kind: 'cut', after: 'message_start', ends: 'end' },
    expected: 'cut_early',
  },
  reset_after_message_start: {
    about: 'reset after message_start',
    behaviour: { kind: 'cut', after: 'message_start', ends: 'reset' },
    expected: 'cut_early',
  },
  reset_after_block_start: {
    about: 'reset after a bare content_block_start',
    behaviour: { kind: 'cut', after: 'block_start', ends: 'reset' },
    expected: 'cut_early',
  },
  bad_framing: {
    about: 'bad chunk framing after the headers',
    behaviour: { kind: 'cut', after: 'head', ends: 'bad_framing' },
    expected: 'cut_early',
  },
  pings_then_end: {
    about: 'a few pings, then the end',
    behaviour: { kind: 'stream', parts: [PING, PING, PING] },
    expected: 'cut_early',
  },
  pings_forever: {
    about: 'pings only, for ever',
    behaviour: { kind: 'stream', parts: [{ kind: 'repeat', part: PING, everyMs: PING_MS }] },
    expected: 'stalled',
    endless: true,
  },
  comments_forever: {
    about: 'comments only, for ever',
    behaviour: {
      kind: 'stream',
      parts: [{ kind: 'repeat', part: { kind: 'text', text: ': keep-alive\n\n' }, everyMs: PING_MS }],
    },
    expected: 'stalled',
    endless: true,
  },
  stall_after_headers: {
    about: 'silence after the headers',
    behaviour: { kind: 'cut', after: 'head', ends: 'stall' },
    expected: 'stalled',
    endless: true,
    anyForm: true,
  },
  stall_after_message_start: {
    about: 'silence after message_start',
    behaviour: { kind: 'cut', after: 'message_start', ends: 'stall' },
    expected: 'stalled',
    endless: true,
  },
  stall_after_block_start: {
    about: 'silence after a bare content_block_start',
    behaviour: { kind: 'cut', after: 'block_start', ends: 'stall' },
    expected: 'stalled',
    endless: true,
  },
} as const satisfies Readonly<Record<string, Scenario>>;

/** Streams that fail after content reached the client: nobody can mend them. */
export const LATE_STREAM_SCENARIOS = {
  reset_mid_text: {
    about: 'reset after a delta',
    behaviour: { kind: 'cut', after: 'delta', ends: 'reset' },
    expected: 'cut_late',
  },
  reset_mid_event: {
    about: 'reset within an event',
    behaviour: { kind: 'cut', after: 'mid_delta', ends: 'reset' },
    expected: 'cut_late',
  },
  reset_after_block: {
    about: 'reset after a completed block',
    behaviour: { kind: 'cut', after: 'block_stop', ends: 'reset' },
    expected: 'cut_late',
  },
  fin_mid_text: {
    about: 'closed after a delta',
    behaviour: { kind: 'cut', after: 'delta', ends: 'fin' },
    expected: 'cut_late',
  },
  end_mid_text: {
    about: 'a proper end of HTTP after a delta',
    behaviour: { kind: 'cut', after: 'delta', ends: 'end' },
    expected: 'cut_late',
  },
  stall_mid_text: {
    about: 'silence after a delta',
    behaviour: { kind: 'cut', after: 'delta', ends: 'stall' },
    expected: 'cut_late',
    endless: true,
  },
  sse_error_mid_text: {
    about: 'overloaded_error after a delta',
    behaviour: { kind: 'cut', after: 'delta', add: [OVERLOADED], ends: 'end' },
    expected: 'cut_late',
  },
  sse_malformed_mid_text: {
    about: 'malformed JSON after a delta',
    behaviour: { kind: 'cut', after: 'delta', add: [TORN], ends: 'end' },
    expected: 'cut_late',
  },
  bad_framing_mid_text: {
    about: 'bad chunk framing after a delta',
    behaviour: { kind: 'cut', after: 'delta', ends: 'bad_framing' },
    expected: 'cut_late',
  },
} as const satisfies Readonly<Record<string, Scenario>>;
