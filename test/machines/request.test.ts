import { describe, expect, it } from 'vitest';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, SUCCESS, window } from '../support/health-samples.ts';
import { candidate, startWorld, type World } from '../support/request-actor.ts';

failOnWarnings();

/** Each attempt was told its provider once, and nothing is left under way. */
function expectEvenBooks(world: World): void {
  for (const [id, { started, settled, inFlight }] of Object.entries(world.books()))
    expect({ id, settled, inFlight }).toEqual({ id, settled: started, inFlight: 0 });
}

function settledAt(world: World, id: string) {
  return world.told.flatMap(({ provider, event }) =>
    provider === id && event.type === 'attempt.settled' ? [event.outcome.kind] : [],
  );
}

describe('a request that is served', () => {
  it('goes to the first candidate, commits, and ends served', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    expect(request.state()).toEqual({ active: 'attempting' });
    expect(world.last().input).toMatchObject({ number: 1, candidate: { provider: 'a' }, hurried: false });
    world.last().commit();
    expect(request.state()).toEqual({ active: 'streaming' });
    world.last().end(SUCCESS);
    expect(request.output()).toMatchObject({ result: 'served', attempt: 1 });
    expect(request.ended).toMatchObject([{ attempt: { number: 1, outcome: { kind: 'success' } } }]);
    expectEvenBooks(world);
  });

  it('tells in its trace why it went where it went', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit({ reason: 'affinity to this session' });
    world.last().fail('server_error');
    world.succeed(world.last());
    const { trace } = request.output() ?? {};
    expect(trace?.decisions.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['try', 'affinity to this session'],
      ['try', 'ready'],
    ]);
    expect(trace?.attempts.map(({ candidate: { provider }, outcome }) => [provider, outcome?.kind])).toEqual([
      ['a', 'server_error'],
      ['b', 'success'],
    ]);
  });

  it('fails over before the commit, and each provider hears its own verdict', () => {
    const world = startWorld(['a', 'b', 'c']);
    const request = world.submit();
    world.last().fail('overloaded');
    world.last().fail('stalled');
    expect(world.last().input).toMatchObject({ number: 3, candidate: { provider: 'c' } });
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served', attempt: 3 });
    expect([settledAt(world, 'a'), settledAt(world, 'b'), settledAt(world, 'c')]).toEqual([
      ['overloaded'],
      ['stalled'],
      ['success'],
    ]);
    expectEvenBooks(world);
  });
});

describe('the commit', () => {
  it('is final: a cut after it is broken, and nobody else is tried', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().commit();
    world.last().fail('cut_late');
    expect(request.output()).toMatchObject({ result: 'broken', attempt: 1 });
    expect(world.attempts.length).toBe(1);
    expectEvenBooks(world);
  });

  it('settles at once what had waited to be blamed', () => {
    const world = startWorld(['a', 'b']);
    world.submit();
    world.last().fail('unreachable', { code: 'ENETUNREACH' });
    expect(settledAt(world, 'a')).toEqual([]);
    world.last().commit();
    expect(settledAt(world, 'a')).toEqual(['unreachable']);
    world.last().end(SUCCESS);
    expectEvenBooks(world);
    expect(settledAt(world, 'a')).toEqual(['unreachable']);
  });

  it('is told to the provider where it is its trial’s, and to nobody who is well', () => {
    const world = startWorld(['a']);
    world.submit();
    world.succeed(world.last());
    expect(world.told.map(({ event }) => event.type)).toEqual(['attempt.started', 'attempt.settled']);
    world.cool('a');
    world.clock.increment(60_000);
    world.submit();
    const before = world.told.length;
    world.last().commit();
    expect(world.told.slice(before).map(({ event }) => event.type)).toEqual(['attempt.committed']);
    expect(world.provider('a').state()).toBe('degraded');
  });
});

describe('a request that is refused', () => {
  it('returns the first refusal when nobody takes it', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('refused');
    world.last().fail('server_error');
    expect(request.output()).toMatchObject({ result: 'refused', attempt: 1 });
    expectEvenBooks(world);
  });

  it('returns at once what no provider could accept', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('refused_for_sure');
    expect(request.output()).toMatchObject({ result: 'refused', attempt: 1 });
    expect(world.attempts.length).toBe(1);
    expectEvenBooks(world);
  });
});

