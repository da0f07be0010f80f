import { describe, expect, it } from 'vitest';
import type { Reply, ReplyFlow, ReplySink } from '../../src/engine/interface.ts';
import { createReplyWriter } from '../../src/engine/reply-writer.ts';
import { ManualClock } from '../support/manual-clock.ts';

const PING = Buffer.from('event: ping\n\n');

function setUp() {
  const clock = new ManualClock();
  let resumes = 0;
  const replies: Reply[] = [];
  const writer = createReplyWriter({
    answer: (reply) => replies.push(reply),
    clock,
    pingIntervalMs: 15_000,
    ping: PING,
    onResume: () => {
      resumes += 1;
    },
  });
  const reply = (): Reply => {
    const [first] = replies;
    if (first === undefined || replies.length > 1) throw new Error('one reply was expected');
    return first;
  };
  return { clock, writer, reply, resumes: () => resumes };
}

class Client implements ReplySink {
  readonly log: string[] = [];
  ready = true;
  chunk(bytes: Buffer): boolean {
    this.log.push(bytes.toString());
    return this.ready;
  }
  end(): void {
    this.log.push('<end>');
  }
  cut(): void {
    this.log.push('<cut>');
  }
}

function connect(reply: Reply, client: Client): ReplyFlow {
  if (Buffer.isBuffer(reply.body)) throw new Error('a stream was expected');
  return reply.body.pipe(client);
}

describe('the reply of one request', () => {
  it('holds what comes before the client is connected, pauses, and writes it in order', () => {
    const { writer, reply, resumes } = setUp();
    writer.open(200, []);
    expect(writer.chunk(Buffer.from('a'), false)).toBe(false);
    writer.chunk(Buffer.from('b'), true);
    const client = new Client();
    connect(reply(), client);
    expect(client.log).toEqual(['a', 'b']);
    expect(resumes()).toBe(1);
  });

  it('ends for a client that connects after the end', () => {
    const { writer, reply } = setUp();
    writer.open(200, []);
    writer.chunk(Buffer.from('a'), true);
    writer.end();
    const client = new Client();
    connect(reply(), client);
    expect(client.log).toEqual(['a', '<end>']);
  });

  it('hands back-pressure on, and the resume that ends it', () => {
    const { writer, reply, resumes } = setUp();
    writer.open(200, []);
    const client = new Client();
    const flow = connect(reply(), client);
    client.ready = false;
    expect(writer.chunk(Buffer.from('a'), true)).toBe(false);
    flow.resume();
    expect(resumes()).toBe(1);
  });

  it('pings after the interval of silence, and again after the next', () => {
    const { writer, reply, clock } = setUp();
    writer.open(200, []);
    const client = new Client();
    connect(reply(), client);
    clock.advance(14_999);
    expect(client.log).toEqual([]);
    clock.advance(1);
    expect(client.log).toEqual([PING.toString()]);
    clock.advance(15_000);
    expect(client.log).toHaveLength(2);
  });

  it('does not ping while bytes come', () => {
    const { writer, reply, clock } = setUp();
    writer.open(200, []);
    const client = new Client();
    connect(reply(), client);
    for (let times = 0; times < 6; times++) {
      clock.advance(10_000);
      writer.chunk(Buffer.from('x'), true);
    }
    expect(client.log).toEqual(['x', 'x', 'x', 'x', 'x', 'x']);
  });

  it('never pings inside an event, nor to a client that does not read', () => {
    const { writer, reply, clock } = setUp();
    writer.open(200, []);
    const client = new Client();
    const flow = connect(reply(), client);
    writer.chunk(Buffer.from('half'), false);
    clock.advance(60_000);
    expect(client.log).toEqual(['half']);
    client.ready = false;
    writer.chunk(Buffer.from('whole'), true);
    clock.advance(60_000);
    expect(client.log).toEqual(['half', 'whole']);
    client.ready = true;
    flow.resume();
    clock.advance(15_000);
    expect(client.log).toEqual(['half', 'whole', PING.toString()]);
  });

  it('writes nothing and holds no timer after its end, its cut or the departure of its client', () => {
    for (const ending of ['end', 'cut', 'abandon'] as const) {
      const { writer, reply, clock } = setUp();
      writer.open(200, []);
      const client = new Client();
      connect(reply(), client);
      writer[ending]();
      const { length } = client.log;
      writer.chunk(Buffer.from('late'), true);
      writer.end();
      clock.advance(60_000);
      expect(client.log).toHaveLength(length);
      expect(clock.pending).toBe(0);
    }
  });

  it('is opened once: a whole answer after a stream has begun changes nothing', () => {
    const { writer, reply } = setUp();
    writer.open(200, ['x', 'y']);
    writer.complete(503, [], Buffer.from('no'));
    expect(reply().status).toBe(200);
  });
});
