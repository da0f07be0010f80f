import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../src/upstream/transport.ts';
import { planOf } from './plan.ts';
import type { explained } from './shrink.ts';
import { INVARIANTS, type Invariant } from './witness.ts';
import type { play } from './world.ts';

/** A module of the product with one rule broken. */
interface Mutation {
  readonly broken: string;
  readonly module: string;
  readonly invariant: Invariant;
  /** What is put in the place of exports of the same names. */
  readonly break: (original: never) => Readonly<Record<string, unknown>>;
}

type Function_ = (...values: never[]) => unknown;

function mutation<Original>(
  invariant: Invariant,
  broken: string,
  module: string,
  alter: (original: Original) => Readonly<Record<string, unknown>>,
): Mutation {
  return { invariant, broken, module, break: alter as Mutation['break'] };
}

type Domain<Name extends string> = Record<Name, Function_>;

const MUTATIONS: readonly Mutation[] = [
  mutation<typeof import('../../src/broadcast/parallel-broadcaster.ts')>(
    'spliced',
    'a client gets a piece of the answer before its own',
    'src/broadcast/parallel-broadcaster.ts',
    ({ ParallelBroadcaster }) => {
      let before: Buffer | undefined;
      return {
        ParallelBroadcaster: class extends ParallelBroadcaster<never> {
          override chunk(bytes: Buffer, atBoundary: boolean): boolean {
            const sent = before ?? bytes;
            before = bytes;
            return super.chunk(sent, atBoundary);
          }
        },
      };
    },
  ),
  mutation<typeof import('../../src/engine/reply-writer.ts')>(
    'whole',
    'an answer that broke off ends as if it were whole',
    'src/engine/reply-writer.ts',
    ({ createReplyWriter }) => ({
      createReplyWriter: (options: Parameters<typeof createReplyWriter>[0]) => {
        const writer = createReplyWriter(options);
        writer.cut = () => writer.end();
        return writer;
      },
    }),
  ),
  mutation<typeof import('../../src/domain/health/health.ts')>(
    'cooled',
    'a provider that cools counts as ready',
    'src/domain/health/health.ts',
    ({ availability }) => ({
      availability: (...values: Parameters<typeof availability>) => {
        const found = availability(...values);
        return found.kind === 'cooling' ? { kind: 'ready' } : found;
      },
    }),
  ),
  mutation<typeof import('../../src/domain/decision/decide.ts')>(
    'cooled',
    'the first candidate in order is always tried',
    'src/domain/decision/decide.ts',
    ({ decide }) => ({
      decide: (...values: Parameters<typeof decide>) => {
        const [order, , { attempts }] = values;
        const [candidate] = order;
        return candidate === undefined || attempts.length > 0
          ? decide(...values)
          : { kind: 'try', candidate, mode: 'normal', hurried: false, reason: 'the first' };
      },
    }),
  ),
  mutation<typeof import('../../machines/request-verdicts.ts')>(
    'verdict',
    'a provider hears of an end twice',
    'machines/request-verdicts.ts',
    ({ tell }) => ({
      tell: (...values: Parameters<typeof tell>) => {
        tell(...values);
        tell(...values);
      },
    }),
  ),
  mutation<typeof import('../../machines/request-verdicts.ts')>(
    'verdict',
    'a provider hears nothing of clients that left',
    'machines/request-verdicts.ts',
    ({ tell }) => ({
      tell: (...values: Parameters<typeof tell>) => {
        if (values[1].outcome.kind !== 'client_left') tell(...values);
      },
    }),
  ),
  mutation<typeof import('../../src/domain/decision/decide.ts')>(
    'lost',
    'a request is given up at its first failure',
    'src/domain/decision/decide.ts',
    ({ decide }) => ({
      decide: (...values: Parameters<typeof decide>) =>
        values[2].attempts.length > 0 ? { kind: 'exhausted', reason: 'tired' } : decide(...values),
    }),
  ),
  mutation<typeof import('../../src/engine/waiting-requests.ts')>(
    'lost',
    'some requests never get an end',
    'src/engine/request-logic.ts',
    (original: unknown) => {
      const { requestLogic } = original as typeof import('../../src/engine/request-logic.ts');
      let count = 0;
      return {
        requestLogic: (effects: Parameters<typeof requestLogic>[0]) =>
          requestLogic({
            ...effects,
            attempt: (input, tell) =>
              effects.attempt(input, (event) => {
                count += 1;
                if (event.type !== 'attempt.settled' || count % 30 !== 0) tell(event);
              }),
          }),
      };
    },
  ),
  mutation<Domain<'laterAttempts'>>(
    'attempts',
    'nobody counts the attempts of later rounds',
    'src/domain/decision/progress.ts',
    () => ({ laterAttempts: () => 0 }),
  ),
  mutation<typeof import('../../src/upstream/watchdog.ts')>(
    'time',
    'the time of the whole request is not looked at',
    'src/upstream/watchdog.ts',
    ({ createWatchdog }) => ({
      createWatchdog: (...[clock, deadlineAt, expired]: Parameters<typeof createWatchdog>) =>
        createWatchdog(clock, deadlineAt + 3_600_000, expired),
    }),
  ),
  mutation<typeof import('../../src/domain/decision/hold.ts')>(
    'hold',
    'a request forgets how long it has waited',
    'src/domain/decision/hold.ts',
    ({ holdOrGoRound }) => ({
      holdOrGoRound: (...values: Parameters<typeof holdOrGoRound>) => {
        const [untried, order, availabilityOf, progress, ...rest] = values;
        return holdOrGoRound(untried, order, availabilityOf, { ...progress, waitedMs: 0 }, ...rest);
      },
    }),
  ),
  mutation<typeof import('../../src/engine/slots.ts')>(
    'room',
    'max_concurrent is not kept',
    'src/engine/slots.ts',
    ({ createSlots }) => ({
      createSlots: () => {
        const slots = createSlots();
        slots.full = () => undefined;
        return slots;
      },
    }),
  ),
  mutation<typeof import('../../src/domain/health/health.ts')>(
    'trial',
    'a trial takes no place',
    'src/domain/health/health.ts',
    () => ({ claimTrial: (record: unknown) => record }),
  ),
  mutation<Domain<'remember'>>(
    'affinity',
    'it is forgotten who served a session',
    'src/domain/routing/affinity.ts',
    () => ({ remember: () => {} }),
  ),
  mutation<typeof import('../../src/domain/buffer-budget.ts')>(
    'memory',
    'held bytes are booked for ever',
    'src/domain/buffer-budget.ts',
    ({ createBufferBudget }) => ({
      createBufferBudget: (limit: () => number) => ({ ...createBufferBudget(limit), release: () => {} }),
    }),
  ),
  mutation<typeof import('../../src/upstream/attempt.ts')>(
    'memory',
    'an attempt that is over leaves its connection open',
    'src/upstream/attempt.ts',
    ({ startAttempt }) => ({
      startAttempt: (...[sending, ...rest]: Parameters<typeof startAttempt>) =>
        startAttempt({ ...sending, transport: withoutAbort(sending.transport) }, ...rest),
    }),
  ),
  mutation<typeof import('../../src/upstream/request-headers.ts')>(
    'credential',
    "the client's own credential goes upstream",
    'src/upstream/request-headers.ts',
    () => ({ upstreamHeaders: (headers: readonly string[]) => ({ kind: 'headers', headers }) }),
  ),
  mutation<Domain<'exhaustedError'>>(
    'fault',
    'the final error cannot be written',
    'src/engine/final-error.ts',
    () => ({
      exhaustedError: () => {
        throw new Error('a bug');
      },
    }),
  ),
];

