import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRoutes, type Routing, resolveRoutes } from '../../../src/domain/routing/routing.ts';
import type { ProviderSettings, Route } from '../../../src/domain/settings/settings.ts';
import { provider, route } from '../../support/routing-samples.ts';

const everyone = () => true;

function resolve(
  providers: readonly ProviderSettings[],
  routes: readonly Route[],
  model: string,
  pin?: string,
  isServable: (provider: ProviderSettings) => boolean = everyone,
): Routing {
  return resolveRoutes(compileRoutes({ providers, routes }, isServable), model, pin);
}

/** Tiers as `provider/model`, or what else came. */
function told(routing: Routing): readonly (readonly string[])[] | Routing {
  if (routing.kind !== 'routed') return routing;
  return routing.tiers.map((tier) => tier.map((each) => `${each.provider}/${each.model}`));
}

const A = provider('A');
const B = provider('B');
const C = provider('C');
const all = [A, B, C];

describe('which routes match', () => {
  const routes = [
    route('*', 'C'),
    route('Claude-Opus', 'B'),
    route('claude-opus', 'A'),
    route('*opus*', 'B=big'),
    route('claude-sonnet', 'A'),
  ];

  it('takes the exact name first, then the name in another case, then the patterns in file order', () => {
    expect(told(resolve(all, routes, 'claude-opus'))).toEqual([
      ['A/claude-opus'],
      ['B/claude-opus'],
      ['C/claude-opus'],
      ['B/big'],
    ]);
  });

  it('takes a name in another case where no route has the exact one', () => {
    expect(told(resolve(all, routes, 'CLAUDE-SONNET'))).toEqual([['A/CLAUDE-SONNET'], ['C/CLAUDE-SONNET']]);
  });

  it('names no pair twice: the first route that has it keeps it', () => {
    const twice = [route('*opus*', 'A', 'B'), route('*', 'B', 'C', 'C')];
    expect(told(resolve(all, twice, 'opus'))).toEqual([['A/opus', 'B/opus'], ['C/opus']]);
  });

  it('tells pairs apart whose joined names look alike', () => {
    const lookalikes = [provider('a'), provider('a/b')];
    const routing = resolve(lookalikes, [route('*', 'a=b/c', 'a/b=c')], 'x');
    expect(told(routing)).toEqual([['a/b/c', 'a/b/c']]);
  });

  it('orders a tier by priority, ties in file order', () => {
    const target = (name: string, priority: number) => ({
      provider: name,
      model: 'passthrough',
      priority,
      enabled: true,
    });
    const routing = resolve(all, [route('*', target('A', 9), target('B', 2), target('C', 2))], 'm');
    expect(told(routing)).toEqual([['B/m', 'C/m', 'A/m']]);
  });

  it('without routes offers every provider in file order under the route *', () => {
    const routing = resolve([B, A], [], 'any');
    expect(routing).toEqual({
      kind: 'routed',
      tiers: [
        [
          { provider: 'B', model: 'any', route: '*', priority: 1, weight: 1 },
          { provider: 'A', model: 'any', route: '*', priority: 2, weight: 1 },
        ],
      ],
    });
  });

  it('says whether nothing names the model or nobody of its routes serves it', () => {
    expect(resolve(all, [route('claude-*', 'A')], 'gpt')).toEqual({ kind: 'no_route', reason: 'no_match' });
    expect(resolve(all, [route('claude-*', 'gone')], 'claude-x')).toEqual({
      kind: 'no_route',
      reason: 'no_provider',
    });
  });

  it('answers alike however often and in what order it is asked', () => {
    const models = fc.array(fc.constantFrom('claude-opus', 'Claude-Opus', 'opus', 'x', 'claude-sonnet'));
    fc.assert(
      fc.property(models, (asked) => {
        const compiled = compileRoutes({ providers: all, routes }, everyone);
        for (const model of asked) {
          expect(resolveRoutes(compiled, model)).toEqual(resolve(all, routes, model));
        }
      }),
    );
  });

  it('keeps no more answers than its bound, whatever names clients invent', () => {
    const compiled = compileRoutes({ providers: all, routes: [] }, everyone);
    for (let index = 0; index < 2_000; index++) resolveRoutes(compiled, `invented-${index}`);
    resolveRoutes(compiled, 'x'.repeat(100_000));
    expect(compiled.answers.size).toBe(256);
    expect(compiled.answers.get('x'.repeat(100_000))).toBeUndefined();
  });
});

