import { describe, expect, it } from 'vitest';
import type { TestingSettings } from '../../src/domain/settings/settings.ts';
import { delaying } from '../../src/upstream/delay.ts';
import type { UpstreamRequest, UpstreamSink } from '../../src/upstream/transport.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SINK: UpstreamSink = { head() {}, chunk: () => true, end() {}, fail() {} };

function requestWith(body: unknown, path = '/v1/messages?beta=true'): UpstreamRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method: 'POST',
    url: `https://a.example${path}`,
    headers: [],
    body: Buffer.from(text),
    connectTimeoutMs: 1_000,
    poolTimeoutMs: 1_000,
  };
}

function setUp(testing: TestingSettings | undefined) {
  const clock = new ManualClock();
  const done: string[] = [];
  const state = { testing };
  const transport = delaying(
    () => {
      done.push('sent');
      return {
        pause: () => done.push('pause'),
        resume: () => done.push('resume'),
        abort: () => done.push('abort'),
      };
    },
    { testing: () => state.testing, clock },
  );
  return { clock, done, state, send: (request: UpstreamRequest) => transport(request, SINK) };
}

const HELLO = { messages: [{ role: 'user', content: 'Hello' }] };

describe('a simulated delay', () => {
  it('that is switched off sends at once and sets no timer', () => {
    const { clock, done, send } = setUp(undefined);
    send(requestWith(HELLO));
    expect(done).toEqual(['sent']);
    expect(clock.pending).toBe(0);
  });

  it('without keywords holds every message back for its time, and no sooner sends it', () => {
    const { clock, done, send } = setUp({ delayMs: 10_000, triggerKeywords: [] });
    send(requestWith(HELLO));
    clock.advance(9_999);
    expect(done).toEqual([]);
    clock.advance(1);
    expect(done).toEqual(['sent']);
  });

  it.each([
    ['a text', HELLO],
    ['a block', { messages: [{ role: 'user', content: [{ type: 'text', text: 'well, hello there' }] }] }],
    [
      'a tool result',
      {
        messages: [
          { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'HELLO' }] }] },
        ],
      },
    ],
    [
      'a later message',
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: 'hello' },
        ],
      },
    ],
  ])('with a keyword holds back a message that has it in %s', (_, body) => {
    const { done, send } = setUp({ delayMs: 1, triggerKeywords: ['nothing', 'hELLo'] });
    send(requestWith(body));
    expect(done).toEqual([]);
  });

  it.each([
    ['elsewhere in the body', requestWith({ system: 'hello', messages: [{ role: 'user', content: 'x' }] })],
    ['nowhere', requestWith({ messages: [{ role: 'user', content: 'x' }] })],
    ['in a body that is no JSON', requestWith('hello')],
    ['in a count of tokens', requestWith(HELLO, '/v1/messages/count_tokens')],
  ])('with a keyword sends at once what has it %s', (_, request) => {
    const { done, send } = setUp({ delayMs: 1, triggerKeywords: ['hello'] });
    send(request);
    expect(done).toEqual(['sent']);
  });

  it('is ended by an abort: nothing is sent', () => {
    const { clock, done, send } = setUp({ delayMs: 1_000, triggerKeywords: [] });
    send(requestWith(HELLO)).abort();
    clock.advance(5_000);
    expect(done).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('keeps a pause for when it has sent, and hands on what comes later', () => {
    const { clock, done, send } = setUp({ delayMs: 1_000, triggerKeywords: [] });
    const exchange = send(requestWith(HELLO));
    exchange.pause();
    clock.advance(1_000);
    exchange.resume();
    exchange.abort();
    expect(done).toEqual(['sent', 'pause', 'resume', 'abort']);
  });

  it('can be switched on and off while running', () => {
    const { done, send, state } = setUp(undefined);
    state.testing = { delayMs: 1, triggerKeywords: [] };
    send(requestWith(HELLO));
    expect(done).toEqual([]);
    state.testing = undefined;
    send(requestWith(HELLO));
    expect(done).toEqual(['sent']);
  });
});
