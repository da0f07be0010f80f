import { createHash } from 'node:crypto';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import type { RequestEnded } from '../../src/telemetry/events.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { duplicate } from '../support/session.ts';

const balance = useBench();
const start = useProviders();
const open: ClientRequest[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.destroy();
});

const MEGABYTE = 1_000_000;

it('of fifty who share a stream ten never read: those are cut, and forty get all of it', async () => {
  // The kernel takes 4 MB for a client that does not read (its limit on Linux), and the queue as much again.
  const text = 'x'.repeat(12 * MEGABYTE);
  const only = await start({ behaviour: { kind: 'message', text, pieces: 300, hold: 'before_content' } });
  const bench = await balance({
    providers: [entry(only)],
    settings: { deduplication: { max_queue_bytes: '4MB' }, max_buffered_bytes: '64MB' },
  });
  const url = `${bench.url}/v1/messages`;
  const readers = Array.from({ length: 40 }, () => answerTo(url).then(digestOf));
  for (let index = 0; index < 10; index += 1) void answerTo(url);
  const joins = () => bench.events.filter(({ type }) => type === 'request.joined').length;
  await bench.until('fifty', () => joins() === 49);
  only.release();

  const digests = await Promise.all(readers);
  expect(new Set(digests).size).toBe(1);
  await bench.ended(50);
  const ends = bench.events.filter((event): event is RequestEnded => event.type === 'request.ended');
  const results = ends.map(({ result }) => result).sort();
  expect(results).toEqual([...Array<string>(10).fill('broken'), ...Array<string>(40).fill('served')]);
  for (const { result, error = '' } of ends) {
    if (result === 'broken') expect(error).toContain('read too slowly');
  }
  expect(only.requests).toHaveLength(1);
  expect(bench.balancer.engine.status()).toMatchObject({ inFlight: 0, bufferedBytes: 0 });
}, 60_000);

/** The answer to the one request, of which nothing is read yet. */
function answerTo(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { headers = {}, body } = duplicate();
    const sent = request(url, { method: 'POST', headers, agent: new Agent({ keepAlive: false }) }, resolve);
    sent.on('error', reject);
    sent.end(body);
    open.push(sent);
  });
}

/** Reads an answer to its end and keeps none of it. Rejects if it is cut. */
async function digestOf(answer: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of answer) hash.update(bytes as Buffer);
  return hash.digest('hex');
}
