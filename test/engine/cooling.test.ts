import { describe, expect, it } from 'vitest';
import { apiError } from '../../src/simulator/errors.ts';
import { DOWN, GOOD, HELD, limited } from '../support/behaviours.ts';
import { type Bench, entry, useBench } from '../support/engine-bench.ts';
import { useProviders } from '../support/providers.ts';
import { traceOf } from '../support/providers-view.ts';

const balance = useBench();
const start = useProviders();

describe('when every candidate cools', () => {
  it('the earliest return is waited for, within the hold', async () => {
    const first = await start({ name: 'first', behaviour: [limited(19), GOOD] });
    const second = await start({ name: 'second', behaviour: [limited(3600), GOOD] });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    const answer = bench.messages();
    await second.nextRequest();
    await bench.until(
      'two failures',
      () => bench.events.filter(({ type }) => type === 'request.attempt_failed').length === 2,
    );
    bench.clock.advance(18_999);
    expect(first.requests).toHaveLength(1);
    bench.clock.advance(1);
    expect((await answer.end).header('x-provider-used')).toBe('first');
  });

  it('and none returns within the hold, nobody is asked inside a stated window: 503 with the time', async () => {
    const first = await start({ name: 'first', behaviour: limited(45) });
    const second = await start({ name: 'second', behaviour: limited(3600) });
    const bench = await balance({ providers: [entry(first), entry(second)] });
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await bench.messages().end;
      expect(answer.status).toBe(503);
      expect(answer.header('retry-after')).toBe('45');
    }
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('those that cool on suspicion are tried at once, and a failed try does not lengthen the cooldown', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const bench = await balance({
      providers: [entry(first)],
      settings: { hold_while_cooling: 0, unhealthy_threshold: 1 },
    });
    for (let turn = 0; turn < 5; turn += 1) {
      expect((await bench.messages().end).status).toBe(503);
      bench.clock.advance(1_000);
    }
    expect(first.requests).toHaveLength(5);
    expect(traceOf(await bench.provider('first')).cools).toBe(55);
    first.setBehaviour(GOOD);
    expect((await bench.messages().end).status).toBe(200);
    expect((await bench.provider('first')).state).toBe('healthy');
  });

  it.each([
    ['the model', {}],
    ['the account', { 'x-ratelimit-scope': 'account' }],
  ])('one that states a time then (for %s) is not asked again before it is over', async (_whose, scope) => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const bench = await balance({
      providers: [entry(first)],
      settings: { hold_while_cooling: 0, unhealthy_threshold: 1 },
    });
    await bench.messages().end;
    first.setBehaviour(apiError(429, 'rate_limit_error', 'wait', { 'retry-after': '30', ...scope }));
    await bench.messages().end;
    expect(first.requests).toHaveLength(2);
    bench.clock.advance(29_999);
    expect((await bench.messages().end).status).toBe(503);
    expect(first.requests).toHaveLength(2);
    // The cooldown is as long as it was: the time that was stated has not lengthened it.
    expect(traceOf(await bench.provider('first')).cools).toBe(31);
    bench.clock.advance(1);
    await bench.messages().end;
    expect(first.requests).toHaveLength(3);
  });

  it('one of them is tried at a time', async () => {
    const first = await start({ name: 'first', behaviour: [DOWN, HELD] });
    const bench = await balance({
      providers: [entry(first)],
      settings: { unhealthy_threshold: 1, max_attempts: 0 },
    });
    await bench.messages().end;
    const one = bench.messages();
    await first.nextRequest();
    await (await first.nextRequest()).held;
    const two = bench.messages();
    await running(bench, 2);
    expect(first.requests).toHaveLength(2);
    first.setBehaviour(GOOD);
    first.release();
    expect([(await one.end).status, (await two.end).status]).toEqual([200, 200]);
  });

  it('for sure, it is tried at most every ten seconds', async () => {
    const first = await start({ name: 'first', behaviour: apiError(401, 'authentication_error', 'no') });
    const bench = await balance({ providers: [entry(first)], settings: { hold_while_cooling: 0 } });
    const seen: number[] = [];
    for (let second = 0; second <= 24; second += 4) {
      await bench.messages().end;
      seen.push(first.requests.length);
      bench.clock.advance(4_000);
    }
    // At 0 s the failure, at 4 s the first try; 8 and 12 s are too soon after it, 16 s is not.
    expect(seen).toEqual([1, 2, 2, 2, 3, 3, 3]);
  });

  it('those on suspicion go before those for sure', async () => {
    const sure = await start({ name: 'sure', behaviour: apiError(401, 'authentication_error', 'no') });
    const suspect = await start({ name: 'suspect', behaviour: [DOWN, GOOD] });
    const bench = await balance({
      providers: [entry(sure), entry(suspect)],
      settings: { hold_while_cooling: 0, unhealthy_threshold: 1 },
    });
    await bench.messages().end;
    expect((await bench.messages().end).header('x-provider-used')).toBe('suspect');
    expect(sure.requests).toHaveLength(1);
  });

  it('all failed in passing: once more round after 1, 2, 4 … s, as long as the hold lasts', async () => {
    const first = await start({ name: 'first', behaviour: apiError(529, 'overloaded_error', 'Overloaded') });
    const bench = await balance({
      providers: [entry(first)],
      settings: { unhealthy_threshold: 100, hold_while_cooling: 20 },
    });
    const answer = bench.messages();
    const at: number[] = [];
    const startedAt = bench.clock.now();
    for (const pause of [0, 1, 2, 4, 8, 5]) {
      bench.clock.advance(pause * 1000);
      const seen = at.length + 1;
      await bench.until(
        `failure ${seen}`,
        () => bench.events.filter(({ type }) => type === 'request.attempt_failed').length === seen,
      );
      at.push((bench.clock.now() - startedAt) / 1000);
    }
    expect(at).toEqual([0, 1, 3, 7, 15, 20]);
    expect((await answer.end).status).toBe(503);
  });

  it('max_attempts does not bound the first round: each candidate is tried once, however many there are', async () => {
    const down = await Promise.all(
      Array.from({ length: 9 }, (_, at) => start({ name: `p${at}`, behaviour: DOWN })),
    );
    const last = await start({ name: 'last' });
    const bench = await balance({
      providers: [...down, last].map((provider) => entry(provider)),
      settings: { max_attempts: 0 },
    });
    const answer = await bench.messages().end;
    expect([answer.header('x-balancer-provider'), answer.header('x-balancer-attempts')]).toEqual([
      'last',
      '10',
    ]);
    expect(down.map(({ requests }) => requests.length)).toEqual(down.map(() => 1));
  });

  it('and max_attempts bounds what comes after the first round', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const bench = await balance({
      providers: [entry(first)],
      settings: { unhealthy_threshold: 100, max_attempts: 2 },
    });
    const answer = bench.messages();
    for (const [failures, pause] of [1, 2, 4].entries()) {
      await bench.until(
        'a failure',
        () => first.requests.length === failures + 1 && failed(bench) === failures + 1,
      );
      bench.clock.advance(pause * 1000);
    }
    expect((await answer.end).status).toBe(503);
    expect(first.requests).toHaveLength(3);
  });

  it('a request that any candidate refused goes round no more: its first refusal is returned', async () => {
    const first = await start({ name: 'first', behaviour: DOWN });
    const second = await start({
      name: 'second',
      behaviour: apiError(400, 'invalid_request_error', 'the first'),
    });
    const third = await start({
      name: 'third',
      behaviour: apiError(400, 'invalid_request_error', 'the second'),
    });
    const bench = await balance({ providers: [entry(first), entry(second), entry(third)] });
    const answer = await bench.messages().end;
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'the first' },
    });
    expect([first, second, third].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });
});

async function running(bench: Bench, count: number): Promise<void> {
  await bench.until(`${count} running requests`, () => bench.balancer.engine.status().inFlight === count);
}

function failed(bench: Bench): number {
  return bench.events.filter(({ type }) => type === 'request.attempt_failed').length;
}
