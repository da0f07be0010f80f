import { describe, expect, it } from 'vitest';
import { DEFAULT_COMPAT } from '../../src/protocols/openai/compat.ts';
import { ChatConversion } from '../../src/upstream/chat-answer.ts';
import { convertingTransport } from '../../src/upstream/converting-transport.ts';
import type { TransportFailure, UpstreamRequest } from '../../src/upstream/transport.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { playAttempt } from '../support/played-attempt.ts';
import { scriptedTransport } from '../support/scripted-transport.ts';

const REQUEST: UpstreamRequest = {
  method: 'POST',
  url: 'http://a.example/v1/chat/completions',
  headers: [],
  connectTimeoutMs: 1,
  poolTimeoutMs: 1,
};
const RESET: TransportFailure = { kind: 'reset', message: 'gone', reusedConnection: false };
const ASKED = {
  names: { toProvider: (name: string) => name, toClient: (name: string) => name },
  toolUseIds: new Set<string>(),
  stopSequences: [],
};

/** A transport whose answers are converted, the provider's end of it, and all that the sink hears. */
function world({ asksStream = true, ready = true, throws = false } = {}) {
  const clock = new ManualClock();
  const { transport, sent } = scriptedTransport();
  const extras = new Map<string, unknown>();
  const conversion = new ChatConversion({
    answer: { compat: DEFAULT_COMPAT, asked: ASKED, model: 'claude', inputTokens: 10, seed: 's' },
    asksStream,
    now: () => clock.now(),
    keepExtras: (found) => {
      for (const [id, extra] of found) extras.set(id, extra);
    },
  });
  const heard: string[] = [];
  const faults: unknown[] = [];
  const exchange = convertingTransport(
    transport,
    conversion,
    clock,
  )(REQUEST, {
    sent: () => heard.push('sent'),
    head: (status, headers) => heard.push(`head ${status} ${headers.join(' ')}`),
    chunk: (bytes) => {
      if (throws) throw new Error('ours');
      const names = [...bytes.toString().matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
      heard.push(names.length > 0 ? names.join(' ') : bytes.toString());
      return ready;
    },
    end: () => heard.push('end'),
    fail: ({ kind }) => heard.push(`fail ${kind}`),
    fault: (error) => faults.push(error),
  });
  const [played] = sent;
  if (played === undefined) throw new Error('nothing was sent');
  const { sink } = played;
  const say = (data: unknown): boolean =>
    sink.chunk(Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`));
  return { clock, exchange, played, sink, say, heard, faults, conversion, extras };
}

const delta = (fields: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason: finish }],
});

describe('a converting transport', () => {
  it('gives events as they become certain, and leaves the connection to its owner', () => {
    const { sink, say, heard, played } = world();
    sink.sent?.();
    sink.head(200, [
      'Content-Type',
      'text/plain',
      'content-length',
      '9',
      'X-Request-Id',
      'r1',
      'openai-organization',
      'acme',
      'x-ratelimit-limit-requests',
      '5',
    ]);
    say(delta({ content: 'a' }));
    say(delta({}, 'stop'));
    say({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } });
    say('[DONE]');
    expect(heard).toEqual([
      'sent',
      'head 200 content-type text/event-stream; charset=utf-8 request-id r1 x-ratelimit-limit-requests 5',
      'message_start content_block_start content_block_delta',
      'content_block_stop message_delta message_stop',
    ]);
    expect(played.aborted).toBe(false);
    say(delta({ content: 'late' }));
    sink.end();
    expect(heard.slice(4)).toEqual(['end']);
  });

  it('passes pause, resume and abort, and is quiet after an abort', () => {
    const { sink, say, heard, played, exchange, clock } = world({ ready: false });
    sink.head(200, []);
    expect(say(delta({ content: 'a' }))).toBe(false);
    exchange.pause();
    expect(played.paused).toBe(true);
    exchange.resume();
    expect(played.paused).toBe(false);
    say(delta({}, 'stop'));
    exchange.abort();
    expect(played.aborted).toBe(true);
    const before = heard.length;
    clock.advance(60_000);
    expect(heard).toHaveLength(before);
  });

  it('waits a while for the usage after the finish, no longer', () => {
    const { sink, say, heard, clock, played } = world();
    sink.head(200, []);
    say(delta({ content: 'a' }, 'stop'));
    clock.advance(1_499);
    expect(heard.at(-1)).toBe('message_start content_block_start content_block_delta');
    clock.advance(1);
    expect(heard.at(-1)).toBe('content_block_stop message_delta message_stop');
    expect(played.aborted).toBe(false);
  });

  it('waits on for the usage while the client is slow: it may be there already', () => {
    const { sink, say, heard, clock, exchange } = world({ ready: false });
    sink.head(200, []);
    say(delta({ content: 'a' }, 'stop'));
    clock.advance(60_000);
    expect(heard).toHaveLength(2);
    exchange.resume();
    say({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } });
    say('[DONE]');
    expect(heard.at(-1)).toBe('content_block_stop message_delta message_stop');
  });

  it('ends whole where the connection breaks after the finish', () => {
    const { sink, say, heard } = world();
    sink.head(200, []);
    say(delta({ content: 'a' }, 'stop'));
    sink.fail(RESET);
    expect(heard.slice(-2)).toEqual(['content_block_stop message_delta message_stop', 'fail reset']);
  });

  it('tells a break as a break, and an early end as an end', () => {
    const broken = world();
    broken.sink.head(200, []);
    broken.say(delta({ content: 'a' }));
    broken.sink.fail(RESET);
    expect(broken.heard.at(-1)).toBe('fail reset');
    const ended = world();
    ended.sink.head(200, []);
    ended.say(delta({ content: 'a' }));
    ended.sink.end();
    expect(ended.heard.slice(-2)).toEqual(['message_start content_block_start content_block_delta', 'end']);
  });

  it('closes what is no good and goes on', () => {
    const { sink, say, heard, played } = world();
    sink.head(200, []);
    say({ error: { message: 'boom' } });
    expect(heard.slice(-2)).toEqual(['error', 'end']);
    expect(played.aborted).toBe(true);
  });

  it('turns signs of life into pings, at most one a second, none before the beginning', () => {
    const { sink, heard, clock, say } = world();
    const comment = (): boolean => sink.chunk(Buffer.from(': PROCESSING\n\n'));
    sink.head(200, []);
    comment();
    clock.advance(5_000);
    comment();
    say(delta({ content: 'a' }));
    for (let times = 0; times < 5; times++) comment();
    expect(heard.slice(1)).toEqual(['message_start content_block_start content_block_delta']);
    clock.advance(1_000);
    for (let times = 0; times < 5; times++) comment();
    expect(heard.slice(2)).toEqual(['ping']);
  });

  it('tells a failed answer with its converted status and words, and what it was', () => {
    const { sink, heard, conversion } = world();
    const body = '{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}';
    sink.head(400, ['content-type', 'text/html', 'retry-after', '3']);
    sink.chunk(Buffer.from(body.slice(0, 20)));
    sink.chunk(Buffer.from(body.slice(20)));
    expect(heard).toEqual([]);
    sink.end();
    expect(heard).toEqual([
      'head 404 retry-after 3 content-type application/json',
      '{"type":"error","error":{"type":"not_found_error","message":"The model `x` does not exist"}}',
      'end',
    ]);
    expect(conversion.refusal?.body).toBe(body);
  });

  it.each([
    ['stalls', 'stall'],
    ['breaks off', 'fail'],
    ['never ends', 'flood'],
  ])('has heard enough of a failed answer that %s', (_, how) => {
    const { sink, heard, played, clock } = world();
    sink.head(503, []);
    sink.chunk(Buffer.from('{"error":"busy"}'));
    if (how === 'stall') clock.advance(10_000);
    else if (how === 'fail') sink.fail(RESET);
    else sink.chunk(Buffer.alloc(300_000, 0x20));
    expect(heard).toMatchObject([/^head 529 /, /busy/, 'end'].map((words) => expect.stringMatching(words)));
    if (how !== 'fail') expect(played.aborted).toBe(true);
    sink.end();
    expect(heard).toHaveLength(3);
  });

  it('gives one message where no stream was asked for, also behind blanks and comments', () => {
    const { sink, heard } = world({ asksStream: false });
    sink.head(200, []);
    sink.chunk(Buffer.from('\n\n: keep-alive\n\n'));
    sink.chunk(Buffer.from('{"choices":[{"message":{"content":"Hi"},'));
    sink.chunk(Buffer.from('"finish_reason":"stop"}]}'));
    expect(heard).toEqual(['head 200 content-type application/json']);
    sink.end();
    expect(JSON.parse(heard[1] ?? '')).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'Hi' }],
    });
    expect(heard[2]).toBe('end');
  });

  it('leaves what is neither to whoever reads answers', () => {
    for (const body of ['<html>no</html>', '{"choices":[', '']) {
      const { sink, heard } = world({ asksStream: false });
      sink.head(200, []);
      if (body !== '') sink.chunk(Buffer.from(body));
      sink.end();
      expect(heard.slice(1)).toEqual(body === '' ? ['end'] : [body, 'end']);
    }
  });

  it('passes what is no answer as it came', () => {
    const { sink, heard } = world();
    sink.head(302, ['location', 'https://b.example']);
    sink.chunk(Buffer.from('moved'));
    sink.end();
    expect(heard).toEqual(['head 302 location https://b.example', 'moved', 'end']);
  });

  it('blames nobody for an exception of ours', () => {
    const { sink, say, heard, faults } = world({ throws: true });
    sink.head(200, []);
    say(delta({ content: 'a' }));
    sink.end();
    expect(faults).toEqual([new Error('ours')]);
    expect(heard).toHaveLength(1);
  });

  it('keeps what a provider attached to its calls once the answer is whole', () => {
    const call = {
      index: 0,
      id: 'c1',
      function: { name: 'f', arguments: '{}' },
      extra_content: { google: 1 },
    };
    const { sink, say, extras } = world();
    sink.head(200, []);
    say(delta({ tool_calls: [call] }));
    expect(extras.size).toBe(0);
    say(delta({}, 'tool_calls'));
    say('[DONE]');
    expect([...extras]).toEqual([['c1', { google: 1 }]]);
  });
});

describe('an attempt behind a converting transport', () => {
  it('ends as a fault of ours where the conversion throws, and lets go of the provider', () => {
    const faults: unknown[] = [];
    const broken = {
      open: () => {
        throw new Error('ours');
      },
      failed: () => ({ status: 400, headers: [], body: Buffer.alloc(0) }),
      headers: (received: readonly string[]) => received,
    };
    const { sink, exchange, told } = playAttempt(
      {},
      {
        wrap: (transport, clock) => convertingTransport(transport, broken, clock),
        faulted: (error) => faults.push(error),
      },
    );
    sink.sent?.();
    sink.head(200, []);
    sink.chunk(Buffer.from('data: {}\n\n'));
    sink.end();
    expect(faults).toEqual([new Error('ours')]);
    expect([told.outcomes, exchange.aborted]).toEqual([[], true]);
  });
});