describe('a request that nobody can serve', () => {
  it('is exhausted when all failed for good', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('credentials');
    world.last().fail('quota');
    expect(request.output()).toMatchObject({ result: 'exhausted' });
    expect(request.output()).not.toHaveProperty('attempt');
    expectEvenBooks(world);
  });

  it('is exhausted at once without candidates', () => {
    expect(startWorld([]).submit().output()).toMatchObject({ result: 'exhausted' });
  });

  it('does not ask providers that are no longer configured', () => {
    const world = startWorld(['a']);
    const request = world.submit({ order: [candidate('gone'), candidate('a')] });
    expect(world.last().input.candidate.provider).toBe('a');
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served' });
  });

  it('goes round again after 1, 2, 4 … s while failures pass, as long as max_attempts and hold last', () => {
    const world = startWorld(['a'], { threshold: 99 });
    const request = world.submit();
    const pauses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      world.last().fail('unreachable');
      expect(request.state()).toBe('waiting');
      const before = world.attempts.length;
      let slept = 0;
      while (world.attempts.length === before && slept < 20_000) {
        world.clock.increment(500);
        slept += 500;
      }
      pauses.push(slept);
    }
    world.last().fail('unreachable');
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(request.output()).toMatchObject({ result: 'exhausted' });
    expectEvenBooks(world);
  });
});

describe('the deadline', () => {
  it('ends a wait', () => {
    const world = startWorld(['a']);
    world.cool('a', failure('rate_limited', { window: window(world.clock.now() + 15_000, 'provider') }));
    const request = world.submit({ deadlineAt: world.clock.now() + 4_000 });
    world.clock.increment(3_999);
    expect(request.state()).toBe('waiting');
    world.clock.increment(1);
    expect(request.output()).toMatchObject({ result: 'exhausted', reason: 'the request ran out of time' });
  });

  it('that is over between two attempts lets a refusal out', () => {
    const world = startWorld(['a', 'b', 'c']);
    const request = world.submit({ deadlineAt: world.clock.now() + 1_000 });
    world.last().fail('refused');
    world.clock.increment(1_000);
    world.last().fail('server_error');
    expect(request.output()).toMatchObject({ result: 'refused', attempt: 1 });
    expectEvenBooks(world);
  });

  it('is handed to every attempt', () => {
    const world = startWorld(['a']);
    const deadlineAt = world.clock.now() + 4_000;
    world.submit({ deadlineAt });
    expect(world.last().input.deadlineAt).toBe(deadlineAt);
  });
});

describe('a client that leaves', () => {
  it('before the first content: the upstream is aborted, nobody is blamed', () => {
    const world = startWorld(['a']);
    const request = world.submit();
    request.leave();
    expect(request.output()).toMatchObject({ result: 'cancelled' });
    expect(world.last().stopped()).toBe(true);
    expect([settledAt(world, 'a'), world.provider('a').state()]).toEqual([['client_left'], 'healthy']);
    expectEvenBooks(world);
  });

  it('in the middle of the stream', () => {
    const world = startWorld(['a']);
    const request = world.submit();
    world.last().commit();
    request.leave();
    expect(request.output()).toMatchObject({ result: 'cancelled' });
    expect(request.ended).toMatchObject([
      { attempt: { outcome: { kind: 'client_left', phase: 'streaming' } } },
    ]);
    expect(world.last().stopped()).toBe(true);
    expectEvenBooks(world);
  });

  it('while it waits', () => {
    const world = startWorld(['a']);
    world.cool('a', failure('rate_limited', { window: window(world.clock.now() + 15_000, 'provider') }));
    const request = world.submit();
    expect(request.state()).toBe('waiting');
    request.leave();
    expect(request.output()).toMatchObject({ result: 'cancelled' });
    expect(world.attempts).toEqual([]);
  });

  it('while a failure waits to be blamed: its provider hears it', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('unreachable', { code: 'EAI_AGAIN' });
    request.leave();
    expect([settledAt(world, 'a'), settledAt(world, 'b')]).toEqual([['unreachable'], ['client_left']]);
    expectEvenBooks(world);
  });

  it('hands a trial to the next', () => {
    const world = startWorld(['a']);
    world.cool('a');
    world.clock.increment(60_000);
    world.submit().leave();
    expect(world.provider('a').state()).toEqual({ trial: 'due' });
    world.submit();
    world.succeed(world.last());
    expect(world.provider('a').state()).toBe('healthy');
  });
});

