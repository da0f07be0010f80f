import { type ActorRefFrom, assign, emit, fromCallback, setup } from 'xstate';
import type { Candidate } from '../src/domain/candidate.ts';
import { decide, outOfTime } from '../src/domain/decide.ts';
import type { Decision } from '../src/domain/decision.ts';
import { asOffline, mayBeOffline } from '../src/domain/network-blame.ts';
import type { Failure, Outcome } from '../src/domain/outcome.ts';
import { MAX_TIMER_MS } from '../src/domain/time.ts';
import type { AttemptTrace, DecisionTrace } from '../src/domain/trace.ts';
import { availabilityOf } from './provider.ts';
import type {
  AttemptInput,
  OpenVerdict,
  RequestContext,
  RequestEmitted,
  RequestEvent,
  RequestInput,
  RequestOutput,
  RequestResult,
  RunningAttempt,
} from './request-events.ts';

/**
 * One request: selecting ⇄ waiting, attempting → streaming → served | broken; refused, exhausted, cancelled.
 * The commit is the arrow attempting → streaming, and none leads back: nothing is ever spliced.
 */

export type RequestRef = ActorRefFrom<typeof requestMachine>;

/** So many candidates are noted a decision; a trace stays small however many providers there are. */
const MAX_CONSIDERED = 16;
/** Decisions kept: whoever waits is woken with every change of anybody's health. */
const MAX_DECISIONS = 63;

const requestSetup = setup({
  types: {
    input: {} as RequestInput,
    context: {} as RequestContext,
    events: {} as RequestEvent,
    emitted: {} as RequestEmitted,
    output: {} as RequestOutput,
  },
  actors: {
    /** Bound by the engine: sends upstream, reports `attempt.committed` and `attempt.settled`; stopping it aborts. */
    attempt: fromCallback<RequestEvent, AttemptInput>(() => {
      throw new Error('provide the actor "attempt"');
    }),
    /** Bound by the engine: reports `providers.changed` while this request waits. */
    healthWatch: fromCallback<RequestEvent, { requestId: string }>(() => {
      throw new Error('provide the actor "healthWatch"');
    }),
  },
  actions: {
    choose: assign(({ context }) => {
      const decision = chosen(context);
      return {
        decision,
        decisions: [...context.decisions.slice(-MAX_DECISIONS), decisionTrace(context, decision)],
      };
    }),
    beginAttempt: assign(({ context }) => begun(context)),
    /**
     * Sent at once, not with `sendTo` (which is deferred to the end of the macrostep): the trial must be taken before
     * any other request looks.
     */
    tellStart: ({ context }) => {
      const { current, decision, ports } = context;
      if (current === undefined || decision.kind !== 'try') return;
      ports.provider(current.candidate.provider)?.send({
        type: 'attempt.started',
        attemptId: current.attemptId,
        target: { model: current.candidate.model, endpoint: context.endpoint },
        mode: decision.mode,
        sequence: current.sequence,
        at: ports.now(),
      });
    },
    noteCommit: assign(({ context }) => ({
      attempts: withLast(context.attempts, { committedAt: context.ports.now() }),
    })),
    tellCommit: ({ context }) => {
      const { current, ports } = context;
      if (current === undefined) return;
      ports.provider(current.candidate.provider)?.send({
        type: 'attempt.committed',
        attemptId: current.attemptId,
        target: { model: current.candidate.model, endpoint: context.endpoint },
        at: ports.now(),
      });
    },
    noteEnd: assign(({ context, event }) =>
      event.type === 'attempt.settled' ? ended(context, event.outcome, event.usage) : {},
    ),
    noteFault: assign(({ context }) =>
      ended(context, { kind: 'balancer_fault', phase: phaseOf(context), detail: 'the balancer failed' }),
    ),
    noteLeft: assign(({ context }) =>
      ended(context, { kind: 'client_left', phase: phaseOf(context), detail: 'the client closed' }),
    ),
    emitEnd: emit(({ context }) => ({
      type: 'attempt.ended',
      attempt: context.attempts.at(-1) ?? impossible('an attempt ended that never began'),
    })),
    /** The round is over: were all failures the machine's own network? */
    resolvePending: assign(({ context }) => resolved(context)),
    /** Somebody answered: the failures that waited are their providers' own. */
    settlePending: assign(({ context }) => ({ pending: [], due: context.pending })),
    /** Sent at once: the choice that follows must see the provider as this verdict leaves it. */
    tellDue: ({ context }) => {
      for (const verdict of context.due) tell(context, verdict);
    },
    clearDue: assign({ due: [] }),
    beginWait: assign(({ context }) => ({ waitingSince: context.ports.now() })),
    endWait: assign(({ context }) => ({
      waitedMs: context.waitedMs + Math.max(0, context.ports.now() - context.waitingSince),
    })),
    beginRound: assign(({ context }) =>
      context.decision.kind === 'wait' && context.decision.newRound ? { round: context.round + 1 } : {},
    ),
  },
  guards: {
    tries: ({ context }) => context.decision.kind === 'try',
    waits: ({ context }) => context.decision.kind === 'wait',
    refuses: ({ context }) => context.decision.kind === 'refuse',
    hasPending: ({ context }) => context.decision.kind !== 'try' && context.pending.length > 0,
    committed: ({ context }) => context.attempts.at(-1)?.committedAt !== undefined,
    succeeded: ({ event }) => event.type === 'attempt.settled' && event.outcome.kind === 'success',
  },
  delays: {
    pause: ({ context }) =>
      context.decision.kind === 'wait' ? Math.min(MAX_TIMER_MS, context.decision.forMs) : 0,
  },
});

