import { describe, expect, it } from 'vitest';
import { HELD } from '../support/behaviours.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const SETTINGS = { shutdown_timeout: 90, hold_while_cooling: 600, request_budget: 3600 };

/** Drains until the timeout is over. */
async function shutDown(bench: Bench): Promise<void> {
  const drained = bench.balancer.drain();
  bench.clock.advance(90_000);
  await drained;
}

/** What was told at last. */
function lastOf(bench: Bench): readonly string[] {
  return bench.events
    .map(({ type }) => type)
    .filter((type) => type === 'request.ended' || type.startsWith('server.'))
    .slice(1);
}

describe('when shutdown_timeout is over', () => {
  it('requests that have got nothing yet, whether in line or at a provider, get a 503 with a time', async () => {
    const held = await start({ name: 'held', behaviour: HELD });
    const bench = await balance({
      providers: [entry(held, { max_concurrent: 1 })],
      settings: { ...SETTINGS, shutdown_timeout: 30 },
    });
    const requests = [bench.messages({ deadlineMs: 10_000 })];
    await held.nextRequest();
    requests.push(bench.messages({ deadlineMs: 10_000 }));
    await bench.until('two', () => bench.balancer.engine.status().inFlight === 2);
    const drained = bench.balancer.drain();
    bench.clock.advance(30_000);
    for (const { end } of requests) {
      const answer = await end;
      expect([answer.status, answer.header('retry-after'), answer.end]).toEqual([503, '5', 'complete']);
      expect(answer.json()).toMatchObject({
        error: { type: 'api_error', message: expect.stringContaining('shut down') },
        request_id: answer.header('request-id'),
      });
    }
    await drained;
    expect(lastOf(bench)).toEqual(['server.draining', 'request.ended', 'request.ended', 'server.stopped']);
    expect(await bench.ended(1)).toMatchObject({ result: 'exhausted', status: 503 });
    expect((await bench.ended(1)).trace.attempts).toMatchObject([
      { outcome: { kind: 'client_left', detail: 'the balancer shut down' } },
    ]);
  });

  it('one that has only early headers and pings gets an error as an event', async () => {
    const held = await start({ name: 'held', behaviour: HELD });
    const bench = await balance({ providers: [entry(held)], settings: SETTINGS });
    const request = bench.messages({ deadlineMs: 10_000 });
    await held.nextRequest();
    bench.clock.advance(60_000);
    await request.head;
    await shutDown(bench);
    const answer = await request.end;
    expect([answer.status, answer.end, answer.events.at(-1)?.name]).toEqual([200, 'complete', 'error']);
    expect(lastOf(bench)).toEqual(['server.draining', 'request.ended', 'server.stopped']);
  });

  it('one whose answer has begun ends as a stream that broke off', async () => {
    const held = await start({ name: 'held', behaviour: { kind: 'message', hold: 'before_last' } });
    const bench = await balance({ providers: [entry(held)], settings: SETTINGS });
    const request = bench.messages({ headers: { 'user-agent': 'claude-cli/2.0' }, deadlineMs: 10_000 });
    await request.text('content_block_delta');
    await shutDown(bench);
    expect((await request.end).end).toBe('cut');
    expect(lastOf(bench)).toEqual(['server.draining', 'request.ended', 'server.stopped']);
    expect(await bench.ended(1)).toMatchObject({ result: 'broken', status: 200 });
  });

  it('nobody is blamed', async () => {
    const held = await start({ name: 'held', behaviour: HELD });
    const bench = await balance({
      providers: [entry(held)],
      settings: { ...SETTINGS, unhealthy_threshold: 1 },
    });
    void bench.messages().end.catch(() => {});
    await held.nextRequest();
    await shutDown(bench);
    expect(bench.events.filter(({ type }) => type === 'health.changed')).toEqual([]);
  });
});

it('an end at once tells the end of every request before its own', async () => {
  const held = await start({ name: 'held', behaviour: HELD });
  const bench = await balance({ providers: [entry(held)], settings: SETTINGS });
  void bench.messages().end.catch(() => {});
  await held.nextRequest();
  await bench.balancer.stop();
  expect(lastOf(bench)).toEqual(['request.ended', 'server.stopped']);
});
