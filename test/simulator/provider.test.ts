import { describe, expect, it } from 'vitest';
import type { ReceivedRequest } from '../../src/simulator/received-request.ts';
import { fetchAnswer, messagesBody, send } from '../support/client.ts';
import { useProviders } from '../support/providers.ts';
import { openRaw } from '../support/raw-client.ts';

const start = useProviders();

async function statuses(url: string, count: number): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i += 1) {
    seen.push((await fetchAnswer(`${url}/v1/messages`, { body: messagesBody() })).status);
  }
  return seen;
}

describe('a simulated provider', () => {
  it('plays its behaviours in turn and repeats the last one', async () => {
    const provider = await start({
      behaviour: [{ kind: 'http', status: 500 }, { kind: 'http', status: 429 }, { kind: 'message' }],
    });
    expect(await statuses(provider.url, 4)).toEqual([500, 429, 200, 200]);
  });

  it('asks a function for each request, when its body is there', async () => {
    const models: unknown[] = [];
    const behaviour = (request: ReceivedRequest) => {
      models.push((request.json() as { readonly model: unknown }).model);
      return { kind: 'http', status: 400 + request.number } as const;
    };
    const provider = await start({ behaviour });
    expect(await statuses(provider.url, 2)).toEqual([401, 402]);
    expect(models).toEqual(['claude-sonnet-5-5', 'claude-sonnet-5-5']);
  });

  it('changes its behaviour from the next request on', async () => {
    const provider = await start({ behaviour: { kind: 'http', status: 503 } });
    expect(await statuses(provider.url, 1)).toEqual([503]);
    provider.setBehaviour({ kind: 'message' });
    expect(await statuses(provider.url, 1)).toEqual([200]);
  });

  it('keeps what it received: bytes, order, names and values as they came', async () => {
    const provider = await start({ behaviour: { kind: 'http', status: 200 } });
    const connection = openRaw(provider.port);
    connection.write(
      'POST /v1/messages?beta=true HTTP/1.1\r\nX-Api-Key: abc\r\nContent-Length: 4\r\n\r\n{"ä',
    );
    const request = await provider.nextRequest();
    connection.close();
    expect(request).toMatchObject({
      number: 1,
      connection: 1,
      method: 'POST',
      path: '/v1/messages?beta=true',
    });
    expect(request.rawHeaders).toEqual(['X-Api-Key', 'abc', 'Content-Length', '4']);
    expect(request.header('x-api-key')).toBe('abc');
    expect(request.body).toEqual(Buffer.from('{"ä'));
  });

  it('hands each request out once, in order, whether asked before or after it came', async () => {
    const provider = await start();
    const asked = provider.nextRequest();
    await statuses(provider.url, 2);
    expect([(await asked).number, (await provider.nextRequest()).number]).toEqual([1, 2]);
  });

  it('says so when no request comes in time', async () => {
    const provider = await start({ name: 'lonely' });
    await expect(provider.nextRequest(1)).rejects.toThrow('provider lonely received no request within 1 ms');
  });

  it('keeps no more requests than it was told', async () => {
    const provider = await start({ keep: 1 });
    await statuses(provider.url, 3);
    expect(provider.requests.map((request) => request.number)).toEqual([3]);
  });

  it('repeats the credential that it received in its error text', async () => {
    const provider = await start({ behaviour: { kind: 'echo', status: 401 } });
    const answer = await fetchAnswer(`${provider.url}/v1/messages`, {
      headers: { 'x-api-key': 'sk-secret' },
      body: messagesBody(),
    });
    expect(answer.json()).toMatchObject({ error: { message: 'Incorrect API key provided: sk-secret' } });
  });

  it('notices a client that leaves within the answer, and writes no further', async () => {
    const provider = await start({ behaviour: { kind: 'message', hold: 'before_last' } });
    const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody() });
    const request = await provider.nextRequest();
    await exchange.event(0);
    exchange.abort();
    expect(await request.ended).toBe('client_left');
  });

  it('waits with its writing while the client does not read', async () => {
    const text = 'x'.repeat(12_000_000);
    const provider = await start({ behaviour: { kind: 'message', text, pieces: 400 } });
    const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody() });
    const request = await provider.nextRequest();
    await exchange.head;
    exchange.pause();
    const first = await Promise.race([
      request.ended,
      new Promise((resolve) => setImmediate(resolve, 'waiting')),
    ]);
    expect(first).toBe('waiting');
    expect(request.bytesWritten).toBeLessThan(text.length);
    exchange.resume();
    expect((await exchange.end).body.length).toBeGreaterThan(text.length);
    expect(await request.ended).toBe('answered');
  });

  it('tears its connections down when it closes', async () => {
    const provider = await start({ behaviour: { kind: 'break', fault: 'silence' } });
    const exchange = send(`${provider.url}/v1/messages`, { body: messagesBody() });
    await provider.nextRequest();
    expect(provider.openConnections).toBe(1);
    await provider.close();
    await expect(exchange.end).rejects.toThrow();
    expect(provider.openConnections).toBe(0);
  });
});