function impossible(message: string): never {
  throw new Error(message);
}

/** The next step, as everything stands now. */
function chosen(context: RequestContext): Decision {
  const { order, endpoint, policy, ports, attempts, round, waitedMs, deadlineAt } = context;
  const now = ports.now();
  const leftMs = deadlineAt - now;
  if (leftMs <= 0) return outOfTime({ round, attempts, waitedMs });
  const availability = (candidate: Candidate) => {
    const ref = ports.provider(candidate.provider);
    if (ref === undefined) return { kind: 'disabled' } as const;
    return availabilityOf(ref.getSnapshot(), { model: candidate.model, endpoint }, now);
  };
  const decision = decide(order, availability, { round, attempts, waitedMs }, policy, now);
  return decision.kind === 'wait' ? { ...decision, forMs: Math.min(decision.forMs, leftMs) } : decision;
}

function decisionTrace(context: RequestContext, decision: Decision): DecisionTrace {
  const { order, endpoint, ports, attempts, round } = context;
  const now = ports.now();
  const considered = order.slice(0, MAX_CONSIDERED).map((candidate) => {
    const snapshot = ports.provider(candidate.provider)?.getSnapshot();
    const tried = attempts.some(
      (attempt) =>
        attempt.candidate.provider === candidate.provider && attempt.candidate.model === candidate.model,
    );
    const availability =
      snapshot === undefined
        ? ({ kind: 'disabled' } as const)
        : availabilityOf(snapshot, { model: candidate.model, endpoint }, now);
    return { candidate, availability, tried };
  });
  const verdict = decision.kind === 'try' || decision.kind === 'wait' ? decision.kind : 'give_up';
  const preferred = decision.kind === 'try' && decision.mode === 'normal' && decision.candidate === order[0];
  const reason = preferred && attempts.length === 0 ? context.reason : decision.reason;
  return { at: now, round, verdict, considered, reason };
}

