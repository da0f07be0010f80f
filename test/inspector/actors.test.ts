import { describe, expect, it } from 'vitest';
import type { InspectorEvent, ProviderTotals } from '../../src/domain/inspection/inspection.ts';
import { GOOD, HELD, limited } from '../support/behaviours.ts';
import { fetchAnswer, send } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();
const DOWN = { kind: 'http', status: 500 } as const;

interface Snapshot {
  readonly run: string;
  readonly seq: number;
  readonly events: readonly InspectorEvent[];
  readonly totals: readonly ProviderTotals[];
}

async function snapshotOf({ url }: { readonly url: string }): Promise<Snapshot> {
  return (await fetchAnswer(`${url}/inspector/snapshot`)).json() as Snapshot;
}

describe('the balancer’s own chart', () => {
  it('is told from its start, with each configuration that it takes', async () => {
    const good = await start({ name: 'good', behaviour: GOOD });
    const bench = await balance({ providers: [entry(good)] });
    await bench.messages().end;
    await bench.ended(1);
    await bench.balancer.reload();
    const { events } = await snapshotOf(bench);
    const told = events
      .filter(({ actor }) => actor === 'balancer')
      .map(({ kind, event, from, to }) => [kind, event, from, to]);
    // That a moment had no request is nothing that happened to it.
    expect(told).toEqual([
      ['started', undefined, undefined, 'starting'],
      ['transition', 'server.listening', 'starting', 'serving'],
      ['transition', 'config.changed', 'serving', 'serving'],
    ]);
    expect(events.find(({ event }) => event === 'config.changed')?.changed).toContain('plans');
  });

  it('is followed to its very end', async () => {
    const held = await start({ name: 'held', behaviour: HELD });
    const bench = await balance({ providers: [entry(held)] });
    const { run, seq } = await snapshotOf(bench);
    const feed = send(`${bench.url}/inspector/events`, { headers: { 'last-event-id': `${run}-${seq}` } });
    const asked = bench.messages();
    await feed.text('"begun"');
    const drained = bench.balancer.drain();
    await feed.text('"to":"draining"');
    held.release();
    await asked.end;
    await drained;
    await feed.end;
    expect(Buffer.concat([...feed.chunks]).toString()).toMatch(
      /"kind":"stopped","actor":"balancer","event":"requests.ended","from":"draining","to":"stopped"/,
    );
  });
});

describe('an attempt in the feed', () => {
  it('is told when it begins, with its outcome when it ends, and both where one follows the other', async () => {
    const [down, good] = [
      await start({ name: 'down', behaviour: DOWN }),
      await start({ name: 'good', behaviour: GOOD }),
    ];
    const bench = await balance({ providers: [entry(down), entry(good)] });
    await bench.messages().end;
    await bench.ended(1);
    const { events, totals } = await snapshotOf(bench);
    const steps = events.filter(({ actor, kind }) => actor.startsWith('request:') && kind !== 'request');
    expect(steps.map(({ event, attempt, begun }) => ({ event, attempt, begun }))).toEqual([
      {
        event: undefined,
        attempt: undefined,
        begun: expect.objectContaining({ number: 1, provider: 'down' }),
      },
      {
        event: 'attempt.settled',
        attempt: expect.objectContaining({
          number: 1,
          provider: 'down',
          outcome: 'server_error',
          status: 500,
        }),
        begun: expect.objectContaining({ number: 2, provider: 'good' }),
      },
      {
        event: 'attempt.committed',
        attempt: expect.objectContaining({ number: 2, provider: 'good' }),
        begun: undefined,
      },
      {
        event: 'attempt.settled',
        attempt: expect.objectContaining({
          number: 2,
          outcome: 'success',
          firstContentMs: expect.any(Number),
          usage: expect.objectContaining({ outputTokens: expect.any(Number) }),
        }),
        begun: undefined,
      },
    ]);
    for (const { begun } of steps) expect(begun?.outcome).toBe(undefined);
    expect(steps[2]?.attempt?.outcome).toBe(undefined);
    // What the feed tells of tokens comes to what is counted.
    const usage = steps.at(-1)?.attempt?.usage;
    expect(totals.find(({ id }) => id === 'good')).toMatchObject({
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
    });
  });
});

describe('a model that cools at a provider that does not', () => {
  it('is told with its cause, and again when it is well', async () => {
    const [tired, good] = [
      await start({ name: 'tired', behaviour: [limited(20), GOOD] }),
      await start({ name: 'good', behaviour: GOOD }),
    ];
    const bench = await balance({ providers: [entry(tired), entry(good)] });
    await bench.messages().end;
    const { request } = await bench.ended(1);
    const cools = (await snapshotOf(bench)).events.find(
      ({ actor, kind }) => actor === 'provider:tired' && kind === 'transition',
    );
    expect(cools).toMatchObject({
      event: 'attempt.settled',
      from: 'healthy',
      to: 'healthy',
      model: request.model,
      requestId: request.id,
      provider: {
        state: 'healthy',
        failures: 0,
        models: [
          {
            model: request.model,
            coolingUntil: expect.any(Number),
            lastError: { kind: 'rate_limited', detail: expect.any(String), at: expect.any(Number) },
          },
        ],
      },
    });
    bench.clock.advance(25_000);
    await bench.messages().end;
    await bench.ended(2);
    const last = (await snapshotOf(bench)).events.findLast(({ actor }) => actor === 'provider:tired');
    expect(last).toMatchObject({ model: request.model, from: 'healthy', to: 'healthy' });
    expect(last?.provider?.models).toBe(undefined);
  });
});
