import type { Random } from '../../src/domain/time.ts';
import type { TransportFailure } from '../../src/upstream/transport.ts';
import { between } from './chance.ts';
import type { Fate } from './weather.ts';

/** One thing that a provider does, so long after the one before. */
export interface Move {
  readonly afterMs: number;
  readonly act:
    | { readonly kind: 'head'; readonly status: number; readonly headers: readonly string[] }
    | { readonly kind: 'chunk'; readonly bytes: Buffer }
    | { readonly kind: 'end' }
    | { readonly kind: 'fail'; readonly failure: TransportFailure };
}

/** What an answer is made for. */
export interface Asked {
  readonly stream: boolean;
  readonly count: boolean;
  /** The request goes without what the provider says it does not know. */
  readonly isReduced: boolean;
  readonly isFresh: boolean;
  /** It was repeated without its thinking. */
  readonly isRepaired: boolean;
  /** Names the exchange in everything that it answers. */
  readonly label: string;
}

const STREAM_HEAD = ['content-type', 'text/event-stream'];
const JSON_HEAD = ['content-type', 'application/json'];
const MESSAGE = { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [], stop_reason: null };

/** A mark that tells whose answer a piece belongs to, and which of its pieces it is: `<p1.7:2/5>`. */
function mark(label: string, index: number, count: number): string {
  return `<${label}:${index}/${count}>`;
}

/** Finds the marks in what a client got. */
export const MARKS = /<([\w.]+):(\d+)\/(\d+)>/g;

/** What a provider does with one request. */
export function scriptOf(fate: Fate, asked: Asked, random: Random): readonly Move[] {
  const soon = between(random, 1, 300);
  switch (fate) {
    case 'answer':
      return answer(asked, random, soon);
    case 'slow_answer':
      return answer(asked, random, between(random, 2_000, 60_000));
    case 'refuse_connection':
      return [fails(soon, 'connect', 'ECONNREFUSED')];
    case 'no_network':
      return [fails(soon, 'connect', 'ENETUNREACH')];
    case 'reset_before_head':
      return [fails(soon, 'reset', 'ECONNRESET')];
    case 'reset_reused':
      return asked.isFresh ? answer(asked, random, soon) : [fails(soon, 'reset', 'ECONNRESET', true)];
    case 'reset_in_head':
      return [fails(soon, 'protocol', 'HPE_INVALID_CONSTANT')];
    case 'empty':
      return [head(soon, 200, STREAM_HEAD), { afterMs: 0, act: { kind: 'end' } }];
    case 'cut_before_content':
      return [...opening(asked, soon).slice(0, 2), fails(soon, 'reset', 'ECONNRESET')];
    case 'cut_after_content':
      return [...answer(asked, random, soon).slice(0, -2), fails(soon, 'reset', 'ECONNRESET')];
    case 'end_without_stop':
      return [...answer(asked, random, soon).slice(0, -2), { afterMs: 0, act: { kind: 'end' } }];
    case 'silent_head':
      return [];
    case 'silent_content':
      return opening(asked, soon).slice(0, 2);
    case 'silent_late':
      return answer(asked, random, soon).slice(0, -2);
    case 'pings_only':
      return [
        head(soon, 200, STREAM_HEAD),
        ...Array.from({ length: 40 }, () => chunk(20_000, event('ping', {}))),
      ];
    case 'html':
      return [
        head(soon, 200, ['content-type', 'text/html']),
        chunk(0, '<!doctype html><title>Welcome</title>'),
        { afterMs: 0, act: { kind: 'end' } },
      ];
    case 'error_event_first':
      return [head(soon, 200, STREAM_HEAD), chunk(soon, errorEvent('overloaded_error'))];
    case 'error_event_late':
      return [...answer(asked, random, soon).slice(0, -2), chunk(soon, errorEvent('api_error'))];
    default:
      return status(fate, asked, random, soon);
  }
}

