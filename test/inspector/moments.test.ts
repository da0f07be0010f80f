import { describe, expect, it } from 'vitest';
import type {
  InspectorEvent,
  MinuteStatistics,
  ProviderTotals,
  RequestPage,
} from '../../src/domain/inspection/inspection.ts';
import { hourBefore } from '../../src/inspector/page/hour.ts';
import { type Moment, momentAt, requestsAt } from '../../src/inspector/page/moments.ts';
import {
  firstContent,
  NO_TALLY,
  type ProviderCounts,
  tallyAfter,
  tallyBefore,
} from '../../src/inspector/page/tally.ts';
import { DOWN, GOOD, HELD, limited } from '../support/behaviours.ts';
import { fetchAnswer } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

interface Snapshot {
  readonly seq: number;
  readonly in_flight: number;
  readonly providers: readonly (ProviderCounts & {
    readonly latency: {
      readonly time_to_first_content_ms: { readonly p50: number; readonly p95: number } | null;
    };
  })[];
  readonly totals: readonly ProviderTotals[];
  readonly events: readonly InspectorEvent[];
}

const balance = useBench();
const start = useProviders();

/** Failovers, a limited model, and a request that still runs when one looks. */
async function past() {
  const [down, tired, good] = [
    await start({ name: 'down', behaviour: DOWN }),
    await start({ name: 'tired', behaviour: limited(20) }),
    await start({ name: 'good', behaviour: [GOOD, GOOD, GOOD, HELD] }),
  ];
  const bench = await balance({
    providers: [entry(down), entry(tired), entry(good)],
    settings: { sticky_provider_duration: 0 },
  });
  for (let at = 0; at < 3; at += 1) {
    await bench.messages().end;
    bench.clock.advance(1_000);
  }
  await bench.ended(3);
  const held = bench.messages();
  await expect.poll(() => good.requests.length).toBe(4);
  const json = async (path: string) => (await fetchAnswer(`${bench.url}/inspector/${path}`)).json();
  const snapshot = (await json('snapshot')) as Snapshot;
  const { requests } = (await json('requests')) as RequestPage;
  good.release();
  await held.end;
  return { snapshot, requests, events: snapshot.events };
}

/** As if the oldest `count` events were no longer kept. */
function shortened({ events, ...snapshot }: Snapshot, count: number) {
  const kept = events.slice(count);
  const dropped = events.slice(0, count);
  const base = new Map(
    dropped.flatMap(({ provider }) => (provider === undefined ? [] : [[provider.id, provider]])),
  );
  return { events: kept, base: [...base.values()], tally: tallyBefore(kept, snapshot) };
}

/** What both know, whatever was dropped. */
function sums({ tally }: Pick<Moment, 'tally'>) {
  const providers = [...tally.providers].map(([id, { samples: _, hasAllSamples: __, ...counts }]) => [
    id,
    counts,
  ]);
  const touched = providers.filter(([, counts]) => Object.values(counts as object).some((each) => each > 0));
  return { inFlight: tally.inFlight, providers: Object.fromEntries(touched) };
}

describe('the counts at a moment of the past', () => {
  it('are at the last moment those that the balancer has', async () => {
    const { snapshot, events } = await past();
    const { tally } = momentAt({ events, base: [], tally: NO_TALLY }, snapshot.seq);
    expect(tally.inFlight).toBe(1);
    for (const { id, requests, latency } of snapshot.providers) {
      const counts = tally.providers.get(id);
      expect([counts?.inFlight, counts?.successes, counts?.failures]).toEqual([
        requests.in_flight,
        requests.successes,
        requests.failures,
      ]);
      expect(counts === undefined ? undefined : firstContent(counts)).toEqual(
        latency.time_to_first_content_ms ?? undefined,
      );
      const total = snapshot.totals.find((each) => each.id === id);
      expect([counts?.inputTokens, counts?.outputTokens]).toEqual([total?.inputTokens, total?.outputTokens]);
    }
  });

  it('are the same at each moment, however much of what was before is no longer kept', async () => {
    const { snapshot, events } = await past();
    expect(events.length).toBeGreaterThan(25);
    for (let dropped = 0; dropped < events.length; dropped += 1) {
      const less = shortened(snapshot, dropped);
      for (const { seq } of less.events)
        expect(sums(momentAt(less, seq)), `${dropped} dropped, at ${seq}`).toEqual(
          sums(momentAt({ events, base: [], tally: NO_TALLY }, seq)),
        );
    }
  });

  it('say that percentiles are not known where earlier answers may belong to them', async () => {
    const { snapshot, events } = await past();
    const served = events.findIndex(({ attempt }) => attempt?.outcome === 'success');
    const less = shortened(snapshot, served + 1);
    const then = momentAt(less, snapshot.seq).tally.providers.get('good');
    expect(then?.successes).toBe(3);
    expect(then === undefined ? undefined : firstContent(then)).toBe(null);
    const many = Array.from({ length: 256 }, (_, at): InspectorEvent => {
      const attempt = {
        number: 1,
        provider: 'good',
        model: 'm',
        mode: 'normal',
        outcome: 'success',
        firstContentMs: at,
      } as const;
      return { seq: at + 1, at: 0, kind: 'stopped', actor: `request:${at}`, attempt };
    });
    const after = tallyAfter(less.tally, many).providers.get('good');
    expect(after === undefined ? undefined : firstContent(after)).toEqual({ p50: 128, p95: 243 });
  });

  it('belong together where a provider is told in the midst of a request’s step', async () => {
    const { events } = await past();
    const failed = events.find(
      ({ actor, event }) => actor === 'provider:down' && event === 'attempt.settled',
    );
    const { tally, providers } = momentAt({ events, base: [], tally: NO_TALLY }, failed?.seq ?? 0);
    expect(providers.get('down')?.failures).toBe(1);
    expect(tally.providers.get('down')).toMatchObject({ failures: 1, inFlight: 0 });
  });
});

