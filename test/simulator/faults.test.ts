import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { createInstantClock } from '../support/instant-clock.ts';
import { useProviders } from '../support/providers.ts';
import { openRaw, type RawAnswer, rawRequest } from '../support/raw-client.ts';

const start = useProviders();

/** What a bare TCP client sees of one request. */
async function seen(behaviour: Behaviour): Promise<RawAnswer> {
  const provider = await start({ behaviour, clock: createInstantClock() });
  const connection = openRaw(provider.port);
  connection.write(rawRequest());
  return connection.ended;
}

const LAST_CHUNK = '\r\n0\r\n\r\n';

describe('a fault below HTTP', () => {
  it('resets before the first byte', async () => {
    expect(await seen({ kind: 'break', fault: 'reset_before_headers' })).toEqual({ text: '', end: 'reset' });
  });

  it('closes before the first byte', async () => {
    expect(await seen({ kind: 'break', fault: 'fin_before_headers' })).toEqual({ text: '', end: 'fin' });
  });

  it('resets within the headers', async () => {
    const answer = await seen({ kind: 'break', fault: 'reset_inside_headers' });
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer.text).not.toContain('\r\n\r\n');
    expect(answer.end).toBe('reset');
  });

  it('closes within the headers', async () => {
    const answer = await seen({ kind: 'break', fault: 'fin_inside_headers' });
    expect(answer.text).not.toContain('\r\n\r\n');
    expect(answer.end).toBe('fin');
  });

  it('says something that is not HTTP', async () => {
    const answer = await seen({ kind: 'break', fault: 'garbage' });
    expect(answer.text).not.toContain('HTTP/');
    expect(answer.text).not.toBe('');
  });

  it('drips headers that never end', async () => {
    const provider = await start({
      behaviour: { kind: 'break', fault: 'dripping_headers' },
      clock: createInstantClock(),
    });
    const connection = openRaw(provider.port);
    connection.write(rawRequest());
    await connection.received('x-drip: drop\r\nx-drip: drop\r\nx-drip: drop\r\n');
    connection.close();
    expect(await (await provider.nextRequest()).ended).toBe('client_left');
  });

  it('sends 70 KB of headers before a good answer', async () => {
    const provider = await start({ behaviour: { kind: 'break', fault: 'huge_headers' } });
    const connection = openRaw(provider.port);
    connection.write(rawRequest());
    await connection.received('message_stop');
    connection.close();
  });

  it('resets a kept connection as soon as it is used again', async () => {
    const provider = await start({ behaviour: { kind: 'message', ends: 'reset_on_reuse' } });
    const connection = openRaw(provider.port);
    connection.write(rawRequest());
    await connection.received(LAST_CHUNK);
    connection.write(rawRequest());
    expect((await connection.ended).end).toBe('reset');
    expect(provider.requests).toHaveLength(1);
  });

  it('resets the second request of a connection and serves the first of the next one', async () => {
    const provider = await start({ behaviour: { kind: 'break', fault: 'reset_if_reused' } });
    const first = openRaw(provider.port);
    first.write(rawRequest());
    await first.received(LAST_CHUNK);
    first.write(rawRequest());
    expect((await first.ended).end).toBe('reset');
    const second = openRaw(provider.port);
    second.write(rawRequest());
    await second.received(LAST_CHUNK);
    second.close();
    expect(provider.requests.map((request) => request.reused)).toEqual([false, true, false]);
  });

  it('answers 413 without reading the body, and closes', async () => {
    const provider = await start({
      behaviour: { kind: 'http', status: 413, body: 'too large', readBody: 'never' },
    });
    const connection = openRaw(provider.port);
    connection.write('POST /v1/messages HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n{');
    const answer = await connection.ended;
    expect(answer.text).toMatch(/^HTTP\/1\.1 413 .*too large$/s);
    expect(provider.requests[0]?.complete).toBe(false);
  });

  it('answers at the head and reads on where told so', async () => {
    const provider = await start({
      behaviour: { kind: 'http', status: 413, body: 'too large', readBody: 'after' },
    });
    const connection = openRaw(provider.port);
    connection.write('POST /v1/messages HTTP/1.1\r\ncontent-length: 2\r\n\r\n');
    await connection.received('too large');
    connection.write('{}');
    connection.write(rawRequest());
    await connection.received('too largeHTTP/1.1 413');
    connection.close();
    expect(provider.requests.map((request) => request.complete)[0]).toBe(true);
  });
});

describe('the end of a stream', () => {
  it('is a reset right after message_start', async () => {
    const answer = await seen({ kind: 'cut', after: 'message_start', ends: 'reset' });
    expect(answer.end).toBe('reset');
    expect(answer.text).toContain('event: message_start');
    expect(answer.text).not.toContain('content_block');
  });

  it('is a FIN without the last chunk after a delta', async () => {
    const answer = await seen({ kind: 'cut', after: 'delta', ends: 'fin' });
    expect(answer.end).toBe('fin');
    expect(answer.text.match(/event: content_block_delta/g)).toHaveLength(1);
    expect(answer.text).not.toContain(LAST_CHUNK);
  });

  it('is within the bytes of an event', async () => {
    const answer = await seen({ kind: 'cut', after: 'mid_delta', ends: 'fin' });
    expect(answer.text.match(/event: content_block_delta/g)).toHaveLength(2);
    expect(answer.text.trimEnd()).not.toMatch(/\}$/);
  });

  it('is a chunk size that is none', async () => {
    const answer = await seen({ kind: 'cut', after: 'delta', ends: 'bad_framing' });
    expect(answer.text).toMatch(/\r\nno chunk size\r\n$/);
  });

  it('is the end of the connection where nothing frames the body', async () => {
    const answer = await seen({ kind: 'message', framing: 'close' });
    expect(answer.text).not.toMatch(/transfer-encoding|content-length/);
    expect(answer.text).toMatch(/data: \{"type":"message_stop"\}\n\n$/);
    expect(answer.end).toBe('fin');
  });

  it('is held back after message_stop, with the connection open', async () => {
    const provider = await start({ behaviour: { kind: 'message', ends: 'open' } });
    const connection = openRaw(provider.port);
    connection.write(rawRequest());
    await connection.received('data: {"type":"message_stop"}\n\n\r\n');
    expect(provider.openConnections).toBe(1);
    connection.close();
    expect(await (await provider.nextRequest()).ended).toBe('client_left');
  });
});
