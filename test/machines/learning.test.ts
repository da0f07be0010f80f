import { describe, expect, it } from 'vitest';
import type { ProviderLearned } from '../../machines/provider-events.ts';
import { LEARNED_FOR_MS } from '../../src/domain/learning/learned-parts.ts';
import { MAX_REPEATS, type UnknownPart } from '../../src/domain/learning/unknown-part.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { POLICY, SUCCESS } from '../support/health-samples.ts';
import { startProvider } from '../support/provider-actor.ts';
import { startWorld, type World } from '../support/request-actor.ts';

failOnWarnings();

function part(name: string): UnknownPart & { readonly kind: 'field' } {
  return { kind: 'field', name, because: `${name}: Extra inputs are not permitted` };
}

function refuse(world: World, ...names: string[]): void {
  world.last().fail('refused', { status: 400, unknownParts: names.map(part) });
}

function learnedAt(world: World, id: string): string[] {
  const { learned } = world.provider(id).actor.getSnapshot().context;
  return [...learned].flatMap(([model, parts]) => parts.map(({ name }) => `${model} ${name}`));
}

describe('a request that is refused for a part of it', () => {
  it('goes to the same candidate at once, without the part', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    expect(world.last().input).not.toHaveProperty('without');
    refuse(world, 'x');
    expect(world.last().input).toMatchObject({
      number: 2,
      candidate: { provider: 'a' },
      without: [part('x')],
    });
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served', attempt: 2 });
    expect(request.output()?.trace.decisions.at(-1)?.reason).toBe('again without what it does not know: x');
    expect(world.changes).toEqual([]);
  });

  it('is told to the provider when its first content comes without the part, not before', () => {
    const world = startWorld(['a']);
    world.submit();
    refuse(world, 'x');
    expect(learnedAt(world, 'a')).toEqual([]);
    world.last().commit();
    expect(learnedAt(world, 'a')).toEqual(['opus x']);
  });

  it('teaches nothing if the provider does not take it without the part either', () => {
    const world = startWorld(['a', 'b']);
    const request = world.submit();
    refuse(world, 'x');
    world.last().fail('refused', { status: 400 });
    expect(world.last().input).toMatchObject({ candidate: { provider: 'b' } });
    expect(world.last().input).not.toHaveProperty('without');
    world.succeed(world.last());
    expect(request.output()).toMatchObject({ result: 'served', attempt: 3 });
    expect([...learnedAt(world, 'a'), ...learnedAt(world, 'b')]).toEqual([]);
  });

  it('gathers what is refused one after the other, and learns all of it at once', () => {
    const world = startWorld(['a']);
    world.submit();
    refuse(world, 'x');
    refuse(world, 'y', 'z');
    expect(world.last().input.without?.map(({ name }) => name)).toEqual(['x', 'y', 'z']);
    world.succeed(world.last());
    expect(learnedAt(world, 'a')).toEqual(['opus x', 'opus y', 'opus z']);
  });

  it('is repeated only so often, then another candidate is asked', () => {
    const world = startWorld(['a', 'b']);
    world.submit();
    for (let index = 0; index <= MAX_REPEATS; index += 1) refuse(world, `x${index}`);
    expect(world.attempts).toHaveLength(MAX_REPEATS + 2);
    expect(world.last().input).toMatchObject({ candidate: { provider: 'b' } });
  });

  it('stays without the part when something else is repaired, and the other way round', () => {
    const world = startWorld(['a']);
    world.submit();
    refuse(world, 'x');
    world.last().fail('foreign_signature');
    expect(world.last().input).toMatchObject({ repair: 'without_thinking', without: [part('x')] });
    refuse(world, 'y');
    expect(world.last().input).toMatchObject({ repair: 'without_thinking', without: [part('x'), part('y')] });
    world.succeed(world.last());
  });

  it('gets the answer to its last repetition if that is a refusal too', () => {
    const world = startWorld(['a']);
    const request = world.submit();
    refuse(world, 'x');
    world.last().fail('refused', { status: 400, detail: 'prompt is too long' });
    expect(request.output()).toMatchObject({ result: 'refused', attempt: 2 });
  });

  it('is not refused where its repetition met an outage: that is what failed', () => {
    const world = startWorld(['a']);
    const request = world.submit({
      policy: { stream: true, holdMs: 0, maxAttempts: 0, failoverBelowThreshold: true, patient: true },
    });
    refuse(world, 'x');
    world.last().fail('server_error');
    expect(request.output()).toMatchObject({ result: 'exhausted' });
  });

  it('keeps the trial that it is', () => {
    const world = startWorld(['a']);
    world.cool('a');
    world.clock.increment(60_000);
    world.submit();
    refuse(world, 'x');
    expect(world.provider('a').state()).toEqual({ trial: 'running' });
    world.succeed(world.last());
    expect(world.provider('a').state()).toBe('healthy');
  });

  it('does not use up the attempts of later rounds', () => {
    const world = startWorld(['a']);
    world.submit({
      policy: { stream: true, holdMs: 60_000, maxAttempts: 2, failoverBelowThreshold: true, patient: true },
    });
    world.last().fail('overloaded');
    world.clock.increment(1_000);
    refuse(world, 'x');
    world.last().fail('overloaded');
    world.clock.increment(60_000);
    expect(world.last().input.number).toBe(4);
  });
});