function status(fate: Fate, asked: Asked, random: Random, soon: number): readonly Move[] {
  const [, code = '500', ...rest] = fate.split('_');
  const number = Number(code);
  switch (rest.join('_')) {
    case 'stated':
      return refusal(soon, number, 'rate_limit_error', 'slow down', [
        'retry-after',
        String(between(random, 1, 90)),
      ]);
    case 'signature':
      return asked.isRepaired
        ? answer(asked, random, soon)
        : refusal(soon, 400, 'invalid_request_error', 'Invalid `signature` in `thinking` block');
    case 'unknown_part':
      return asked.isReduced
        ? answer(asked, random, soon)
        : refusal(soon, 400, 'invalid_request_error', 'context_management: Extra inputs are not permitted');
    case 'for_sure':
      return refusal(
        soon,
        400,
        'invalid_request_error',
        'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1',
      );
    default:
      return refusal(soon, number, number === 404 ? 'not_found_error' : 'api_error', `no: ${number}`);
  }
}

/** A stream, or the whole message. The last two moves of a stream are its ending and the end of the exchange. */
function answer(asked: Asked, random: Random, afterMs: number): readonly Move[] {
  const { stream, count, label } = asked;
  if (count) return whole(afterMs, { input_tokens: 7 });
  const pieces = between(random, 1, 5);
  if (!stream) {
    const text = Array.from({ length: pieces }, (_, index) => mark(label, index, pieces)).join('');
    const content = [{ type: 'text', text }];
    return whole(afterMs, { ...MESSAGE, content, stop_reason: 'end_turn', usage: { output_tokens: 2 } });
  }
  const rest = Array.from({ length: pieces - 1 }, (_, index) =>
    chunk(between(random, 1, 800), delta(mark(label, index + 1, pieces))),
  );
  const ending =
    event('content_block_stop', { index: 0 }) +
    event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }) +
    event('message_stop', {});
  return [
    ...opening(asked, afterMs),
    chunk(between(random, 1, 300), delta(mark(label, 0, pieces))),
    ...rest,
    chunk(between(random, 1, 300), ending),
    { afterMs: random() < 0.1 ? 5_000 : 0, act: { kind: 'end' } },
  ];
}

function opening({ stream }: Asked, afterMs: number): readonly Move[] {
  if (!stream) return [head(afterMs, 200, JSON_HEAD), chunk(1, '{"type":"message","content":[')];
  const start = event('message_start', { message: { ...MESSAGE, usage: { input_tokens: 3 } } });
  const block = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  return [head(afterMs, 200, STREAM_HEAD), chunk(1, start + block)];
}

function whole(afterMs: number, body: object): readonly Move[] {
  return [
    head(afterMs, 200, JSON_HEAD),
    chunk(0, JSON.stringify(body)),
    { afterMs: 0, act: { kind: 'end' } },
  ];
}

function refusal(
  afterMs: number,
  code: number,
  type: string,
  message: string,
  headers: readonly string[] = [],
): readonly Move[] {
  return [
    head(afterMs, code, [...JSON_HEAD, ...headers]),
    chunk(0, JSON.stringify({ type: 'error', error: { type, message } })),
    { afterMs: 0, act: { kind: 'end' } },
  ];
}

function delta(text: string): string {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
}

function errorEvent(type: string): string {
  return event('error', { error: { type, message: 'it went wrong' } });
}

function event(type: string, facts: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`;
}

function head(afterMs: number, code: number, headers: readonly string[]): Move {
  return { afterMs, act: { kind: 'head', status: code, headers } };
}

function chunk(afterMs: number, text: string): Move {
  return { afterMs, act: { kind: 'chunk', bytes: Buffer.from(text) } };
}

function fails(
  afterMs: number,
  kind: TransportFailure['kind'],
  code: string,
  reusedConnection = false,
): Move {
  return { afterMs, act: { kind: 'fail', failure: { kind, code, message: code, reusedConnection } } };
}
