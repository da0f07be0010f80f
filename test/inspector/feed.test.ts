import { describe, expect, it } from 'vitest';
import type { InspectorEvent, RequestDetail, RequestPage } from '../../src/domain/inspection/inspection.ts';
import { GOOD } from '../support/behaviours.ts';
import { fetchAnswer, send } from '../support/client.ts';
import { entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();
const BROKEN = {
  kind: 'http',
  status: 500,
  body: '{"type":"error","error":{"type":"api_error","message":"boom"}}',
} as const;

interface Snapshot {
  readonly run: string;
  readonly seq: number;
  readonly events: readonly InspectorEvent[];
  readonly providers: readonly { readonly id: string; readonly state: string }[];
  readonly minutes: readonly { readonly served: number; readonly failovers: number }[];
}

async function twoProviders(settings: Readonly<Record<string, unknown>> = {}) {
  const broken = await start({ name: 'broken', behaviour: BROKEN });
  const good = await start({ name: 'good', behaviour: GOOD });
  const bench = await balance({ providers: [entry(broken), entry(good)], settings });
  const get = async <T>(path: string): Promise<T> =>
    (await fetchAnswer(`${bench.url}/inspector/${path}`)).json() as T;
  return { bench, get, good };
}

/** What happened to actors, as `actor: from → to by event`. */
const told = (events: readonly InspectorEvent[]): readonly string[] =>
  events.map(({ kind, actor, from, to, event, request }) => {
    const who = actor.replace(/^request:.*/, 'request');
    if (kind === 'request') return `${who}: ${request?.result}`;
    return kind === 'started' ? `${who} starts in ${to}` : `${who}: ${from} → ${to} by ${event}`;
  });

describe('the inspector’s memory', () => {
  it('holds the failover of a request, step by step, with numbers that rise by one', async () => {
    const { bench, get } = await twoProviders();
    await bench.messages().end;
    await bench.ended(1);
    const { events, seq } = await get<Snapshot>('snapshot');
    expect(told(events)).toEqual([
      'provider:broken starts in healthy',
      'provider:good starts in healthy',
      'balancer starts in starting',
      'balancer: starting → serving by server.listening',
      'request: running',
      'request starts in active.attempting',
      'provider:broken: healthy → degraded by attempt.settled',
      'request: active.attempting → active.attempting by attempt.settled',
      'request: active.attempting → active.streaming by attempt.committed',
      'request: active.streaming → served by attempt.settled',
      'request: served',
    ]);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, at) => at + 1));
    expect(seq).toBe(events.length);
    const { request } = events.at(-1) ?? {};
    expect(request).toMatchObject({
      result: 'served',
      status: 200,
      provider: 'good',
      attempts: 2,
      tried: ['broken', 'good'],
    });
    expect(events.find(({ event }) => event === 'attempt.settled')).toMatchObject({
      requestId: request?.id,
      provider: {
        id: 'broken',
        state: 'degraded',
        failures: 1,
        threshold: 2,
        lastError: { kind: 'server_error' },
      },
    });
  });

  it('tells of one request what was tried, how long each part took, what came back, and why', async () => {
    const { bench, get } = await twoProviders();
    await bench.messages().end;
    const { request } = await bench.ended(1);
    const detail = await get<RequestDetail>(`requests/${request.id}`);
    expect(detail.summary).toMatchObject({ id: request.id, result: 'served', provider: 'good' });
    expect(detail.decisions.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['try', 'priority'],
      ['try', 'ready'],
    ]);
    const [first, second] = detail.attempts;
    expect(first).toMatchObject({
      number: 1,
      candidate: { provider: 'broken' },
      outcome: { kind: 'server_error' },
      status: 500,
      errorBody: expect.stringContaining('boom'),
      url: expect.stringMatching(/\/v1\/messages\?beta=true$/),
    });
    expect(second).toMatchObject({
      number: 2,
      candidate: { provider: 'good' },
      outcome: { kind: 'success' },
      status: 200,
    });
    for (const attempt of [first, second]) {
      expect(attempt?.sentAt).toBeTypeOf('number');
      expect(attempt?.headAt).toBeTypeOf('number');
    }
    expect(detail.plan).toMatchObject({
      reason: 'priority',
      order: [{ provider: 'broken' }, { provider: 'good' }],
    });
    expect(detail).not.toHaveProperty('body');
    expect(detail).not.toHaveProperty('answer');
    expect(detail.events.length).toBeGreaterThan(5);
  });

  it('finds requests by session, provider, outcome, model and text, a page at a time', async () => {
    const { bench, get } = await twoProviders();
    const sessions = ['one', 'two', 'one'];
    for (const session of sessions) {
      await bench.messages({ headers: { 'x-claude-code-session-id': session } }).end;
    }
    await bench.ended(3);
    const found = async (query: string) => (await get<RequestPage>(`requests?${query}`)).requests.length;
    expect(await found('session=one')).toBe(2);
    expect(await found('provider=broken')).toBe(2);
    expect(await found('provider=good')).toBe(3);
    expect(await found('outcome=served')).toBe(3);
    expect(await found('outcome=exhausted')).toBe(0);
    expect(await found('model=claude-sonnet-5-5')).toBe(3);
    expect(await found('model=nothing')).toBe(0);
    expect(await found('text=SONNET')).toBe(3);
    const first = await get<RequestPage>('requests?limit=2');
    expect(first).toMatchObject({ total: 3, next: 2 });
    expect(first.requests.map(({ number }) => number)).toEqual([3, 2]);
    const second = await get<RequestPage>(`requests?limit=2&before=${first.next}`);
    expect(second.requests.map(({ number }) => number)).toEqual([1]);
    expect(second).not.toHaveProperty('next');
    const refused = await fetchAnswer(`${bench.url}/inspector/requests?limit=0`);
    expect(refused.status).toBe(400);
  });

  it('counts the last hour by minute', async () => {
    const { bench, get } = await twoProviders();
    await bench.messages().end;
    await bench.ended(1);
    const { minutes } = await get<Snapshot>('snapshot');
    expect(minutes).toHaveLength(60);
    expect(minutes.at(-1)).toMatchObject({ served: 1, failovers: 1 });
    bench.clock.advance(3_600_000);
    const later = await get<Snapshot>('snapshot?history=0');
    expect(later.minutes.reduce((sum, { served }) => sum + served, 0)).toBe(0);
    expect(later.events).toEqual([]);
  });

  it('keeps contents only where it is told to', async () => {
    const { bench, get } = await twoProviders({ inspector: { capture_bodies: true } });
    await bench.messages({
      body: {
        model: 'm',
        max_tokens: 5,
        stream: true,
        messages: [{ role: 'user', content: 'a private word' }],
      },
    }).end;
    const { request } = await bench.ended(1);
    const detail = await get<RequestDetail>(`requests/${request.id}`);
    expect(detail.body).toContain('a private word');
    expect(detail.answer).toContain('message_stop');
  });

  it('is not there where it is switched off', async () => {
    const { bench } = await twoProviders({ inspector: { enabled: false } });
    expect((await fetchAnswer(`${bench.url}/inspector/snapshot`)).status).toBe(404);
    expect((await bench.messages().end).status).toBe(200);
  });
});

