import { describe, expect, it } from 'vitest';
import type { Departure, ReplySink } from '../../src/engine/interface.ts';
import { HandStream, jsonReply, streamReply } from './fake-engine.ts';
import { within } from './fixture.ts';
import { head } from './raw.ts';
import { loopback } from './setup.ts';

const { start, raw } = loopback();
const REQUEST = `${head('POST /v1/messages', 'Content-Length: 2')}{}`;

describe('a streamed reply', () => {
  it('sends its head at once, before the first chunk', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream, ['x-balancer-provider', 'GAC']);
    const client = raw(url);
    client.write(REQUEST);
    const answer = await client.until('\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
    expect(answer).toContain('x-balancer-provider: GAC');
    expect(answer).toContain('x-balancer-request-id: req_1');
  });

  it('writes every chunk as a chunk of its own and ends with the closing one', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.write(REQUEST);
    const sink = await within(stream.piped, 'the stream');
    sink.chunk(Buffer.from('one\n\n'));
    sink.chunk(Buffer.from('two\n\n'));
    sink.end();
    const answer = await client.until('\r\n0\r\n\r\n');
    expect(answer).toContain('\r\n\r\n5\r\none\n\n\r\n5\r\ntwo\n\n\r\n0\r\n\r\n');
  });

  it('writes large and empty chunks so that every client can read them', async () => {
    const { fixture, url } = await start();
    const pieces = [
      Buffer.alloc(0),
      Buffer.alloc(16 * 1024, 'a'),
      Buffer.alloc(0),
      Buffer.alloc(100_000, 'b'),
    ];
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const running = fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
    const sink = await within(stream.piped, 'the stream');
    for (const piece of pieces) sink.chunk(piece);
    sink.end();
    expect(await (await running).text()).toBe(Buffer.concat(pieces).toString());
  });

  it('goes to a client of HTTP/1.0 without chunks, and the connection ends it', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream(['one\n\n']);
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.write(REQUEST.replace('HTTP/1.1', 'HTTP/1.0'));
    const sink = await within(stream.piped, 'the stream');
    sink.chunk(Buffer.from('two\n\n'));
    sink.end();
    const answer = await client.all();
    expect(answer.toLowerCase()).not.toContain('transfer-encoding');
    expect(answer.endsWith('\r\n\r\none\n\ntwo\n\n')).toBe(true);
  });

  it('keeps the connection for the next request', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () => {
      const stream = new HandStream(['data\n\n']);
      void stream.piped.then((sink) => sink.end());
      return streamReply(stream);
    };
    const client = raw(url);
    for (let turn = 0; turn < 3; turn += 1) {
      client.clear();
      client.write(REQUEST);
      await client.until('\r\n0\r\n\r\n');
    }
    expect(fixture.engine.requests).toHaveLength(3);
  });

  it('holds its source back while the client does not read, and resumes it when it does', async () => {
    const { fixture, url } = await start();
    const piece = Buffer.alloc(64 * 1024, 0x61);
    let paused = false;
    let source: ReplySink | undefined;
    const pump = (): void => {
      paused = false;
      while (source !== undefined && !paused) paused = !source.chunk(piece);
    };
    const stream = new HandStream([], () => pump());
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.socket.pause();
    client.write(REQUEST);
    source = await within(stream.piped, 'the stream');
    pump();
    expect(paused).toBe(true);
    const before = stream.resumed;
    client.socket.resume();
    await within(
      (async () => {
        while (stream.resumed === before) await fetch(`${url}/livez`);
      })(),
      'the resumption',
    );
    const sink = source;
    source = undefined;
    sink.end();
    await client.until('\r\n0\r\n\r\n');
  });

  it('when cut ends without the closing chunk, after everything written before', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.write(REQUEST);
    const sink = await within(stream.piped, 'the stream');
    const piece = 'x'.repeat(3_000_000);
    sink.chunk(Buffer.from(piece));
    sink.chunk(Buffer.from('last\n\n'));
    sink.cut();
    const answer = await client.all();
    expect(answer.endsWith('6\r\nlast\n\n\r\n')).toBe(true);
    expect(answer).toContain(piece);
  });

  it('when cut does not wait for a client that reads no more', async () => {
    const { fixture, url } = await start({ cutFlushMs: 20 });
    const stream = new HandStream();
    fixture.engine.answer = async () => streamReply(stream);
    const client = raw(url);
    client.socket.pause();
    client.write(REQUEST);
    const sink = await within(stream.piped, 'the stream');
    while (sink.chunk(Buffer.alloc(1_000_000)));
    sink.cut();
    await within(
      (async () => {
        while (fixture.budget.used() > 0) await fetch(`${url}/livez`);
      })(),
      'the close',
    );
  });

  it('a cut or a proper end is not reported as a departure of the client', async () => {
    const { fixture, url } = await start();
    const aborted: boolean[] = [];
    for (const ending of ['cut', 'end'] as const) {
      const stream = new HandStream(['x']);
      let signal: Departure | undefined;
      fixture.engine.answer = async (_, given) => {
        signal = given;
        return streamReply(stream);
      };
      const client = raw(url);
      client.write(REQUEST);
      (await within(stream.piped, 'the stream'))[ending]();
      if (ending === 'cut') await client.all();
      else await client.until('\r\n0\r\n\r\n');
      await fetch(`${url}/livez`);
      aborted.push(signal?.aborted ?? true);
    }
    expect(aborted).toEqual([false, false]);
  });
});

