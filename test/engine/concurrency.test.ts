import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import type { SimulatedProvider } from '../../src/simulator/provider.ts';
import { requestLine } from '../../src/telemetry/request-line.ts';
import { DOWN, GOOD, HELD } from '../support/behaviours.ts';
import type { Exchange } from '../support/client.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';

const balance = useBench();
const start = useProviders();

const held: SimulatedProvider[] = [];
afterEach(() => {
  for (const provider of held.splice(0)) provider.release();
});

/** A provider that answers when it is told to. */
async function holding(name: string): Promise<SimulatedProvider> {
  const provider = await start({ name, behaviour: HELD });
  held.push(provider);
  return provider;
}

const session = (id: string) => ({ headers: { 'x-claude-code-session-id': id } });
const answered = async (exchange: Exchange) => (await exchange.end).header('x-balancer-provider');

async function waiting(bench: Bench, name: string, count: number): Promise<void> {
  let seen = -1;
  for (let turn = 0; turn < 2_000 && seen !== count; turn += 1) seen = (await bench.provider(name)).waiting;
  expect(seen).toBe(count);
}

describe('a provider with max_concurrent', () => {
  it('is passed over when it is full, and nothing is held against it', async () => {
    const first = await holding('first');
    const second = await start({ name: 'second' });
    const bench = await balance({ providers: [entry(first, { max_concurrent: 1 }), entry(second)] });
    const one = bench.messages();
    await first.nextRequest();
    expect(await answered(bench.messages())).toBe('second');
    const view = await bench.provider('first');
    expect(view).toMatchObject({
      in_flight: 1,
      max_concurrent: 1,
      waiting: 0,
      failures: '0/2',
      state: 'healthy',
    });
    expect((await bench.provider('second')).max_concurrent).toBeNull();
    first.release();
    expect(await answered(one)).toBe('first');
    expect((await bench.provider('first')).in_flight).toBe(0);
  });

  it('keeps its sessions: they are back as soon as it has room', async () => {
    const first = await holding('first');
    const second = await start({ name: 'second' });
    const bench = await balance({
      providers: [entry(first, { max_concurrent: 1 }), entry(second)],
      settings: { sticky_provider_duration: 300 },
    });
    const opening = bench.messages(session('one'));
    await first.nextRequest();
    first.release();
    await opening.end;
    const busy = bench.messages(session('two'));
    await first.nextRequest();
    expect(await answered(bench.messages(session('one')))).toBe('second');
    expect(await answered(bench.messages(session('one')))).toBe('second');
    first.release();
    await busy.end;
    first.setBehaviour(GOOD);
    expect(await answered(bench.messages(session('one')))).toBe('first');
  });

  it('shares its slots among all its models and routes', async () => {
    const first = await holding('first');
    const bench = await balance({
      providers: [entry(first, { max_concurrent: 1 })],
      model_routes: {
        'claude-sonnet-*': [{ provider: 'first', model: 'one', priority: 1 }],
        '*': [{ provider: 'first', model: 'two', priority: 1 }],
      },
      settings: { hold_while_cooling: 0 },
    });
    const one = bench.messages();
    await first.nextRequest();
    const other = JSON.stringify({
      model: 'other',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'x' }],
    });
    expect((await bench.messages({ body: other }).end).status).toBe(503);
    first.release();
    expect((await one.end).status).toBe(200);
  });

  it('has its slot back after a failure, a client that left, and a reload', async () => {
    const first = await holding('first');
    const file = { providers: [entry(first, { max_concurrent: 1 })], settings: { unhealthy_threshold: 99 } };
    const bench = await balance(file);
    const leaving = bench.messages();
    await first.nextRequest();
    leaving.abort();
    await bench.ended(1);
    expect((await bench.provider('first')).in_flight).toBe(0);
    first.setBehaviour({ kind: 'http', status: 400 });
    expect((await bench.messages().end).status).toBe(400);
    await first.nextRequest();
    first.setBehaviour(HELD);
    const over = bench.messages();
    await first.nextRequest();
    await bench.reload({ ...file, providers: [entry({ name: 'other', url: first.url })] });
    first.release();
    await over.end;
    await bench.reload(file);
    first.setBehaviour(GOOD);
    expect(await answered(bench.messages())).toBe('first');
    expect(await bench.provider('first')).toMatchObject({ in_flight: 0, waiting: 0 });
  });

  it('takes count_tokens beside it', async () => {
    const first = await holding('first');
    const bench = await balance({ providers: [entry(first, { max_concurrent: 1 })] });
    const one = bench.messages();
    await first.nextRequest();
    expect((await bench.count()).header('x-balancer-provider')).toBe('first');
    first.release();
    await one.end;
  });
});