function begun(context: RequestContext): Partial<RequestContext> {
  const { decision, attempts, ports, round } = context;
  if (decision.kind !== 'try') return {};
  const number = attempts.length + 1;
  const { candidate, mode, repair } = decision;
  const revision = ports.provider(candidate.provider)?.getSnapshot().context.revision ?? 0;
  const current: RunningAttempt = {
    attemptId: `${context.id}#${number}`,
    number,
    candidate,
    sequence: ports.nextSequence(),
    revision,
  };
  const attempt: AttemptTrace = {
    number,
    candidate,
    mode,
    round,
    startedAt: ports.now(),
    ...(repair === undefined ? {} : { repair }),
  };
  return { current, attempts: [...attempts, attempt] };
}

function withLast(attempts: readonly AttemptTrace[], facts: Partial<AttemptTrace>): readonly AttemptTrace[] {
  const last = attempts.at(-1);
  return last === undefined ? attempts : [...attempts.slice(0, -1), { ...last, ...facts }];
}

function phaseOf(context: RequestContext): Failure['phase'] {
  return context.attempts.at(-1)?.committedAt === undefined ? 'first_content' : 'streaming';
}

/** Notes an attempt's end. A failure of the way keeps its verdict back until the round has shown whose it is. */
function ended(
  context: RequestContext,
  outcome: Outcome,
  usage?: AttemptTrace['usage'],
): Partial<RequestContext> {
  const { current, attempts, pending, ports, policy } = context;
  const last = attempts.at(-1);
  if (current === undefined || last === undefined) return {};
  const at = ports.now();
  const verdict: OpenVerdict = { attempt: current, mode: last.mode, outcome, at };
  const noted = withLast(attempts, { endedAt: at, outcome, ...(usage === undefined ? {} : { usage }) });
  const waits =
    policy.failoverBelowThreshold &&
    last.committedAt === undefined &&
    outcome.kind !== 'success' &&
    mayBeOffline(outcome, at - last.startedAt) &&
    pending.length === attempts.filter(({ round }) => round === context.round).length - 1;
  return waits
    ? { attempts: noted, pending: [...pending, verdict], due: [] }
    : { attempts: noted, pending: [], due: [...pending, verdict] };
}

/** Blames nobody if every candidate of the round failed so at two hosts or more; else each its own. */
function resolved(context: RequestContext): Partial<RequestContext> {
  const { pending, attempts, ports } = context;
  const hosts = new Set(pending.map(({ attempt }) => ports.host(attempt.candidate.provider)));
  if (hosts.size < 2) return { pending: [], due: pending };
  const due = pending.map((verdict) =>
    verdict.outcome.kind === 'success' ? verdict : { ...verdict, outcome: asOffline(verdict.outcome) },
  );
  const byNumber = new Map(due.map(({ attempt, outcome }) => [attempt.number, outcome]));
  const blamed = attempts.map((attempt) => {
    const outcome = byNumber.get(attempt.number);
    return outcome === undefined ? attempt : { ...attempt, outcome };
  });
  return { pending: [], due, attempts: blamed };
}

function tell(context: RequestContext, { attempt, mode, outcome, at }: OpenVerdict): void {
  const { ports, endpoint, id } = context;
  ports.provider(attempt.candidate.provider)?.send({
    type: 'attempt.settled',
    attemptId: attempt.attemptId,
    requestId: id,
    target: { model: attempt.candidate.model, endpoint },
    mode,
    sequence: attempt.sequence,
    revision: attempt.revision,
    at,
    outcome,
    chance: ports.chance(),
  });
}

function output(context: RequestContext, result: RequestResult): RequestOutput {
  const { attempts, decisions, decision } = context;
  const attempt = decision.kind === 'refuse' ? decision.attempt : attempts.at(-1)?.number;
  const named = attempt === undefined || result === 'exhausted' ? {} : { attempt };
  const reason = decision.kind === 'try' ? result : decision.reason;
  return { result, ...named, reason, trace: { decisions, attempts } };
}

const NONE_YET: Decision = { kind: 'exhausted', reason: 'nothing decided yet' };
const TELL = ['tellDue', 'clearDue'] as const;