describe('requests at a moment of the past', () => {
  it('are those that had come, as far as they were', async () => {
    const { requests, events } = await past();
    const [newest, ...older] = requests;
    const oldest = older.at(-1);
    expect(requests).toHaveLength(4);
    const came = events.find(({ request }) => request?.id === oldest?.id)?.seq ?? 0;
    expect(requestsAt(requests, events, came - 1)).toEqual([]);
    expect(requestsAt(requests, events, came)).toMatchObject([
      { id: oldest?.id, result: 'running', tried: [] },
    ]);
    expect(requestsAt(requests, events, came + 1)).toMatchObject([{ tried: ['down'], attempts: 1 }]);
    const ended = events.findLast(({ request }) => request?.id === oldest?.id)?.seq ?? 0;
    expect(requestsAt(requests, events, ended)).toEqual([oldest]);
    expect(requestsAt(requests, events, events.length)[0]).toMatchObject({
      id: newest?.id,
      result: 'running',
    });
  });
});

describe('the hour before a moment', () => {
  const MINUTE = 60_000;
  const end = (seq: number, at: number, result: 'served' | 'exhausted', first?: number): InspectorEvent => ({
    seq,
    at,
    kind: 'request',
    actor: `request:${seq}`,
    request: {
      id: String(seq),
      number: seq,
      endpoint: 'messages',
      model: 'm',
      stream: true,
      bytes: 1,
      receivedAt: at,
      result,
      status: 200,
      attempts: 2,
      tried: ['a', 'b'],
      ...(first === undefined ? {} : { timeToFirstContentMs: first }),
    },
  });
  const counted = (at: number, served: number): MinuteStatistics => ({
    at,
    served,
    failed: 0,
    cancelled: 0,
    local: 0,
    failovers: 0,
  });

  it('counts what had ended by then, and nothing that came later', () => {
    const now = 100 * MINUTE;
    const events = [end(1, now, 'served', 10), end(2, now + 5, 'exhausted'), end(3, now + 9, 'served', 30)];
    const minutes = hourBefore({ events, minutes: [counted(now, 2)] }, 2, now + 5);
    expect(minutes).toHaveLength(60);
    expect(minutes.at(-1)).toEqual({ ...counted(now, 1), failed: 1, failovers: 2, p50: 10, p95: 10 });
    expect(minutes.some(({ isUnknown }) => isUnknown)).toBe(false);
  });

  it('takes whole minutes as they were counted, and marks those that nobody knows', () => {
    const now = 100 * MINUTE;
    // The oldest kept event is the ninth; the balancer still has the last two minutes before.
    const events = [end(9, now - MINUTE / 2, 'served'), end(10, now + 1, 'served')];
    const known = [counted(now - 2 * MINUTE, 7), counted(now - MINUTE, 8), counted(now, 99)];
    const minutes = hourBefore({ events, minutes: known }, 10, now + 1);
    expect(minutes.slice(-3).map(({ served, isUnknown }) => [served, isUnknown])).toEqual([
      [7, undefined],
      [8, undefined],
      [1, undefined],
    ]);
    expect(minutes.slice(0, 57).every(({ isUnknown, served }) => isUnknown === true && served === 0)).toBe(
      true,
    );
    // A minute that is known only in part is not known.
    const earlier = hourBefore({ events, minutes: known }, 9, now - MINUTE / 2);
    expect(earlier.at(-1)).toMatchObject({ served: 0, isUnknown: true });
  });
});