describe('who is a candidate', () => {
  it('skips disabled targets, missing, disabled and unservable providers', () => {
    const providers = [A, provider('off', { enabled: false }), provider('keyless'), B];
    const off = { provider: 'A', model: 'passthrough', priority: 1, enabled: false };
    const routes = [route('*', off, 'off', 'keyless', 'missing', 'B')];
    const routing = resolve(providers, routes, 'm', undefined, (each) => each.id !== 'keyless');
    expect(told(routing)).toEqual([['B/m']]);
  });

  it("rewrites the model to the target's, and maps the client's where the target passes it through", () => {
    const mapped = provider('M', { modelMappings: { 'claude-opus': 'vendor/opus', kimi: 'never' } });
    const routes = [route('*', 'M', 'M=kimi')];
    expect(told(resolve([mapped], routes, 'claude-opus'))).toEqual([['M/vendor/opus', 'M/kimi']]);
    expect(told(resolve([mapped], routes, 'Claude-Opus'))).toEqual([['M/Claude-Opus', 'M/kimi']]);
  });

  it('takes no mapping from what every object has', () => {
    expect(told(resolve([A], [], 'constructor'))).toEqual([['A/constructor']]);
  });

  it("filters by the client's model names that a provider lists", () => {
    const listed = provider('L', {
      availableModels: ['claude-opus'],
      modelMappings: { 'claude-opus': 'big' },
    });
    expect(told(resolve([listed, A], [], 'claude-opus'))).toEqual([['L/big', 'A/claude-opus']]);
    expect(told(resolve([listed, A], [], 'claude-haiku'))).toEqual([['A/claude-haiku']]);
  });

  it('takes a target by id first, else every account of that name', () => {
    const accounts = ['one', 'two'].map((mail) => provider(`P#${mail}`, { name: 'P' }));
    expect(told(resolve(accounts, [route('*', 'P#two')], 'm'))).toEqual([['P#two/m']]);
    expect(told(resolve(accounts, [route('*', 'P')], 'm'))).toEqual([['P#one/m', 'P#two/m']]);
  });

  it("carries its provider's weight and its route's pattern", () => {
    const routing = resolve([provider('W', { weight: 7 })], [route('claude-*', 'W')], 'claude-x');
    expect(routing).toMatchObject({ tiers: [[{ weight: 7, route: 'claude-*', priority: 1 }]] });
  });
});

describe('a pinned provider', () => {
  const routes = [route('*opus*', 'A', 'B=big'), route('*', 'B=small', 'A')];

  it('is the only candidate, with the model of the first route that names it', () => {
    expect(told(resolve(all, routes, 'opus', 'B'))).toEqual([['B/big']]);
    expect(told(resolve(all, routes, 'haiku', 'B'))).toEqual([['B/small']]);
  });

  it("gets the client's model, mapped, where no route names it", () => {
    const mapped = provider('M', { modelMappings: { opus: 'mapped' } });
    expect(told(resolve([...all, mapped], routes, 'opus', 'M'))).toEqual([['M/mapped']]);
    expect(told(resolve([...all, mapped], [route('claude', 'A')], 'opus', 'M'))).toEqual([['M/mapped']]);
  });

  it('is every account of a shared name, or one of them by its id', () => {
    const accounts = [provider('P'), provider('P#two', { name: 'P' }), A];
    expect(told(resolve(accounts, [], 'm', 'P'))).toEqual([['P/m', 'P#two/m']]);
    expect(told(resolve(accounts, [], 'm', 'P#two'))).toEqual([['P#two/m']]);
  });

  it('is unknown if the configuration has none of that name, or only one that serves nobody', () => {
    const providers = [A, provider('off', { enabled: false })];
    expect(resolve(providers, [], 'm', 'nobody')).toEqual({ kind: 'unknown_pin', configured: false });
    expect(resolve(providers, [], 'm', 'off')).toEqual({ kind: 'unknown_pin', configured: true });
    expect(resolve(providers, [], 'm', 'A', () => false)).toEqual({ kind: 'unknown_pin', configured: true });
  });

  it('has no route for a model that it does not list', () => {
    const listed = provider('L', { availableModels: ['claude-opus'] });
    expect(resolve([listed], [], 'other', 'L')).toEqual({ kind: 'no_route', reason: 'no_provider' });
  });

  it('leaves the answers for everybody else as they are', () => {
    const compiled = compileRoutes({ providers: all, routes }, everyone);
    const before = structuredClone(resolveRoutes(compiled, 'opus'));
    resolveRoutes(compiled, 'opus', 'B');
    expect(resolveRoutes(compiled, 'opus')).toEqual(before);
  });
});