export const requestMachine = requestSetup.createMachine({
  id: 'request',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ...input,
    attempts: [],
    decisions: [],
    decision: NONE_YET,
    round: 1,
    waitedMs: 0,
    waitingSince: 0,
    pending: [],
    due: [],
  }),
  initial: 'selecting',
  output: ({ event }) => event.output as RequestOutput,
  states: {
    selecting: {
      entry: 'choose',
      always: [
        // Blame first: how the round's failures are judged decides what can still be tried.
        { guard: 'hasPending', target: 'selecting', reenter: true, actions: ['resolvePending', ...TELL] },
        { guard: 'tries', target: 'active' },
        { guard: 'waits', target: 'waiting' },
        { guard: 'refuses', target: 'refused' },
        { target: 'exhausted' },
      ],
    },
    waiting: {
      entry: 'beginWait',
      exit: 'endWait',
      invoke: { src: 'healthWatch', input: ({ context }) => ({ requestId: context.id }) },
      after: { pause: { target: 'selecting', actions: 'beginRound' } },
      on: { 'providers.changed': 'selecting', 'client.left': 'cancelled' },
    },
    active: {
      entry: ['beginAttempt', 'tellStart'],
      invoke: {
        id: 'attempt',
        src: 'attempt',
        input: ({ context }) => attemptInput(context),
        // A bug of ours, and still one verdict: the provider must not wait for its trial for ever.
        onError: [
          { guard: 'committed', target: 'broken', actions: ['noteFault', 'emitEnd', ...TELL] },
          { target: 'selecting', actions: ['noteFault', 'emitEnd', ...TELL] },
        ],
      },
      initial: 'attempting',
      on: { 'client.left': { target: 'cancelled', actions: ['noteLeft', ...TELL, 'emitEnd'] } },
      states: {
        attempting: {
          on: {
            'attempt.committed': {
              target: 'streaming',
              actions: ['noteCommit', 'tellCommit', 'settlePending', ...TELL],
            },
            'attempt.settled': { target: '#request.selecting', actions: ['noteEnd', 'emitEnd', ...TELL] },
          },
        },
        streaming: {
          on: {
            'attempt.settled': [
              { guard: 'succeeded', target: '#request.served', actions: ['noteEnd', 'emitEnd', ...TELL] },
              { target: '#request.broken', actions: ['noteEnd', 'emitEnd', ...TELL] },
            ],
          },
        },
      },
    },
    served: { type: 'final', output: ({ context }) => output(context, 'served') },
    broken: { type: 'final', output: ({ context }) => output(context, 'broken') },
    refused: { type: 'final', output: ({ context }) => output(context, 'refused') },
    exhausted: { type: 'final', output: ({ context }) => output(context, 'exhausted') },
    cancelled: { type: 'final', output: ({ context }) => output(context, 'cancelled') },
  },
});

function attemptInput(context: RequestContext): AttemptInput {
  const { id, current, decision, deadlineAt } = context;
  if (current === undefined || decision.kind !== 'try') return impossible('an attempt without a decision');
  const { attemptId, number, candidate } = current;
  const { repair, hurried } = decision;
  const base = { requestId: id, attemptId, number, candidate, hurried, deadlineAt };
  return repair === undefined ? base : { ...base, repair };
}

/**
 * Tells the providers what a request that died of a bug still owes them: without a verdict its trial would stay taken.
 * For whoever started the actor, on its error.
 */
export function settleAfterFault(context: RequestContext): void {
  const { attempts, current, pending, due } = context;
  for (const verdict of [...pending, ...due]) tell(context, verdict);
  const last = attempts.at(-1);
  if (current === undefined || last === undefined || last.endedAt !== undefined) return;
  const outcome: Failure = { kind: 'balancer_fault', phase: phaseOf(context), detail: 'the balancer failed' };
  tell(context, { attempt: current, mode: last.mode, outcome, at: context.ports.now() });
}