describe('where every provider is full', () => {
  it('requests wait in the order of their arrival, and their line in the log says so', async () => {
    const first = await holding('first');
    const bench = await balance({ providers: [entry(first, { max_concurrent: 1 })] });
    const requests: Exchange[] = [];
    for (let number = 0; number < 4; number += 1) {
      requests.push(bench.messages(session(`s${number}`)));
      if (number === 0) await first.nextRequest();
      else await waiting(bench, 'first', number);
    }
    bench.clock.advance(1_500);
    for (let number = 0; number < 4; number += 1) {
      expect(first.requests).toHaveLength(number + 1);
      first.release();
      expect((await requests[number]?.end)?.status).toBe(200);
      if (number < 3) await first.nextRequest();
    }
    const order = first.requests.map((request) => request.header('x-claude-code-session-id'));
    expect(order).toEqual(['s0', 's1', 's2', 's3']);
    expect(requestLine(await bench.ended(2))).toContain('waited 1.5 s: every candidate is full');
  });

  it('they get a 503 at the end of the hold, which names the full ones and when to come back', async () => {
    const first = await holding('first');
    const bench = await balance({ providers: [entry(first, { max_concurrent: 1 })] });
    const one = bench.messages();
    await first.nextRequest();
    const two = bench.messages();
    await waiting(bench, 'first', 1);
    bench.clock.advance(20_000);
    const refused = await two.end;
    expect([refused.status, refused.header('retry-after')]).toEqual([503, '5']);
    expect(refused.text).toContain('first (full: 1/1 requests in flight)');
    await waiting(bench, 'first', 0);
    first.release();
    await one.end;
  });

  it('one whose client is gone leaves the line at once', async () => {
    const first = await holding('first');
    const bench = await balance({ providers: [entry(first, { max_concurrent: 1 })] });
    const one = bench.messages();
    await first.nextRequest();
    const two = bench.messages();
    await waiting(bench, 'first', 1);
    const three = bench.messages();
    await waiting(bench, 'first', 2);
    two.abort();
    await bench.ended(1);
    expect((await bench.provider('first')).waiting).toBe(1);
    first.release();
    await one.end;
    await first.nextRequest();
    first.release();
    expect((await three.end).status).toBe(200);
  });

  it('a higher limit lets them in at once', async () => {
    const first = await holding('first');
    const file = (limit: number) => ({ providers: [entry(first, { max_concurrent: limit })] });
    const bench = await balance(file(1));
    const all = [bench.messages()];
    await first.nextRequest();
    for (let number = 1; number < 4; number += 1) {
      all.push(bench.messages());
      await waiting(bench, 'first', number);
    }
    await bench.reload(file(3));
    await first.nextRequest();
    await first.nextRequest();
    expect(await bench.provider('first')).toMatchObject({ in_flight: 3, max_concurrent: 3, waiting: 1 });
    first.release();
    await first.nextRequest();
    first.release();
    for (const exchange of all) expect((await exchange.end).status).toBe(200);
  });
});

const ENDINGS: readonly Behaviour[] = [
  GOOD,
  HELD,
  DOWN,
  { kind: 'http', status: 400 },
  { kind: 'break', fault: 'reset_before_headers' },
];

/** A provider that counts what is under way there. */
async function counting(name: string, endings: readonly number[]) {
  let now = 0;
  let most = 0;
  const provider = await start({
    name,
    behaviour: (request) => {
      now += 1;
      most = Math.max(most, now);
      void request.ended.then(() => {
        now -= 1;
      });
      return ENDINGS[endings[request.number % endings.length] ?? 0] ?? GOOD;
    },
  });
  return { provider, most: () => most };
}

describe('whatever the requests, the limits and the endings', () => {
  it('no provider has more in flight than it may, and everyone gets an answer', {
    timeout: 60_000,
  }, async () => {
    const endings = fc.array(fc.nat({ max: ENDINGS.length - 1 }), { minLength: 1, maxLength: 8 });
    const limit = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(
        limit,
        limit,
        endings,
        endings,
        fc.integer({ min: 1, max: 12 }),
        async (a, b, c, d, count) => {
          const [first, second] = [await counting('first', c), await counting('second', d)];
          const bench = await balance({
            providers: [
              entry(first.provider, { max_concurrent: a }),
              entry(second.provider, { max_concurrent: b }),
            ],
            settings: { unhealthy_threshold: 3, hold_while_cooling: 600 },
          });
          let open = count;
          const statuses = Array.from({ length: count }, async () => {
            try {
              return (await bench.messages({ deadlineMs: 20_000 }).end).status;
            } finally {
              open -= 1;
            }
          });
          while (open > 0) {
            await new Promise((resolve) => setImmediate(resolve));
            for (const { provider } of [first, second]) provider.release();
            bench.clock.advance(50);
          }
          for (const status of await Promise.all(statuses)) expect([200, 400, 503]).toContain(status);
          expect(first.most()).toBeLessThanOrEqual(a);
          expect(second.most()).toBeLessThanOrEqual(b);
          for (const provider of (await bench.view()).providers)
            expect(provider).toMatchObject({ in_flight: 0, waiting: 0 });
        },
      ),
      { numRuns: 12 },
    );
  });
});
