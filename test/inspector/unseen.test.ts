import { describe, expect, it } from 'vitest';
import { createActor, setup } from 'xstate';
import { createRedactor } from '../../src/domain/secrets/secrets.ts';
import { inspected } from '../../src/engine/inspected.ts';
import type { RequestEnded, RequestFacts } from '../../src/telemetry/events.ts';
import { createInspection } from '../../src/telemetry/inspection.ts';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const facts = (id: string): RequestFacts => ({
  id,
  endpoint: 'messages',
  model: 'm',
  stream: true,
  bytes: 10,
});
const ended = (id: string, error?: string): RequestEnded => ({
  type: 'request.ended',
  request: facts(id),
  result: 'served',
  status: 200,
  trace: { decisions: [], attempts: [] },
  durationMs: 5,
  ...(error === undefined ? {} : { error }),
});

function inspectionOf(maxRequests: number, maxBytes = 1e6) {
  return createInspection({
    maxEvents: 1000,
    maxRequests,
    maxBytes,
    capturesBodies: () => false,
    now: () => 1_000_000,
    redact: (text) => createRedactor(['a-configured-secret']).text(text),
  });
}

describe('what is kept', () => {
  it('is bounded in number; a request that runs is never dropped', () => {
    const inspection = inspectionOf(3);
    inspection.observe({ type: 'request.received', request: facts('runs') });
    for (const id of ['a', 'b', 'c', 'd']) {
      inspection.observe({ type: 'request.received', request: facts(id) });
      inspection.observe(ended(id));
    }
    expect(inspection.page({ limit: 10 }).requests.map(({ id }) => id)).toEqual(['d', 'c', 'runs']);
    expect(inspection.detail('a')).toBeUndefined();
    // Its row is still in the feed.
    expect(inspection.after(0).filter(({ request }) => request?.id === 'a')).toHaveLength(2);
  });

  it('is bounded in bytes', () => {
    const inspection = inspectionOf(1000, 20_000);
    for (let at = 0; at < 100; at += 1) {
      inspection.observe({ type: 'request.received', request: facts(`r${at}`) });
      inspection.observe(ended(`r${at}`, 'x'.repeat(1_000)));
    }
    const { requests, total } = inspection.page({ limit: 1000 });
    expect(total).toBeLessThan(10);
    expect(requests[0]?.id).toBe('r99');
  });

  it('is told to whoever subscribed, and no longer afterwards', () => {
    const inspection = inspectionOf(3);
    let told = 0;
    const leave = inspection.subscribe(() => {
      told += 1;
    });
    inspection.observe({ type: 'request.received', request: facts('a') });
    leave();
    inspection.observe(ended('a'));
    expect(told).toBe(1);
    expect(inspection.lastSeq).toBe(2);
  });
});

describe('a chart that is observed', () => {
  it('does not notice that its observer throws', () => {
    const machine = setup({ types: { events: {} as { type: 'go' } } }).createMachine({
      initial: 'here',
      states: { here: { on: { go: 'there' } }, there: {} },
    });
    const told: unknown[] = [];
    const actor = createActor(
      inspected(machine, (after, before) => {
        told.push([before?.value, after.value]);
        throw new Error('an observer fails');
      }),
    ).start();
    actor.send({ type: 'go' });
    expect(actor.getSnapshot().value).toBe('there');
    expect(told).toEqual([
      [undefined, 'here'],
      ['here', 'there'],
    ]);
  });
});

describe('a request that shared another one’s answer', () => {
  it('names it', async () => {
    const good = await start({ name: 'good', behaviour: { ...GOOD, hold: 'before_content' } as never });
    const bench = await balance({ providers: [entry(good)], settings: { deduplication: { scope: 'all' } } });
    const [first, second] = [bench.messages(), bench.messages()];
    await bench.until(
      'both',
      () => good.requests.length === 1 && bench.events.some(({ type }) => type === 'request.joined'),
    );
    good.release();
    await Promise.all([first.end, second.end]);
    await bench.ended(2);
    const page = (await fetchAnswer(`${bench.url}/inspector/requests`)).json() as {
      requests: { id: string; joined?: string; attempts: number }[];
    };
    const guest = page.requests.find(({ joined }) => joined !== undefined);
    const host = page.requests.find(({ joined }) => joined === undefined);
    expect(guest).toMatchObject({ joined: host?.id, attempts: 0 });
    expect(host?.attempts).toBe(1);
  });
});