describe('a client that leaves', () => {
  it('before its answer aborts the engine once', async () => {
    const { fixture, url } = await start();
    let aborts = 0;
    const client = raw(url);
    const aborted = new Promise<void>((resolve) => {
      fixture.engine.answer = (_, signal) => {
        signal.addEventListener(
          'abort',
          () => {
            aborts += 1;
            resolve();
          },
          { once: true },
        );
        client.destroy();
        return new Promise(() => {});
      };
    });
    client.write(REQUEST);
    await within(aborted, 'the abort');
    await fetch(`${url}/livez`);
    expect(aborts).toBe(1);
    expect(fixture.budget.used()).toBe(0);
    expect(fixture.events).toEqual([]);
  });

  it('in the middle of a stream aborts the engine once, and what is written afterwards harms nobody', async () => {
    const { fixture, url } = await start();
    let aborts = 0;
    let told = (): void => {};
    const aborted = new Promise<void>((resolve) => {
      told = resolve;
    });
    const stream = new HandStream(['first']);
    fixture.engine.answer = async (_, signal) => {
      signal.addEventListener(
        'abort',
        () => {
          aborts += 1;
          told();
        },
        { once: true },
      );
      return streamReply(stream);
    };
    const client = raw(url);
    client.write(REQUEST);
    await client.until('first');
    client.destroy();
    await within(aborted, 'the abort');
    stream.sink?.chunk(Buffer.from('late'));
    stream.sink?.end();
    stream.sink?.cut();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(aborts).toBe(1);
  });

  it('is answered by nobody when the reply comes too late', async () => {
    const { fixture, url } = await start();
    const stream = new HandStream(['late']);
    const client = raw(url);
    const replied = new Promise<void>((resolve) => {
      fixture.engine.answer = (_, signal) => {
        client.destroy();
        return new Promise((reply) => {
          signal.addEventListener(
            'abort',
            () => {
              reply(streamReply(stream));
              resolve();
            },
            { once: true },
          );
        });
      };
    });
    client.write(REQUEST);
    await within(replied, 'the reply');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(stream.sink).toBeUndefined();
  });

  it('with a pipelined request behind its first aborts both', async () => {
    const { fixture, url } = await start();
    const signals: Departure[] = [];
    const client = raw(url);
    const both = new Promise<void>((resolve) => {
      fixture.engine.answer = (_, signal) => {
        signals.push(signal);
        if (signals.length === 2) resolve();
        return new Promise(() => {});
      };
    });
    client.write(REQUEST + REQUEST);
    await within(both, 'both requests');
    const aborted = Promise.all(
      signals.map(
        (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', resolve, { once: true })),
      ),
    );
    client.destroy();
    await within(aborted, 'both aborts');
    expect(fixture.budget.used()).toBe(0);
  });
});

describe('headers of a reply', () => {
  it('can neither inject others nor break on a name in Chinese', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () =>
      jsonReply(200, {}, [
        'x-balancer-provider',
        '云雾',
        'x-evil',
        'a\r\nset-cookie: b',
        'bad name',
        'x',
        'transfer-encoding',
        'chunked',
        'content-length',
        '999',
        'connection',
        'upgrade',
      ]);
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
    expect(decodeURIComponent(response.headers.get('x-balancer-provider') ?? '')).toBe('云雾');
    expect(response.headers.get('x-evil')).toBe('a%0D%0Aset-cookie: b');
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('content-length')).toBe('2');
    expect(await response.text()).toBe('{}');
  });
});

describe('an exception', () => {
  it('of the engine is a 500 with the request id, an event, and no word of its inside', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = () => {
      throw new Error('secret inside');
    };
    const client = raw(url);
    client.write(REQUEST);
    const answer = await client.until('"request_id":"req_1"}');
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).toContain('api_error');
    expect(answer).not.toContain('secret inside');
    expect(fixture.events).toMatchObject([
      { type: 'fault', requestId: 'req_1', error: { message: 'secret inside' } },
    ]);
    fixture.engine.answer = async () => jsonReply(200, { ok: true });
    client.clear();
    client.write(REQUEST);
    await client.until('{"ok":true}');
  });

  it('of a stream that is being set up tears the connection down and is told', async () => {
    const { fixture, url } = await start();
    fixture.engine.answer = async () =>
      streamReply({
        pipe(sink) {
          sink.chunk(Buffer.from('half'));
          throw new Error('boom');
        },
      });
    const client = raw(url);
    client.write(REQUEST);
    expect(await client.all()).not.toContain('\r\n0\r\n\r\n');
    expect(fixture.events).toMatchObject([{ type: 'fault', error: { message: 'boom' } }]);
  });
});