/** A transport whose exchanges cannot be aborted. */
function withoutAbort(transport: Transport): Transport {
  return (request, sink) => {
    const exchange = transport(request, sink);
    return { pause: () => exchange.pause(), resume: () => exchange.resume(), abort: () => {} };
  };
}

/** Loads the simulation anew, with one module altered. */
async function mutated({ module, break: alter }: Mutation) {
  vi.resetModules();
  vi.doMock(`../../${module}`, async (load) => {
    const original = await load<object>();
    return { ...original, ...alter(original as never) };
  });
  const { play: run } = (await import('./world.ts')) as { play: typeof play };
  const { explained: explain } = (await import('./shrink.ts')) as { explained: typeof explained };
  return { run, explain };
}

afterEach(() => {
  vi.doUnmock('../../src/domain/decision/decide.ts');
  for (const { module } of MUTATIONS) vi.doUnmock(`../../${module}`);
  vi.resetModules();
});

const MOST_RUNS = 60;
const REQUESTS = 150;

describe('the simulation finds out that', () => {
  it.each(MUTATIONS)('$broken ($invariant)', { timeout: 60_000 }, async (mutant) => {
    const { run } = await mutated(mutant);
    const found = new Set<Invariant>();
    for (let seed = 1; seed <= MOST_RUNS && !found.has(mutant.invariant); seed += 1) {
      const { violation } = await run(planOf(seed, REQUESTS));
      if (violation !== undefined) found.add(violation.invariant);
    }
    expect([...found]).toContain(mutant.invariant);
  });

  it('by a mutation for each of its invariants', () => {
    expect(new Set(MUTATIONS.map(({ invariant }) => invariant))).toEqual(new Set(INVARIANTS));
  });

  it('and names the seed and the least that shows it', { timeout: 60_000 }, async () => {
    const mutant = MUTATIONS.find(({ broken }) => broken === 'a provider hears of an end twice');
    if (mutant === undefined) throw new Error('no such mutation');
    const { run, explain } = await mutated(mutant);
    const plan = planOf(7, REQUESTS);
    const explanation = await explain(plan, await run(plan));
    expect(explanation).toMatch(/^seed 7: verdict: /);
    expect(explanation).toMatch(/\nthe least that still breaks it: 1 of \d+ steps: \S+ has two verdicts\n/);
    expect(explanation).toMatch(/0? ms {2}· request /);
    expect(await explain(plan, await run(plan))).toBe(explanation);
  });
});
