import { describe, expect, it } from 'vitest';
import { BODY, entry, useBench, WHOLE_BODY } from '../support/engine-bench.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { useProviders } from '../support/providers.ts';
import { settled } from '../support/settled.ts';

const balance = useBench();
const start = useProviders();

const LARGE = JSON.stringify({
  model: 'm',
  stream: true,
  max_tokens: 1,
  messages: [{ role: 'user', content: 'x'.repeat(600 * 1024) }],
});

/** Counts the answers whose headers are there. */
function headsOf(answer: { readonly head: Promise<unknown> }): () => number {
  let heads = 0;
  answer.head.then(
    () => {
      heads += 1;
    },
    () => {},
  );
  return () => heads;
}

describe('the commit', () => {
  it('is the first content: until then the client has not even headers', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_content' } });
    const bench = await balance({ providers: [entry(provider)] });
    const answer = bench.messages();
    const heads = headsOf(answer);
    await bench.until(
      'message_start',
      () => bench.balancer.engine.status().bufferedBytes > Buffer.byteLength(BODY),
    );
    await settled(() => answer.chunks.length + heads());
    expect(heads()).toBe(0);
    provider.release();
    const { events } = await answer.end;
    expect(events[0]?.name).toBe('message_start');
    expect(events.at(-1)?.name).toBe('message_stop');
  });

  it('comes with a bare end: a message without content is an answer', async () => {
    const provider = await start({ behaviour: { kind: 'message', blocks: [] } });
    const bench = await balance({ providers: [entry(provider)] });
    const { events, end } = await bench.messages().end;
    expect(events.map(({ name }) => name)).toEqual(['message_start', 'message_delta', 'message_stop']);
    expect(end).toBe('complete');
  });

  it('comes byte for byte as the provider wrote it, to a stream and to a message', async () => {
    const stream = [
      ': a comment\n\n',
      'event:message_start\r\ndata:{"type":"message_start", "message":{"id":"m","usage":{}}}\r\n\r\n',
      'event: ping\ndata: {"type": "ping"}\n\n',
      'id: 7\nevent: something_new\ndata: {"a":1.50}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\u00e4“"}}\n\n',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}\n\n',
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ];
    const message =
      '{ "id":"m", "type":"message",\n "role":"assistant","content":[{"type":"text","text":"\\u00e4“"}],"stop_reason":"end_turn","new":1.50 }';
    const provider = await start({
      behaviour: [
        { kind: 'stream', parts: stream.map((text) => ({ kind: 'text', text })) },
        { kind: 'http', status: 200, body: message, headers: { 'content-type': 'application/json' } },
      ],
    });
    const bench = await balance({ providers: [entry(provider)] });
    expect((await bench.messages().end).text).toBe(stream.join(''));
    expect((await bench.messages({ body: WHOLE_BODY }).end).text).toBe(message);
  });

  it('is not awaited beyond 1 MB: such a stream is no answer, and the next provider answers', async () => {
    const comment = { kind: 'text', text: `: ${'x'.repeat(64 * 1024)}\n\n` } as const;
    const parts = [...Array.from({ length: 17 }, () => comment), { kind: 'hold' } as const];
    const first = await start({ name: 'first', behaviour: { kind: 'stream', parts } });
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answer = await bench.messages().end;
    expect(answer.status).toBe(200);
    expect(answer.header('x-provider-used')).toBe('second');
    expect((await bench.provider('first')).failures).toBe('1/2');
    expect(await first.requests[0]?.ended).toBe('client_left');
  });

  it("lets go of the request's body", async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_last' } });
    const bench = await balance({ providers: [entry(provider)] });
    const waiting = await start({ name: 'waiting', behaviour: { kind: 'message', hold: 'before_head' } });
    const other = await balance({ providers: [entry(waiting)] });
    const held = other.messages({ body: LARGE });
    await (await waiting.nextRequest()).held;
    expect((await other.view()).buffered_bytes).toBe(LARGE.length);
    waiting.release();
    await held.end;
    expect((await other.view()).buffered_bytes).toBe(0);

    const answer = bench.messages({ body: LARGE });
    await answer.text('content_block_delta');
    expect((await bench.view()).buffered_bytes).toBe(0);
    provider.release();
    await answer.end;
  });

  it('leaves room: a request beyond max_buffered_bytes gets 503 with retry-after, and nobody is blamed', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_head' } });
    const bench = await balance({
      providers: [entry(provider)],
      settings: { max_buffered_bytes: '1MB', max_body_size: '1MB' },
    });
    const first = bench.messages({ body: LARGE });
    await (await provider.nextRequest()).held;
    const refused = await bench.messages({ body: LARGE }).end;
    expect(refused.status).toBe(503);
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
    expect(refused.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } });
    provider.release();
    expect((await first.end).status).toBe(200);
    provider.setBehaviour({ kind: 'message' });
    expect((await bench.messages({ body: LARGE }).end).status).toBe(200);
    expect((await bench.provider(provider.name)).failures).toBe('0/2');
  });

  it('of an answer that the buffers have no room for: tried elsewhere, nobody is blamed', async () => {
    const clock = new ManualClock();
    const first = await start({
      name: 'first',
      behaviour: { kind: 'message', text: 'x'.repeat(3 * 1024 * 1024) },
      clock,
    });
    const second = await start({ name: 'second' });
    const bench = await balance(
      {
        providers: [entry(first), entry(second)],
        settings: { max_buffered_bytes: '1MB', max_body_size: '1MB' },
      },
      { clock },
    );
    const answer = await bench.messages({ body: WHOLE_BODY }).end;
    expect(answer.header('x-provider-used')).toBe('second');
    expect((await bench.provider('first')).failures).toBe('0/2');
    expect((await bench.view()).buffered_bytes).toBe(0);
  });
});
