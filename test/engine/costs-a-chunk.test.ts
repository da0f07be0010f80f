import { Subject, Subscriber } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { Actor } from 'xstate';
import { createBufferBudget } from '../../src/domain/buffer-budget.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { serveHttp } from '../support/loopback.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { clientRequest, configurationOf, STREAM_BODY, STREAM_TEXT } from '../support/msw-bench.ts';
import { closeless, openedEngine, replyOf } from '../support/opened-engine.ts';
import { scriptedTransport } from '../support/scripted-transport.ts';

/** What an answer must not cost the more often it comes in pieces (docs/performance.md, rules 1, 2 and 4). */

const restore: (() => void)[] = [];
const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  undoAll();
  for (const server of servers.splice(0)) await server.close();
});

function undoAll(): void {
  for (const undo of restore.splice(0).reverse()) undo();
}

type Method = (this: unknown, ...values: unknown[]) => unknown;

/** Lets `look` see every call of a method. */
function overhear(owner: object, name: string, look: (self: unknown, values: unknown[]) => void): void {
  const methods = owner as Record<string, Method>;
  const original = methods[name];
  if (original === undefined) throw new Error(`there is no ${name} to count`);
  methods[name] = function overheard(...values) {
    look(this, values);
    return original.apply(this, values);
  };
  restore.push(() => {
    methods[name] = original;
  });
}

const [START = '', END = ''] = STREAM_TEXT.split('event: content_block_stop');
const DELTA = `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'again' } })}\n\n`;

/** Counts everything while an answer of so many pieces goes to as many equal requests. */
async function countsOf(pieces: number, clients: number) {
  const counts = { actorEvents: 0, events: 0, subjects: 0, timers: 0, random: 0 };
  const clock = new ManualClock();
  const setTimer = clock.setTimeout.bind(clock);
  clock.setTimeout = (callback, delayMs) => {
    counts.timers += 1;
    return setTimer(callback, delayMs);
  };
  const { transport, sent } = scriptedTransport();
  const engine = await openedEngine({
    configuration: configurationOf({
      providers: [{ name: 'p', base_url: 'https://p.example', auth_value: 'k' }],
    }),
    openTransport: () => closeless(transport),
    clock,
    random: () => {
      counts.random += 1;
      return 0.5;
    },
    observe: () => {
      counts.events += 1;
    },
    buffers: createBufferBudget(() => 1_000_000_000),
  });
  let received = 0;
  const ended: Promise<void>[] = [];
  for (let number = 0; number < clients; number += 1) {
    const options = { body: STREAM_BODY, headers: { 'x-claude-code-session-id': 's' } };
    const reply = replyOf(engine, clientRequest(`q${number}`, options, clock.now()));
    ended.push(
      reply.then(
        ({ body }) =>
          new Promise((resolve, reject) => {
            if (Buffer.isBuffer(body)) reject(new Error(body.toString()));
            else
              body.pipe({
                chunk: (bytes) => {
                  received += bytes.length;
                  return true;
                },
                end: resolve,
                cut: () => reject(new Error('cut')),
              });
          }),
      ),
    );
  }
  const [exchange] = sent;
  if (exchange === undefined || sent.length > 1) throw new Error('one exchange was expected');
  overhear(Actor.prototype, '_send', () => {
    counts.actorEvents += 1;
  });
  for (const kind of [Subject, Subscriber])
    overhear(kind.prototype, 'next', () => {
      counts.subjects += 1;
    });
  const { sink } = exchange;
  sink.sent?.();
  sink.head(200, ['content-type', 'text/event-stream']);
  sink.chunk(Buffer.from(START));
  await new Promise((resolve) => setImmediate(resolve));
  for (let piece = 0; piece < pieces; piece += 1) sink.chunk(Buffer.from(DELTA));
  sink.chunk(Buffer.from(`event: content_block_stop${END}`));
  sink.end();
  await Promise.all(ended);
  undoAll();
  await engine.stop();
  const bytes = STREAM_TEXT.length + pieces * DELTA.length;
  expect(received).toBe(clients * bytes);
  return counts;
}

describe('an answer in two thousand pieces', () => {
  it.each([1, 3])('costs %i clients as many events, log lines and timers as one in two', async (clients) => {
    const few = await countsOf(2, clients);
    const many = await countsOf(2_000, clients);
    // From the second client on a Subject is what shares the answer.
    if (clients === 1) expect(many.subjects).toBe(0);
    expect({ ...many, subjects: 0 }).toEqual({ ...few, subjects: 0 });
    expect(few.actorEvents).toBeGreaterThan(0);
    expect(few.actorEvents).toBeLessThan(13);
  });
});

const balance = useBench();

describe('a large request, on its whole way over sockets,', () => {
  it('is decoded nowhere, and no web stream or fetch has a part in it', async () => {
    const server = await serveHttp((incoming, outgoing) => {
      incoming.resume();
      incoming.on('end', () => {
        outgoing.setHeader('content-type', 'text/event-stream');
        outgoing.write(START);
        for (let piece = 0; piece < 500; piece += 1) outgoing.write(DELTA);
        outgoing.end(`event: content_block_stop${END}`);
      });
    });
    servers.push(server);
    const bench = await balance({ providers: [entry({ name: 'p', url: server.url })] });
    const body = Buffer.from(STREAM_BODY.replace('“quoted”', 'x'.repeat(1_000_000)));
    const ask = () => bench.messages({ body }).end;
    expect((await ask()).status).toBe(200);

    let longest = 0;
    const decoded = (bytes: unknown, from: unknown, to: unknown): void => {
      if (!(bytes instanceof Uint8Array)) return;
      longest = Math.max(longest, Number(to ?? bytes.length) - Number(from ?? 0));
    };
    overhear(Buffer.prototype, 'toString', (self, [, from, to]) => decoded(self, from, to));
    for (const name of ['utf8Slice', 'latin1Slice', 'asciiSlice'])
      overhear(Buffer.prototype, name, (self, [from, to]) => decoded(self, from, to));
    overhear(TextDecoder.prototype, 'decode', (_, [bytes]) => decoded(bytes, 0, undefined));
    overhear(JSON, 'parse', (_, [text]) => {
      longest = Math.max(longest, String(text).length);
    });
    let webStreams = 0;
    overhear(ReadableStream.prototype, 'getReader', () => {
      webStreams += 1;
    });
    overhear(ReadableStreamDefaultController.prototype, 'enqueue', () => {
      webStreams += 1;
    });
    overhear(globalThis, 'fetch', () => {
      webStreams += 1;
    });
    const exchange = bench.messages({ body });
    await bench.ended(2);
    undoAll();
    expect((await exchange.end).status).toBe(200);
    expect(webStreams).toBe(0);
    // Heads, and the events of the answer one by one.
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(70_000);
  });
});