describe('what a provider was found not to know', () => {
  function taught(): World {
    const world = startWorld(['a']);
    world.submit();
    refuse(world, 'x');
    world.succeed(world.last());
    return world;
  }

  it('is spared it from the start, for a day', () => {
    const world = taught();
    world.submit();
    expect(world.last().input.without).toMatchObject([part('x')]);
    world.succeed(world.last());
    world.clock.increment(LEARNED_FOR_MS);
    world.submit();
    expect(world.last().input).not.toHaveProperty('without');
  });

  it('belongs to that model alone', () => {
    const world = taught();
    world.submit({ order: [{ provider: 'a', model: 'sonnet', route: '*', priority: 1, weight: 1 }] });
    expect(world.last().input).not.toHaveProperty('without');
  });

  it('is told once, with the request that taught it', () => {
    const world = startWorld(['a']);
    const told: ProviderLearned[] = [];
    world.provider('a').actor.on('provider.learned', (event) => told.push(event));
    for (let index = 0; index < 2; index += 1) {
      // Two requests at once are refused for the same.
      world.submit();
      refuse(world, 'x');
    }
    for (const attempt of world.attempts) attempt.commit();
    expect(told).toMatchObject([{ provider: 'a', model: 'opus', parts: [part('x')], requestId: 'q1' }]);
  });

  const LEARNED = new Map([['opus', [{ ...part('x'), since: 1_000_000 }]]]);
  const settings = (identityChanged: boolean) =>
    ({ type: 'settings.changed', enabled: true, policy: POLICY, identityChanged, at: 1_000_000 }) as const;

  it.each([
    ['by hand', { type: 'operator.forget', at: 1_000_000 } as const, 0],
    ['with another address or credential', settings(true), 0],
    ['not with other settings', settings(false), 1],
    ['not by a reset, which is about health', { type: 'operator.reset', at: 1_000_000 } as const, 1],
    ['not when it is switched off', { type: 'operator.disable', at: 1_000_000 } as const, 1],
  ])('is forgotten %s', (_, event, left) => {
    const { actor } = startProvider({ learned: LEARNED });
    actor.send(event);
    expect(actor.getSnapshot().context.learned.size).toBe(left);
  });

  it('by hand, leaves its health as it is', () => {
    const provider = startProvider({ learned: LEARNED });
    provider.endAll({ kind: 'server_error', phase: 'headers', detail: 'down' }, 2);
    const before = provider.health();
    provider.actor.send({ type: 'operator.forget', at: provider.clock.now() });
    expect(provider.state()).toBe('cooling');
    expect(provider.health()).toBe(before);
    provider.clock.increment(60_000);
    expect(provider.state()).toEqual({ trial: 'due' });
  });

  it('is not what an attempt at its former address found', () => {
    const world = startWorld(['a']);
    world.submit();
    refuse(world, 'x');
    world.provider('a').actor.send({ ...settings(true), at: world.clock.now() });
    world.last().commit();
    world.last().end(SUCCESS);
    expect(learnedAt(world, 'a')).toEqual([]);
  });
});
