import { createActor, SimulatedClock } from 'xstate';
import { providerMachine } from '../../machines/provider.ts';
import type { ProviderHealthChanged, ProviderInput } from '../../machines/provider-events.ts';
import type { AttemptMode } from '../../src/domain/decision/trace.ts';
import type { Outcome } from '../../src/domain/failures/outcome.ts';
import type { AttemptTarget } from '../../src/domain/health/provider-health.ts';
import { MESSAGES, NO_JITTER, POLICY } from './health-samples.ts';
import type { WalkedTransitions } from './transitions.ts';

/** Where the simulated wall clock of a test begins, ms. */
export const START = 1_000_000;

export function clockAt(ms = START): SimulatedClock {
  const clock = new SimulatedClock();
  clock.set(ms);
  return clock;
}

/** 1, 2, 3 … */
export function counter(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

/** A live provider under a simulated clock, with short words for an attempt's life. */
export function startProvider(
  input: Partial<ProviderInput> = {},
  {
    clock = clockAt(),
    walked,
    nextSequence = counter(),
    chart = providerMachine,
  }: {
    clock?: SimulatedClock;
    walked?: WalkedTransitions;
    nextSequence?: () => number;
    chart?: typeof providerMachine;
  } = {},
) {
  const actor = createActor(chart, {
    clock,
    input: { id: 'p', enabled: true, policy: POLICY, at: clock.now(), ...input },
    ...(walked === undefined ? {} : { inspect: walked.inspect }),
  });
  const emitted: ProviderHealthChanged[] = [];
  actor.on('health.changed', (event) => emitted.push(event));
  actor.start();

  const begin = (mode: AttemptMode = 'normal', target: AttemptTarget = MESSAGES) => {
    const own = nextSequence();
    const attemptId = `r${own}#1`;
    const { revision } = actor.getSnapshot().context;
    actor.send({ type: 'attempt.started', attemptId, target, mode, sequence: own, at: clock.now() });
    return {
      attemptId,
      commit: () => actor.send({ type: 'attempt.committed', attemptId, target, at: clock.now() }),
      end: (outcome: Outcome) =>
        actor.send({
          type: 'attempt.settled',
          attemptId,
          requestId: `r${own}`,
          target,
          mode,
          sequence: own,
          revision,
          at: clock.now(),
          outcome,
          chance: NO_JITTER,
        }),
    };
  };
  return {
    actor,
    clock,
    emitted,
    begin,
    state: () => actor.getSnapshot().value,
    health: () => actor.getSnapshot().context.health,
    inFlight: () => actor.getSnapshot().context.inFlight,
    /** Attempts that end the same, one after another. */
    endAll: (outcome: Outcome, times: number) => {
      for (let index = 0; index < times; index += 1) begin().end(outcome);
    },
  };
}

export type StartedProvider = ReturnType<typeof startProvider>;
