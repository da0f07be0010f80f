import { type AnyStateMachine, createActor, type SimulatedClock } from 'xstate';
import { type ProviderRef, providerMachine } from '../../machines/provider.ts';
import type { ProviderEvent, ProviderHealthChanged } from '../../machines/provider-events.ts';
import type {
  AttemptInput,
  RequestEmitted,
  RequestEvent,
  RequestInput,
  RequestOutput,
} from '../../machines/request-events.ts';
import type { Failure, FailureKind, Outcome } from '../../src/domain/failures/outcome.ts';
import type { Candidate } from '../../src/domain/routing/candidate.ts';
import { requestLogic } from '../../src/engine/request-logic.ts';
import { createSlots } from '../../src/engine/slots.ts';
import { failure, NO_JITTER, SUCCESS } from './health-samples.ts';
import { clockAt, counter, startProvider } from './provider-actor.ts';
import type { WalkedTransitions } from './transitions.ts';

/** One attempt that the request's chart has begun, in the hands of the test. */
export interface HeldAttempt {
  readonly input: AttemptInput;
  commit(): void;
  end(outcome: Outcome): void;
  fail(kind: FailureKind, facts?: Partial<Failure>): void;
  /** True once the chart has stopped it: its upstream is aborted. */
  stopped(): boolean;
}

export function candidate(provider: string): Candidate {
  return { provider, model: 'opus', route: '*', priority: 1, weight: 1 };
}

export interface WorldOptions {
  readonly clock?: SimulatedClock;
  /** Host of a provider; else each has its own. */
  readonly hosts?: Readonly<Record<string, string>>;
  readonly threshold?: number;
  readonly walked?: WalkedTransitions;
  /** Thrown by the effect behind an attempt as it begins. */
  readonly attemptThrows?: boolean;
  /** `max_concurrent` of providers. */
  readonly limits?: Readonly<Record<string, number>>;
  /** What the charts are run by; else XState itself. */
  readonly madeOf?: <Chart extends AnyStateMachine>(chart: Chart) => Chart;
}

/** Real providers and requests under one simulated clock; the effects are held by the test. */
export function startWorld(names: readonly string[], options: WorldOptions = {}) {
  const {
    clock = clockAt(),
    hosts = {},
    threshold = 2,
    walked,
    attemptThrows = false,
    limits = {},
    madeOf = (chart) => chart,
  } = options;
  const policy = {
    failureCooldownMs: 60_000,
    maxCooldownMs: 1_800_000,
    unhealthyThreshold: threshold,
    unhealthyResetOnSuccess: true,
    unhealthyResetTimeoutMs: 300_000,
  };
  const slots = createSlots();
  slots.configure(Object.entries(limits).map(([id, maxConcurrent]) => ({ id, maxConcurrent })));
  const nextSequence = counter();
  const chart = madeOf(providerMachine);
  const providers = new Map(
    names.map((id) => [id, startProvider({ id, policy }, { clock, nextSequence, chart })]),
  );
  /** Every event that a provider was told, in order. */
  const told: { readonly provider: string; readonly event: ProviderEvent }[] = [];
  const changes: ProviderHealthChanged[] = [];
  const watchers = new Set<(event: RequestEvent) => void>();
  const attempts: HeldAttempt[] = [];
  const stopped = new Set<string>();

  for (const [id, { actor }] of providers) {
    const send = actor.send.bind(actor);
    actor.send = (event) => {
      told.push({ provider: id, event });
      send(event);
    };
    actor.on('health.changed', (event) => {
      changes.push(event);
      for (const watch of [...watchers]) watch({ type: 'providers.changed' });
    });
  }

  const bound = requestLogic({
    attempt(input, tell) {
      if (attemptThrows) throw new Error('a bug of ours');
      attempts.push({
        input,
        commit: () => tell({ type: 'attempt.committed' }),
        end: (outcome) => tell({ type: 'attempt.settled', outcome }),
        fail: (kind, facts) => tell({ type: 'attempt.settled', outcome: failure(kind, facts) }),
        stopped: () => stopped.has(input.attemptId),
      });
    },
    abort(requestId) {
      const last = attempts.findLast(({ input }) => input.requestId === requestId);
      if (last !== undefined) stopped.add(last.input.attemptId);
    },
    healthWatch(input, tell) {
      watchers.add(tell);
      const leaveLine = slots.await(input.requestId, input.room, () => tell({ type: 'slot.free' }));
      return () => {
        watchers.delete(tell);
        leaveLine();
      };
    },
  });
  const machine = madeOf(bound);

  const provider = (id: string) => {
    const found = providers.get(id);
    if (found === undefined) throw new Error(`no provider ${id}`);
    return found;
  };

  let requests = 0;
  const submit = (changed: Partial<RequestInput> = {}) => {
    requests += 1;
    const input: RequestInput = {
      id: `q${requests}`,
      endpoint: 'messages',
      order: names.map(candidate),
      reason: 'priority',
      policy: {
        stream: true,
        holdMs: 20_000,
        maxAttempts: 4,
        failoverBelowThreshold: true,
        patient: true,
      },
      deadlineAt: clock.now() + 900_000,
      ports: {
        now: () => clock.now(),
        chance: () => NO_JITTER,
        nextSequence,
        provider: (id): ProviderRef | undefined => providers.get(id)?.actor,
        host: (id) => hosts[id] ?? id,
        slots,
      },
      ...changed,
    };
    slots.enter(input.id);
    const actor = createActor(machine, {
      clock,
      ...(walked === undefined ? {} : { inspect: walked.inspect }),
      input,
    });
    const ended: RequestEmitted[] = [];
    const errors: unknown[] = [];
    actor.on('attempt.ended', (event) => ended.push(event));
    actor.subscribe({ error: (error) => errors.push(error), complete: () => slots.leave(input.id) });
    actor.start();
    return {
      actor,
      input,
      ended,
      errors,
      state: () => actor.getSnapshot().value,
      output: (): RequestOutput | undefined => actor.getSnapshot().output,
      leave: () => actor.send({ type: 'client.left' }),
    };
  };

  return {
    clock,
    attempts,
    told,
    changes,
    provider,
    slots,
    submit,
    /** The attempt begun last. */
    last: (): HeldAttempt => {
      const newest = attempts.at(-1);
      if (newest === undefined) throw new Error('no attempt has begun');
      return newest;
    },
    /** Attempts begun and verdicts told, a provider; and how many the provider believes to be under way. */
    books: () =>
      Object.fromEntries(
        names.map((id) => {
          const ofType = (type: ProviderEvent['type']) =>
            told.filter(({ provider: name, event }) => name === id && event.type === type).length;
          const { inFlight } = provider(id).actor.getSnapshot().context;
          return [id, { started: ofType('attempt.started'), settled: ofType('attempt.settled'), inFlight }];
        }),
      ),
    /** Makes a provider cool on suspicion for 60 s. */
    cool: (id: string, outcome: Outcome = failure('server_error')) => {
      const { endAll, state } = provider(id);
      endAll(outcome, threshold);
      if (state() !== 'cooling') throw new Error(`${id} does not cool`);
    },
    /** Tells all that wait to look again. */
    wake: () => {
      for (const watch of [...watchers]) watch({ type: 'providers.changed' });
    },
    heal: (id: string) => {
      provider(id).actor.send({ type: 'operator.reset', at: clock.now() });
    },
    succeed: (attempt: HeldAttempt) => {
      attempt.commit();
      attempt.end(SUCCESS);
    },
  };
}

export type World = ReturnType<typeof startWorld>;
