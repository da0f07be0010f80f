import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { head, RawClient } from '../http/raw.ts';
import { type Bench, BODY, entry, useBench } from '../support/engine-bench.ts';
import { type Loopback, serveHttp } from '../support/loopback.ts';
import { MESSAGE } from '../support/msw-bench.ts';
import { eventually } from '../support/recording.ts';
import { peakBytes } from './memory.ts';

const balance = useBench();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A provider that answers every request with the same message, and keeps the paths and bodies that it got. */
async function provider(): Promise<{
  at: Loopback;
  got: { url: string; body: string; headers: string[] }[];
}> {
  const got: { url: string; body: string; headers: string[] }[] = [];
  const at = await serveHttp((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (bytes: Buffer) => pieces.push(bytes));
    incoming.on('end', () => {
      const { url = '', rawHeaders } = incoming;
      got.push({ url, body: Buffer.concat(pieces).toString(), headers: rawHeaders });
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify(MESSAGE));
    });
  });
  open.push(at);
  return { at, got };
}

async function bench(settings: Readonly<Record<string, unknown>> = {}) {
  const { at, got } = await provider();
  const made = await balance({ providers: [entry({ name: 'good', url: at.url })], settings });
  return { made, got };
}

function raw(made: Bench): RawClient {
  const client = new RawClient(made.url);
  open.push({ close: () => client.destroy() });
  return client;
}

const JSON_TYPE = 'Content-Type: application/json';
const WHOLE = BODY.replace('"stream":true', '"stream":false');

/** Everybody else is served as ever. */
async function serves(made: Bench): Promise<void> {
  const { status } = await made.messages({ body: WHOLE }).end;
  expect(status).toBe(200);
}

function post(body: string, ...headers: string[]): string {
  return (
    head('POST /v1/messages', JSON_TYPE, `Content-Length: ${Buffer.byteLength(body)}`, ...headers) + body
  );
}

