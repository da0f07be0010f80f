import { type ActorRefFrom, assign, emit, fromCallback, setup } from 'xstate';
import type { Decision } from '../src/domain/decision/decision.ts';
import { MAX_TIMER_MS } from '../src/domain/time.ts';
import { begun, phaseOf, withLast } from './request-attempt.ts';
import { choice } from './request-choice.ts';
import type {
  RequestContext,
  RequestEmitted,
  RequestEvent,
  RequestInput,
  RequestOutput,
  RequestResult,
  WatchInput,
} from './request-events.ts';
import { ended, resolved, tell } from './request-verdicts.ts';

/**
 * One request: selecting ⇄ waiting, attempting → streaming → served | broken; refused, exhausted, cancelled.
 * The commit is the arrow attempting → streaming, and none leads back: nothing is ever spliced.
 */

export type RequestRef = ActorRefFrom<typeof requestMachine>;

const requestSetup = setup({
  types: {
    input: {} as RequestInput,
    context: {} as RequestContext,
    events: {} as RequestEvent,
    emitted: {} as RequestEmitted,
    output: {} as RequestOutput,
  },
  actors: {
    /** Bound by the engine: reports `providers.changed` while this request waits, and `slot.free`. */
    healthWatch: fromCallback<RequestEvent, WatchInput>(() => {
      throw new Error('provide the actor "healthWatch"');
    }),
  },
  actions: {
    /**
     * Bound by the engine: sends the attempt upstream, which reports `attempt.committed`, `attempt.settled` and
     * `attempt.faulted`. An action and no invoked actor, which would be a quarter of what the chart costs (docs/performance.md).
     */
    startAttempt: (): void => {
      throw new Error('provide the action "startAttempt"');
    },
    /** Bound by the engine: aborts the attempt, if it has not ended by itself. */
    stopAttempt: (): void => {
      throw new Error('provide the action "stopAttempt"');
    },
    choose: assign(({ context }) => choice(context)),
    beginAttempt: assign(({ context }) => begun(context)),
    /**
     * Sent at once, not with `sendTo` (which is deferred to the end of the macrostep): the trial must be taken before
     * any other request looks.
     */
    tellStart: ({ context }) => {
      const { current, decision, ports } = context;
      if (current === undefined || decision.kind !== 'try') return;
      // A side request counts towards no limit.
      if (context.endpoint === 'messages') ports.slots.take(current.candidate.provider, context.id);
      ports.provider(current.candidate.provider)?.send({
        type: 'attempt.started',
        attemptId: current.attemptId,
        target: { model: current.candidate.model, endpoint: context.endpoint },
        mode: decision.mode,
        sequence: current.sequence,
        at: ports.now(),
      });
    },
    /** Before the next choice: the attempt is over, whatever comes. */
    freeSlot: ({ context }) => context.ports.slots.free(context.id),
    noteCommit: assign(({ context }) => ({
      attempts: withLast(context.attempts, { committedAt: context.ports.now() }),
      pending: [],
    })),
    /** Somebody answers: the failures that waited are their providers' own. Before `noteCommit`, which forgets them. */
    tellPending: ({ context }) => {
      for (const verdict of context.pending) tell(context, verdict);
    },
    /** Only of a trial: to whoever is well it means nothing. */
    tellCommit: ({ context }) => {
      const { current, decision, ports } = context;
      if (current === undefined || decision.kind !== 'try' || decision.mode === 'normal') return;
      ports.provider(current.candidate.provider)?.send({
        type: 'attempt.committed',
        attemptId: current.attemptId,
        target: { model: current.candidate.model, endpoint: context.endpoint },
        at: ports.now(),
      });
    },
    /** It took the request without what it had refused: that is a fact about it from now on. */
    tellLearned: ({ context }) => {
      const { current, attempts, ports, id } = context;
      const parts = attempts.at(-1)?.without;
      if (current === undefined || parts === undefined) return;
      ports.provider(current.candidate.provider)?.send({
        type: 'parts.learned',
        model: current.candidate.model,
        parts,
        requestId: id,
        revision: current.revision,
        at: ports.now(),
      });
    },
    noteEnd: assign(({ context, event }) =>
      event.type === 'attempt.settled' ? ended(context, event.outcome, event.usage) : {},
    ),
    noteFault: assign(({ context }) =>
      ended(context, { kind: 'balancer_fault', phase: phaseOf(context), detail: 'the balancer failed' }),
    ),
    noteLeft: assign(({ context, event }) => {
      const because = event.type === 'client.left' ? event.because : undefined;
      return ended(context, {
        kind: 'client_left',
        phase: phaseOf(context),
        detail: because ?? 'the client closed',
      });
    }),
    emitEnd: emit(({ context }) => ({
      type: 'attempt.ended',
      attempt: context.attempts.at(-1) ?? impossible('an attempt ended that never began'),
    })),
    /** The round is over: were all failures the machine's own network? */
    resolvePending: assign(({ context }) => resolved(context)),
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

function watchInput({ id, decision }: RequestContext): WatchInput {
  return { requestId: id, room: decision.kind === 'wait' ? (decision.room ?? []) : [] };
}

function output(context: RequestContext, result: RequestResult): RequestOutput {
  const { attempts, decisions, decision } = context;
  const attempt = decision.kind === 'refuse' ? decision.attempt : attempts.at(-1)?.number;
  const named = attempt === undefined || result === 'exhausted' ? {} : { attempt };
  const reason = decision.kind === 'try' ? result : decision.reason;
  const waited = context.waitedMs > 0 ? { waitedMs: context.waitedMs } : {};
  return { result, ...named, reason, trace: { decisions, attempts, ...waited } };
}

const NONE_YET: Decision = { kind: 'exhausted', reason: 'nothing decided yet' };
const TELL = ['tellDue', 'clearDue'] as const;

export const requestMachine = requestSetup.createMachine({
  id: 'request',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    attempts: [],
    decisions: [],
    decision: NONE_YET,
    round: 1,
    waitedMs: 0,
    waitingSince: 0,
    pending: [],
    due: [],
    // Last: a literal that begins with a spread has a hidden class of its own each time (docs/performance.md).
    ...input,
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
      invoke: { src: 'healthWatch', input: ({ context }) => watchInput(context) },
      after: { pause: { target: 'selecting', actions: 'beginRound' } },
      on: { 'providers.changed': 'selecting', 'slot.free': 'selecting', 'client.left': 'cancelled' },
    },
    active: {
      entry: ['beginAttempt', 'tellStart', 'startAttempt'],
      exit: ['stopAttempt', 'freeSlot'],
      initial: 'attempting',
      on: {
        'client.left': { target: 'cancelled', actions: ['noteLeft', ...TELL, 'emitEnd'] },
        // A bug of ours, and still one verdict: the provider must not wait for its trial for ever.
        'attempt.faulted': [
          { guard: 'committed', target: 'broken', actions: ['noteFault', 'emitEnd', ...TELL] },
          { target: 'selecting', actions: ['noteFault', 'emitEnd', ...TELL] },
        ],
      },
      states: {
        attempting: {
          on: {
            'attempt.committed': {
              target: 'streaming',
              actions: ['tellCommit', 'tellLearned', 'tellPending', 'noteCommit'],
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