describe('the feed', () => {
  it('goes on where its reader was, without a gap and without a repetition', async () => {
    const { bench, get } = await twoProviders();
    const { run, seq } = await get<Snapshot>('snapshot');
    const first = send(`${bench.url}/inspector/events`, { headers: { 'last-event-id': `${run}-${seq}` } });
    expect((await first.event(0)).name).toBe('hello');
    await bench.messages().end;
    await first.text('"result":"served"');
    first.abort();
    const seen = seqsOf(first.chunks);
    await bench.messages().end;
    await bench.ended(2);
    const last = seen.at(-1) ?? 0;
    const second = send(`${bench.url}/inspector/events`, { headers: { 'last-event-id': `${run}-${last}` } });
    await second.text('"result":"served"');
    second.abort();
    const { seq: end } = await get<Snapshot>('snapshot');
    const all = [...seen, ...seqsOf(second.chunks)];
    expect(all).toEqual(Array.from({ length: end - seq }, (_, at) => seq + 1 + at));
  });

  it('says so where what its reader missed is no longer kept, and after a restart', async () => {
    const { bench, get } = await twoProviders({ inspector: { events: 100 } });
    const { run } = await get<Snapshot>('snapshot');
    for (let at = 0; at < 25; at += 1) await bench.messages().end;
    await bench.ended(25);
    const behind = send(`${bench.url}/inspector/events`, { headers: { 'last-event-id': `${run}-1` } });
    await behind.text('"result":"served"');
    behind.abort();
    const gap = Buffer.concat([...behind.chunks]).toString();
    expect(gap).toMatch(/event: gap\nid: .*\ndata: \{"from":2,"to":\d+\}/);
    const foreign = send(`${bench.url}/inspector/events`, { headers: { 'last-event-id': 'another-7' } });
    expect((await foreign.event(0)).name).toBe('restarted');
    foreign.abort();
  });

  it('ends with the balancer, which need not wait for it', async () => {
    const { bench } = await twoProviders();
    const feed = send(`${bench.url}/inspector/events`);
    await feed.event(0);
    await bench.balancer.drain();
    expect((await feed.end).end).toBe('complete');
  });
});

function seqsOf(chunks: readonly Buffer[]): readonly number[] {
  const text = Buffer.concat([...chunks]).toString();
  return [...text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
}

describe('the page’s actions', () => {
  it('cool, heal, disable and enable a provider, and the log tells each', async () => {
    const { bench, get } = await twoProviders();
    const act = (action: string) =>
      fetchAnswer(`${bench.url}/inspector/providers/good/${action}`, { method: 'POST' });
    const state = async () =>
      (await get<Snapshot>('snapshot')).providers.find(({ id }) => id === 'good')?.state;
    expect((await act('cool')).status).toBe(200);
    expect(await state()).toBe('cooling');
    bench.clock.advance(61_000);
    expect(await state()).toBe('trial');
    await act('cool');
    await act('heal');
    expect(await state()).toBe('healthy');
    await act('disable');
    expect(await state()).toBe('disabled');
    await act('enable');
    expect(await state()).toBe('healthy');
    const operated = bench.events.flatMap((event) =>
      event.type === 'provider.operated' ? event.action : [],
    );
    expect(operated).toEqual(['cool', 'cool', 'reset', 'disable', 'enable']);
    expect(
      (await fetchAnswer(`${bench.url}/inspector/providers/nobody/cool`, { method: 'POST' })).status,
    ).toBe(404);
  });
});