describe('a request that two servers could read in two ways', () => {
  const inner = 'GET /providers HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  it.each([
    ['both lengths', ['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${inner}`],
    ['two lengths', ['Content-Length: 6', 'Content-Length: 60'], `{"a":1${inner}`],
    ['a list of lengths', ['Content-Length: 6, 60'], `{"a":1${inner}`],
    ['a signed length', ['Content-Length: +6'], `{"a":1${inner}`],
    ['a length in hex', ['Content-Length: 0x6'], `{"a":1${inner}`],
    ['chunked that is not the last coding', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${inner}`],
    ['a coding beginning with a tab', ['Transfer-Encoding: \vchunked'], `0\r\n\r\n${inner}`],
    ['a header name with a space', ['Content-Length : 6', 'X-A: b'], `{"a":1${inner}`],
    ['a folded header', ['X-A: b', ' Transfer-Encoding: chunked', 'Content-Length: 2'], `{}${inner}`],
    ['a chunk size with a sign', ['Transfer-Encoding: chunked'], `+2\r\n{}\r\n0\r\n\r\n${inner}`],
    ['a chunk size beyond all', ['Transfer-Encoding: chunked'], `fffffffffffffffff\r\n{}${inner}`],
    ['a chunk longer than it says', ['Transfer-Encoding: chunked'], `2\r\n{}{}\r\n0\r\n\r\n${inner}`],
    ['a bare line feed', ['X-A: b\nTransfer-Encoding: chunked', 'Content-Length: 6'], `{"a":1${inner}`],
  ])('by %s is refused once, and nothing in it becomes a request', async (_, headers, rest) => {
    const { made, got } = await bench();
    const client = raw(made);
    client.write(head('POST /v1/messages', JSON_TYPE, ...headers) + rest);
    const text = await client.all();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(text).toContain('"invalid_request_error"');
    expect(got).toEqual([]);
    await serves(made);
  });
});

describe('a body', () => {
  it('of 200 MB is refused while it comes, and holds no more than its limit', {
    timeout: 60_000,
  }, async () => {
    const { made } = await bench({ max_body_size: 4 * 1024 * 1024 });
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 0x20), Buffer.from('\r\n')]);
    let most = 0;
    const peak = await peakBytes(async () => {
      const client = raw(made);
      client.write(head('POST /v1/messages', JSON_TYPE, 'Transfer-Encoding: chunked'));
      for (let sent = 0; sent < 200 * 1024 * 1024 && client.ending === undefined; sent += 65_536) {
        most = Math.max(most, made.balancer.engine.status().bufferedBytes);
        if (!client.write(piece)) await drained(client);
      }
      expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
    });
    expect(most).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(peak).toBeLessThan(64 * 1024 * 1024);
    await eventually('the end of all booking', () => made.balancer.engine.status().bufferedBytes === 0);
    await serves(made);
  });

  it('that says it has 200 MB is refused before its first byte', async () => {
    const { made } = await bench();
    const client = raw(made);
    client.write(head('POST /v1/messages', JSON_TYPE, 'Content-Length: 209715200'));
    expect(await client.until('"error"')).toMatch(/^HTTP\/1\.1 413 /);
    await serves(made);
  });

  it('that many begin and none ends books no more than the budget, and others are told when to come', async () => {
    const { made } = await bench({ max_body_size: 1024 * 1024, max_buffered_bytes: 4 * 1024 * 1024 });
    const booked = () => made.balancer.engine.status().bufferedBytes;
    const all = 1024 * 1024;
    const beginning = (client: RawClient, bytes: number) =>
      client.write(
        `${head('POST /v1/messages', JSON_TYPE, `Content-Length: ${all}`)}{${' '.repeat(bytes - 1)}`,
      );
    // Those that say much and send little take nobody's room.
    const idle = Array.from({ length: 12 }, () => raw(made));
    for (const client of idle) beginning(client, 1);
    await eventually('their first bytes', () => booked() === 12);
    await serves(made);
    for (const client of idle) client.destroy();
    await eventually('all room is free', () => booked() === 0);

    const clients = Array.from({ length: 12 }, () => raw(made));
    for (const [index, client] of clients.entries()) {
      beginning(client, all - 1);
      if (index < 4) await eventually('its room', () => booked() === (index + 1) * (all - 1));
      else expect(await client.until('max_buffered_bytes')).toMatch(/^HTTP\/1\.1 503 /);
    }
    expect(booked()).toBe(4 * (all - 1));
    for (const client of clients) client.destroy();
    await eventually('all room is free', () => booked() === 0);
    await serves(made);
  });

  it.each([
    ['deep in arrays', `{"model":"m","messages":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['deep in objects', `{"model":"m","messages":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['deep and cut', `{"model":"m","messages":${'['.repeat(200_000)}`],
    ['of many keys', `{"model":"m",${Array.from({ length: 50_000 }, (_, at) => `"k${at}":0`).join(',')}}`],
    ['of one key again and again', `{"model":"m"${',"messages":[]'.repeat(50_000)}}`],
  ])('%s is answered, by us or by the provider', async (_, body) => {
    const { made } = await bench();
    const { status } = await made.messages({ body }).end;
    expect([200, 400]).toContain(status);
    await serves(made);
  });

  it('with names of what every object inherits changes nothing, and goes on as it came', async () => {
    const { made, got } = await bench();
    const body = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"model":"__proto__","provider":{"__proto__":1},"messages":[],"metadata":{"user_id":"__proto__"}}`;
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString'])
      await made.messages({ body: body.replaceAll('"__proto__"', `"${name}"`) }).end;
    expect('polluted' in {}).toBe(false);
    expect(got).toHaveLength(4);
    expect(got[0]?.body).toBe(body);
    await serves(made);
  });

  const VALUES = [
    'null',
    'true',
    '-1',
    '1e400',
    '""',
    '[]',
    '{}',
    '[[]]',
    '"\\ud800"',
    '"\\u0000"',
    '{"a":{}}',
  ];
  const FIELDS = [
    'model',
    'stream',
    'max_tokens',
    'messages',
    'metadata',
    'system',
    'tools',
    'provider',
    'thinking',
  ];
  it.each(FIELDS)('with any type of value for "%s" gets a clear answer', async (field) => {
    const { made } = await bench();
    for (const value of VALUES) {
      const others = field === 'model' ? '' : '"model":"m",';
      const { status, text } = await made.messages({ body: `{${others}"${field}":${value}}` }).end;
      expect([200, 400, 404], `${field}: ${value}`).toContain(status);
      if (status !== 200) expect(JSON.parse(text), value).toMatchObject({ type: 'error' });
    }
    expect(made.events.filter(({ type }) => type === 'fault')).toEqual([]);
  });

  it('that is no UTF-8 is a 400', async () => {
    const { made, got } = await bench();
    for (const bytes of ['ff', 'c0af', 'eda080', 'f4908080', 'e28028']) {
      const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')]);
      const client = raw(made);
      client.write(head('POST /v1/messages', JSON_TYPE, `Content-Length: ${body.length}`));
      client.write(body);
      expect(await client.until('"error"'), bytes).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(got).toEqual([]);
  });

  it('that breaks off reaches nobody, a hundred times', async () => {
    const { made, got } = await bench();
    for (let time = 0; time < 100; time += 1) {
      const client = raw(made);
      client.write(head('POST /v1/messages', JSON_TYPE, 'Content-Length: 1000') + WHOLE.slice(0, time));
      if (time % 2 === 0) client.socket.resetAndDestroy();
      else client.destroy();
    }
    await serves(made);
    expect(got).toHaveLength(1);
    await eventually('nothing is booked', () => made.balancer.engine.status().bufferedBytes === 0);
  });
});

describe('headers', () => {
  it('beyond any count are refused by their size, or served', async () => {
    const { made } = await bench();
    for (const count of [500, 1_900, 20_000]) {
      const client = raw(made);
      const many = Array.from({ length: count }, (_, at) => `X-${at}: ${at}`);
      client.write(post(WHOLE, ...many, 'Connection: close'));
      expect(await client.all(), String(count)).toMatch(/^HTTP\/1\.1 (200|431) /);
    }
    await serves(made);
  });

  it('with line breaks in them make no header of ours or of the provider', async () => {
    const { made, got } = await bench();
    const injected = 'x%0d%0aX-Injected: 1';
    for (const value of ['a\rX-Injected: 1', 'a\0b', injected, 'Grüße \u00ff']) {
      const client = raw(made);
      const text = post(WHOLE, `X-Provider: ${value}`, `anthropic-beta: ${value}`, 'Connection: close');
      client.write(Buffer.from(text.slice(0, -WHOLE.length), 'latin1'));
      client.write(WHOLE);
      const [answerHead = ''] = (await client.all()).split('\r\n\r\n');
      expect(answerHead).toMatch(/^HTTP\/1\.1 (200|400|404)/);
      expect(answerHead.toLowerCase()).not.toContain('\nx-injected');
    }
    for (const { headers } of got)
      expect(headers.map((text) => text.toLowerCase())).not.toContain('x-injected');
  });

  it('that name the session by 60 KB, or by what objects inherit, harm nobody', async () => {
    const { made } = await bench({ sticky_provider_duration: 300 });
    for (const name of ['__proto__', 'constructor', 'x'.repeat(60_000), '%00', '\u00e4'])
      for (const header of [
        'x-claude-code-session-id',
        'x-claude-code-agent-id',
        'x-provider',
        'x-stainless-timeout',
      ]) {
        const client = raw(made);
        client.write(post(WHOLE, `${header}: ${name}`, 'Connection: close'));
        expect(await client.all()).toMatch(/^HTTP\/1\.1 (200|404|431) /);
      }
    expect(made.events.filter(({ type }) => type === 'fault')).toEqual([]);
    await serves(made);
  });
});

describe('any bytes on a connection', () => {
  const valid = Buffer.from(post(WHOLE));
  /** A good request with some bytes changed, left out or put in. */
  const damaged = fc
    .array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.uint8Array({ maxLength: 4 }), fc.nat({ max: 3 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) =>
      changes.reduce(
        (bytes, [at, put, cut]) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
        valid,
      ),
    );
  it('leave the process alive, and nothing behind', { timeout: 60_000 }, async () => {
    const { made } = await bench();
    const texts = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 20, maxLength: 40 }), async (many) => {
        const clients = many.map((bytes) => {
          const client = raw(made);
          client.socket.end(bytes);
          return client;
        });
        await Promise.all(clients.map(({ closed }) => Promise.race([closed, pause()])));
        for (const client of clients) client.destroy();
      }),
      { numRuns: 15 },
    );
    await serves(made);
    await eventually('nothing is under way', () => made.balancer.engine.status().inFlight === 0);
    expect(made.balancer.engine.status().bufferedBytes).toBe(0);
    expect(made.events.filter(({ type }) => type === 'fault')).toEqual([]);
  });
});

/** Some turns of the event loop. */
async function pause(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function drained({ socket }: RawClient): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
