import { describe, expect, it } from 'vitest';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { SUCCESS } from '../support/health-samples.ts';
import { candidate, startWorld, type World } from '../support/request-actor.ts';

failOnWarnings();

/** What waits for the end of a step happens. */
const settle = (): Promise<void> => Promise.resolve();

/** Ends the attempt of a request, committed before. */
async function end(world: World, requestId: string): Promise<void> {
  const attempt = world.attempts.findLast(({ input }) => input.requestId === requestId);
  if (attempt === undefined) throw new Error(`${requestId} has no attempt`);
  world.succeed(attempt);
  await settle();
}

const tried = (world: World): string[] =>
  world.attempts.map(({ input }) => `${input.requestId} ${input.candidate.provider}`);

describe('a request at a provider with max_concurrent', () => {
  it('passes over one that is full, and says so', () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1 } });
    world.submit();
    const second = world.submit({ reason: 'priority' });
    expect(tried(world)).toEqual(['q1 a', 'q2 b']);
    world.succeed(world.last());
    const [decision] = second.output()?.trace.decisions ?? [];
    expect(decision).toMatchObject({
      verdict: 'try',
      reason: 'priority',
      considered: [
        { candidate: { provider: 'a' }, availability: { kind: 'full', inFlight: 1, limit: 1 } },
        { candidate: { provider: 'b' }, availability: { kind: 'ready' } },
      ],
    });
    expect(world.provider('a').actor.getSnapshot().context.health.provider.failures).toBe(0);
  });

  it('waits where all are full, and goes on in the order of arrival', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    const others = [world.submit(), world.submit(), world.submit()];
    expect(others.map(({ state }) => state())).toEqual(['waiting', 'waiting', 'waiting']);
    for (const id of ['q1', 'q2', 'q3', 'q4']) {
      world.clock.increment(1_000);
      await end(world, id);
    }
    expect(tried(world)).toEqual(['q1 a', 'q2 a', 'q3 a', 'q4 a']);
    expect(others.map(({ output }) => output()?.result)).toEqual(['served', 'served', 'served']);
    expect(others.map(({ output }) => output()?.trace.waitedMs)).toEqual([1_000, 2_000, 3_000]);
  });

  it('wakes nobody but the first in line', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    const [second, third] = [world.submit(), world.submit()];
    await end(world, 'q1');
    expect(second.actor.getSnapshot().context.decisions).toHaveLength(2);
    expect(third.actor.getSnapshot().context.decisions).toHaveLength(1);
  });

  it('gives up at the end of the hold', async () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1, b: 1 } });
    world.submit();
    world.submit();
    const third = world.submit();
    world.clock.increment(19_999);
    expect(third.state()).toBe('waiting');
    world.clock.increment(1);
    expect(third.output()).toMatchObject({ result: 'exhausted', reason: 'every candidate is full' });
    expect(world.slots.counts('a')).toEqual({ inFlight: 1, waiting: 0 });
  });

  it('leaves the line with its client, and the next one moves up', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    const second = world.submit();
    const third = world.submit();
    second.leave();
    expect(second.output()?.result).toBe('cancelled');
    expect(world.slots.counts('a').waiting).toBe(1);
    await end(world, 'q1');
    expect(third.state()).toEqual({ active: 'attempting' });
  });

  it('gives its slot back when its client leaves in the middle', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    const first = world.submit();
    const second = world.submit();
    world.last().commit();
    first.leave();
    await settle();
    expect(second.state()).toEqual({ active: 'attempting' });
    expect(world.slots.counts('a')).toEqual({ inFlight: 1, waiting: 0 });
  });

  it('gives its slot back when its attempt fails, though the verdict is still open', async () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1 } });
    world.submit();
    const second = world.submit({ order: [candidate('a')] });
    world.attempts[0]?.fail('unreachable', { code: 'ENETUNREACH' });
    await settle();
    expect(tried(world)).toEqual(['q1 a', 'q1 b', 'q2 a']);
    expect(second.state()).toEqual({ active: 'attempting' });
  });

  it('gives its slot back when the attempt dies of a bug of ours', () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1, b: 1 }, attemptThrows: true });
    const request = world.submit();
    expect(request.output()?.result).toBe('exhausted');
    expect([world.slots.counts('a'), world.slots.counts('b')]).toEqual([
      { inFlight: 0, waiting: 0 },
      { inFlight: 0, waiting: 0 },
    ]);
  });

  it('keeps its slot for a repair at the same provider', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    const second = world.submit();
    world.last().fail('reset_reused');
    await settle();
    expect(tried(world)).toEqual(['q1 a', 'q1 a']);
    expect([second.state(), world.slots.counts('a')]).toEqual(['waiting', { inFlight: 1, waiting: 1 }]);
    await end(world, 'q1');
    expect(second.state()).toEqual({ active: 'attempting' });
  });

  it('takes and gives back nothing for a side request', () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    const policy = { ...world.submit().input.policy, patient: false };
    const side = world.submit({ endpoint: 'count_tokens', policy });
    expect(side.state()).toEqual({ active: 'attempting' });
    world.last().commit();
    world.last().end(SUCCESS);
    expect(world.slots.counts('a')).toEqual({ inFlight: 1, waiting: 1 });
  });

  it('tries out nobody who is full: a trial waits for its slot', async () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1 } });
    world.submit();
    world.cool('a');
    world.clock.increment(60_000);
    world.submit();
    expect(world.last().input.candidate.provider).toBe('b');
    const third = world.submit({ order: [candidate('a')] });
    expect(third.state()).toBe('waiting');
    await end(world, 'q1');
    expect(third.state()).toEqual({ active: 'attempting' });
    expect(third.actor.getSnapshot().context.attempts).toMatchObject([{ mode: 'trial' }]);
  });

  it('tries nobody who is full for want of others either', async () => {
    const world = startWorld(['a'], { limits: { a: 1 } });
    world.submit();
    world.cool('a');
    const second = world.submit();
    expect(second.state()).toBe('waiting');
    world.attempts[0]?.fail('stalled');
    await settle();
    expect(second.state()).toEqual({ active: 'attempting' });
    expect(second.actor.getSnapshot().context.attempts).toMatchObject([{ mode: 'desperate' }]);
  });

  it('hands the slot on when it has no use for it any more', async () => {
    const world = startWorld(['a', 'b'], { limits: { a: 1, b: 1 } });
    world.submit({ order: [candidate('a')] });
    world.submit({ order: [candidate('b')] });
    const both = world.submit();
    const onlyB = world.submit({ order: [candidate('b')] });
    // Both come free within one step: the first in line takes one of them, and the other goes on.
    world.attempts[0]?.fail('refused_for_sure');
    world.attempts[1]?.fail('refused_for_sure');
    await settle();
    expect([both.state(), onlyB.state()]).toEqual([{ active: 'attempting' }, { active: 'attempting' }]);
    expect(tried(world).slice(2)).toEqual(['q3 a', 'q4 b']);
  });
});