describe('waiting', () => {
  it('ends with the cooldown, and the request is its trial', () => {
    const world = startWorld(['a']);
    world.cool('a', failure('rate_limited', { window: window(world.clock.now() + 12_000, 'provider') }));
    const request = world.submit();
    world.clock.increment(12_000);
    expect(request.state()).toEqual({ active: 'attempting' });
    expect(world.provider('a').state()).toEqual({ trial: 'running' });
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served' });
  });

  it('ends as soon as a provider is well again', () => {
    const world = startWorld(['a']);
    world.cool('a', failure('rate_limited', { window: window(world.clock.now() + 12_000, 'provider') }));
    const request = world.submit();
    world.clock.increment(1_000);
    world.heal('a');
    expect(request.state()).toEqual({ active: 'attempting' });
  });

  it('for a round is not begun anew by every change of some other provider', () => {
    const world = startWorld(['a', 'b'], { threshold: 99 });
    const request = world.submit({ order: [candidate('a')] });
    world.last().fail('unreachable');
    for (let step = 0; step < 9; step += 1) {
      world.clock.increment(100);
      world.provider('b').endAll(failure('stalled'), 1);
      expect(request.state()).toBe('waiting');
    }
    world.clock.increment(100);
    expect(request.state()).toEqual({ active: 'attempting' });
  });

  it('for one that cools longer than the hold is not done: it is tried at once', () => {
    const world = startWorld(['a']);
    world.cool('a');
    const request = world.submit();
    expect(request.state()).toEqual({ active: 'attempting' });
    expect(request.actor.getSnapshot().context.attempts).toMatchObject([{ mode: 'desperate' }]);
    world.succeed(world.last());
    expect(world.provider('a').state()).toBe('healthy');
    expectEvenBooks(world);
  });
});

describe('trials among many requests', () => {
  it('are one: of ten requests one tries, nine wait, and all are served once it answers', () => {
    const world = startWorld(['a']);
    world.cool('a');
    world.clock.increment(60_000);
    const requests = Array.from({ length: 10 }, () => world.submit());
    expect(world.attempts.length).toBe(1);
    expect(requests.filter((request) => request.state() === 'waiting').length).toBe(9);
    const trial = world.last();
    trial.commit();
    expect(world.attempts.length).toBe(10);
    trial.end(SUCCESS);
    for (const attempt of world.attempts.slice(1)) world.succeed(attempt);
    expect(requests.map((request) => request.output()?.result)).toEqual(Array(10).fill('served'));
    expectEvenBooks(world);
  });

  it('go elsewhere where there is an elsewhere', () => {
    const world = startWorld(['a', 'b']);
    world.cool('a');
    world.clock.increment(60_000);
    for (let index = 0; index < 10; index += 1) world.submit();
    const providers = world.attempts.map(({ input }) => [input.candidate.provider, input.hurried]);
    expect(providers[0]).toEqual(['a', true]);
    expect(providers.slice(1)).toEqual(Array(9).fill(['b', false]));
  });

  it('tried in spite of the cooldown are one at a time too', () => {
    const world = startWorld(['a']);
    world.cool('a');
    const requests = Array.from({ length: 10 }, () => world.submit());
    expect(world.attempts.length).toBe(1);
    expect(requests.filter((request) => request.state() === 'waiting').length).toBe(9);
  });

  it('that is handed on is taken by exactly one of those that wait', () => {
    const world = startWorld(['a']);
    world.cool('a');
    world.clock.increment(60_000);
    const first = world.submit();
    const waiting = Array.from({ length: 9 }, () => world.submit());
    first.leave();
    world.wake();
    expect(world.attempts.length).toBe(2);
    expect(waiting.filter((request) => request.state() === 'waiting').length).toBe(8);
  });
});

