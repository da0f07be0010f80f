import { describe, expect, it } from 'vitest';
import { fromCallback, type SnapshotFrom } from 'xstate';
import { TestModel } from 'xstate/graph';
import { requestMachine } from '../../machines/request.ts';
import type { RequestEvent, RequestInput, WatchInput } from '../../machines/request-events.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, SUCCESS } from '../support/health-samples.ts';
import { startWorld, type World } from '../support/request-actor.ts';
import { WalkedTransitions } from '../support/transitions.ts';

failOnWarnings();

type Snapshot = SnapshotFrom<typeof requestMachine>;
type ModelEvent = RequestEvent | { readonly type: 'xstate.after.pause.request.waiting' };

const EVENTS: readonly ModelEvent[] = [
  { type: 'attempt.committed' },
  { type: 'attempt.settled', outcome: SUCCESS },
  { type: 'attempt.settled', outcome: failure('unreachable', { code: 'ENETUNREACH' }) },
  { type: 'attempt.settled', outcome: failure('server_error') },
  { type: 'attempt.settled', outcome: failure('refused') },
  { type: 'attempt.settled', outcome: failure('reset_reused') },
  { type: 'providers.changed' },
  { type: 'slot.free' },
  { type: 'client.left' },
  { type: 'xstate.after.pause.request.waiting' },
  { type: 'attempt.faulted' },
];

/** Failures never cool anyone here: which way a request takes depends on its own story alone. */
function startCalmWorld(walked?: WalkedTransitions): World {
  return startWorld(['a', 'b'], { threshold: 1_000, ...(walked === undefined ? {} : { walked }) });
}

const INPUT: Partial<RequestInput> = {
  policy: { stream: true, holdMs: 1e9, maxAttempts: 1, failoverBelowThreshold: true, patient: true },
};

/** What the guards read: the story so far, without its times. */
function serialize({ value, context }: Snapshot): string {
  const { round, attempts, decision, pending } = context;
  const story = attempts.map((attempt) => [
    attempt.candidate.provider,
    attempt.round,
    attempt.repair,
    attempt.committedAt !== undefined,
    attempt.outcome?.kind,
  ]);
  return JSON.stringify([value, round, story, decision.kind, pending.length]);
}

/** Before its commit an attempt has only failures to tell, and what the machine's timers and faults say has its place. */
function canHappen(snapshot: Snapshot, event: ModelEvent): boolean {
  if (snapshot.status !== 'active') return false;
  const isStreaming = snapshot.matches({ active: 'streaming' });
  if (event.type === 'attempt.settled' && event.outcome.kind === 'success') return isStreaming;
  if (event.type === 'xstate.after.pause.request.waiting') return snapshot.matches('waiting');
  return snapshot.can(event);
}

interface Walk {
  readonly events: readonly ModelEvent[];
  readonly expected: Snapshot['value'];
}

/** Every edge of the model, each with the shortest way to where it begins. */
function walks(): Walk[] {
  const world = startCalmWorld();
  const idle = requestMachine.provide({
    actions: { startAttempt: () => {}, stopAttempt: () => {} },
    actors: {
      healthWatch: fromCallback<RequestEvent, WatchInput>(() => {}),
    },
  });
  const { input } = world.submit(INPUT);
  const model = new TestModel<Snapshot, ModelEvent, RequestInput>(
    // The chart's own events of time are unknown to its type of events.
    idle as unknown as ConstructorParameters<typeof TestModel<Snapshot, ModelEvent, RequestInput>>[0],
    { input, events: EVENTS, serializeState: serialize, filterEvents: canHappen, limit: 100_000 },
  );
  const edges = model.getAdjacencyMap();
  const start = Object.keys(edges)[0] ?? '';
  const ways = new Map<string, readonly ModelEvent[]>([[start, []]]);
  const found: Walk[] = [];
  for (const [key, way] of ways) {
    for (const { event, state } of Object.values(edges[key as keyof typeof edges]?.transitions ?? {})) {
      const events = [...way, event];
      found.push({ events, expected: state.value });
      const next = serialize(state);
      if (!ways.has(next)) ways.set(next, events);
    }
  }
  return found;
}

/** Lives through a walk with real providers and held attempts. */
function live({ events }: Walk, walked: WalkedTransitions) {
  const world = startCalmWorld(walked);
  const request = world.submit(INPUT);
  for (const event of events) {
    if (event.type === 'xstate.after.pause.request.waiting') {
      const { decision } = request.actor.getSnapshot().context;
      world.clock.increment(decision.kind === 'wait' ? decision.forMs : 0);
    } else {
      request.actor.send(event);
    }
  }
  return { world, request };
}

describe('the chart of a request, walked along every edge of its model', () => {
  const walked = new WalkedTransitions();
  let memory: (ReturnType<typeof live> & { walk: Walk })[] | undefined;
  const lives = () => {
    memory ??= walks().map((walk) => ({ walk, ...live(walk, walked) }));
    return memory;
  };

  it('ends every walk where the model does', { timeout: 60_000 }, () => {
    const lived = lives();
    expect(lived.length).toBeGreaterThan(200);
    const astray = lived.filter(
      ({ walk, request }) => JSON.stringify(request.state()) !== JSON.stringify(walk.expected),
    );
    expect(astray.map(({ walk }) => walk)).toEqual([]);
  });

  it('tells each provider exactly one verdict an attempt once it has ended', () => {
    const ended = lives().filter(({ request }) => request.output() !== undefined);
    expect(ended.length).toBeGreaterThan(100);
    const uneven = ended.filter(({ world }) =>
      Object.values(world.books()).some(
        ({ started, settled, inFlight }) => settled !== started || inFlight !== 0,
      ),
    );
    expect(uneven.map(({ walk }) => walk)).toEqual([]);
  });

  it('never goes on to another attempt after the commit', () => {
    const spliced = lives().filter(({ world, request }) => {
      const { attempts } = request.actor.getSnapshot().context;
      const committed = attempts.findIndex(({ committedAt }) => committedAt !== undefined);
      return committed >= 0 && world.attempts.length > committed + 1;
    });
    expect(spliced.map(({ walk }) => walk)).toEqual([]);
  });

  it('leaves no transition out', () => {
    lives();
    expect(walked.missing(requestMachine)).toEqual([]);
  });
});