describe('repairs', () => {
  it('a reset of a reused connection is tried on one of its own, at the same provider, without blame', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('reset_reused');
    expect(world.last().input).toMatchObject({
      number: 2,
      candidate: { provider: 'a' },
      repair: 'fresh_connection',
    });
    world.last().fail('reset_reused');
    expect(world.last().input.candidate.provider).toBe('b');
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served', attempt: 3 });
    expect(world.provider('a').state()).toBe('healthy');
    expectEvenBooks(world);
  });

  it('foreign thinking is taken out at the same provider', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    world.last().fail('foreign_signature');
    expect(world.last().input).toMatchObject({ candidate: { provider: 'a' }, repair: 'without_thinking' });
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served', attempt: 2 });
    expectEvenBooks(world);
  });

  it('of a trial is a trial again', () => {
    const world = startWorld(['a']);
    world.cool('a');
    world.clock.increment(60_000);
    world.submit();
    world.last().fail('reset_reused');
    expect(world.provider('a').state()).toEqual({ trial: 'running' });
    world.succeed(world.last());
    expect(world.provider('a').state()).toBe('healthy');
    expectEvenBooks(world);
  });
});

describe('the machine’s own network', () => {
  const offline = { code: 'ENETUNREACH' };

  it('blames nobody when every candidate at two hosts failed so, and is held', () => {
    const world = startWorld(['a', 'b'], { threshold: 1 });
    const request = world.submit();
    world.last().fail('unreachable', offline);
    world.last().fail('unreachable', offline);
    expect(request.state()).toBe('waiting');
    expect([world.provider('a').state(), world.provider('b').state()]).toEqual(['healthy', 'healthy']);
    expect([settledAt(world, 'a'), settledAt(world, 'b')]).toEqual([['offline'], ['offline']]);
    world.clock.increment(1_000);
    world.succeed(world.last());
    expect(request.output()?.trace.attempts.map(({ outcome }) => outcome?.kind)).toEqual([
      'offline',
      'offline',
      'success',
    ]);
    expectEvenBooks(world);
  });

  it('at one host alone is that host’s fault', () => {
    const world = startWorld(['a', 'b'], { threshold: 1, hosts: { a: 'same', b: 'same' } });
    world.submit();
    world.last().fail('unreachable', offline);
    world.last().fail('unreachable', offline);
    expect([world.provider('a').state(), world.provider('b').state()]).toEqual(['cooling', 'cooling']);
  });

  it('is not to blame when another candidate failed otherwise', () => {
    const world = startWorld(['a', 'b'], { threshold: 1 });
    world.submit();
    world.last().fail('unreachable', offline);
    world.last().fail('server_error');
    expect([settledAt(world, 'a'), settledAt(world, 'b')]).toEqual([['unreachable'], ['server_error']]);
    expect(world.provider('a').state()).toBe('cooling');
  });

  it('is not to blame when the failure took longer than 2 s', () => {
    const world = startWorld(['a', 'b'], { threshold: 1 });
    world.submit();
    world.clock.increment(2_001);
    world.last().fail('unreachable', offline);
    expect(world.provider('a').state()).toBe('cooling');
  });
});

describe('a bug of ours', () => {
  it('in the effect behind an attempt ends the request, frees the trial and blames nobody', () => {
    const world = startWorld(['a'], { attemptThrows: true });
    world.cool('a');
    world.clock.increment(60_000);
    const request = world.submit();
    expect(request.errors).toEqual([]);
    expect(request.output()).toMatchObject({ result: 'exhausted' });
    expect(request.output()?.trace.attempts).toMatchObject([{ outcome: { kind: 'balancer_fault' } }]);
    expect(world.provider('a').state()).toEqual({ trial: 'due' });
    expectEvenBooks(world);
  });
});

describe('side requests', () => {
  it('are answered or given up at once, and leave messages alone', () => {
    const world = startWorld(['a', 'b'], { threshold: 1 });
    const policy = {
      stream: false,
      holdMs: 20_000,
      maxAttempts: 4,
      failoverBelowThreshold: true,
      patient: false,
    };
    const request = world.submit({ endpoint: 'count_tokens', policy });
    world.last().fail('endpoint_missing');
    world.last().fail('endpoint_missing', { as: 'server_error' });
    expect(request.output()).toMatchObject({ result: 'exhausted' });
    expect([world.provider('a').state(), world.provider('b').state()]).toEqual(['healthy', 'healthy']);
    expect(world.submit({ endpoint: 'count_tokens', policy }).output()).toMatchObject({
      result: 'exhausted',
    });
    world.submit();
    expect(world.last().input.candidate.provider).toBe('a');
    expect(world.attempts.length).toBe(3);
  });
});
