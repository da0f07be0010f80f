import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  type AnyEventObject,
  type AnyStateMachine,
  and,
  assign,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  type InspectionEvent,
  SimulatedClock,
  setup,
} from 'xstate';
import type { ProviderEvent } from '../../machines/provider-events.ts';
import { swift } from '../../src/engine/swift-chart.ts';
import { failOnWarnings } from '../support/actor-warnings.ts';
import { failure, SUCCESS } from '../support/health-samples.ts';
import { startWorld } from '../support/request-actor.ts';

failOnWarnings();

const NOBODY = () => false;

/** What may happen to requests and providers, in any order. `which`: of those that are there. */
type Happening =
  | { readonly kind: 'submit' | 'wake' }
  | { readonly kind: 'commit' | 'succeed' | 'leave' | 'fault'; readonly which: number }
  | { readonly kind: 'fail'; readonly which: number; readonly failure: number }
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'operate'; readonly which: number; readonly action: number };

const FAILURES = [
  failure('server_error'),
  failure('refused'),
  failure('reset_reused'),
  failure('unreachable', { code: 'ENETUNREACH' }),
  failure('rate_limited'),
];
const OPERATIONS = ['operator.reset', 'operator.disable', 'operator.enable', 'operator.cool'] as const;
const NAMES = ['a', 'b', 'c'];

const which = fc.nat(4);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'submit' } as const) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('succeed' as const), which }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('fail' as const), which, failure: fc.nat(FAILURES.length - 1) }),
  },
  fc.record({ kind: fc.constantFrom('leave' as const, 'fault' as const), which }),
  fc.record({ kind: fc.constant('later' as const), ms: fc.constantFrom(1, 5_000, 61_000, 400_000) }),
  fc.constant({ kind: 'wake' } as const),
  fc.record({ kind: fc.constant('operate' as const), which, action: fc.nat(OPERATIONS.length - 1) }),
);

/** A world, and everything in it that somebody could see. */
function world(madeOf: <Chart extends AnyStateMachine>(chart: Chart) => Chart) {
  const started = startWorld(NAMES, { madeOf, limits: { b: 1 } });
  const requests: ReturnType<typeof started.submit>[] = [];
  const running = () => requests.filter(({ actor }) => actor.getSnapshot().status === 'active');
  const attemptAt = (index: number) => started.attempts.at(-1 - index);
  const happen = (what: Happening): void => {
    switch (what.kind) {
      case 'submit':
        requests.push(started.submit());
        break;
      case 'wake':
        started.wake();
        break;
      case 'commit':
        attemptAt(what.which)?.commit();
        break;
      case 'succeed':
        attemptAt(what.which)?.end(SUCCESS);
        break;
      case 'fail':
        attemptAt(what.which)?.end(FAILURES[what.failure] ?? SUCCESS);
        break;
      case 'leave':
        running()
          .at(-1 - what.which)
          ?.leave();
        break;
      case 'fault':
        running()
          .at(-1 - what.which)
          ?.actor.send({ type: 'attempt.faulted' });
        break;
      case 'later':
        started.clock.increment(what.ms);
        break;
      case 'operate': {
        const type = OPERATIONS[what.action] ?? 'operator.reset';
        const event: ProviderEvent = { type, at: started.clock.now() };
        started.provider(NAMES[what.which % NAMES.length] ?? 'a').actor.send(event);
        break;
      }
    }
  };
  const seen = () => ({
    requests: requests.map(({ actor, ended, errors }) => ({ ...told(actor.getSnapshot()), ended, errors })),
    providers: NAMES.map((name) => told(started.provider(name).actor.getSnapshot())),
    told: started.told,
    changes: started.changes,
    attempts: started.attempts.map(({ input, stopped }) => ({ input, stopped: stopped() })),
  });
  return { happen, seen };
}

/** All of a snapshot but the machine behind it and the ports, which are another world's. */
function told(snapshot: object) {
  const { value, status, context, output, tags, historyValue, children, error, _nodes } = snapshot as Record<
    string,
    unknown
  >;
  const nodes = (_nodes as { id: string }[]).map(({ id }) => id).sort();
  const { ports, ...known } = context as Record<string, unknown>;
  return {
    value,
    status,
    known,
    output,
    tags,
    historyValue,
    children: Object.keys(children as object),
    error,
    nodes,
  };
}

describe('A swift chart', () => {
  it('of requests and providers does what XState does, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const [plain, quick] = [world((chart) => chart), world((chart) => swift(chart, NOBODY))];
        for (const each of happenings) {
          plain.happen(each);
          quick.happen(each);
          expect(quick.seen()).toEqual(plain.seen());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes a request that is served at once, and its provider, without XState', () => {
    const steps = vi.fn();
    const counted = <Chart extends AnyStateMachine>(chart: Chart): Chart => {
      const own = Object.create(chart) as Chart;
      own.transition = (...args) => {
        steps(chart.id, args[1].type);
        return chart.transition(...args);
      };
      return swift(own, NOBODY);
    };
    const { submit, last, succeed } = startWorld(['a', 'b'], { madeOf: counted });
    const request = submit();
    succeed(last());
    expect(request.output()?.result).toBe('served');
    expect(steps.mock.calls).toEqual([]);
  });

  it('leaves every step to XState while somebody follows it', () => {
    const plain = walk(ROUTES, (chart) => chart);
    const quick = walk(ROUTES, (chart) => swift(chart, () => true));
    expect(quick.inspected).toEqual(plain.inspected);
    expect(plain.inspected).toContain('@xstate.microstep');
  });
});

const notes: string[] = [];
const note = (text: string) => () => void notes.push(text);

/** Every kind of arrow: into, out of and within; to itself; without a target; with guards that are worked out or not. */
const ROUTES = setup({
  types: {
    context: {} as { count: number; last: string },
    events: {} as AnyEventObject,
    emitted: {} as AnyEventObject,
  },
  actions: {
    count: assign({ count: ({ context }) => context.count + 1 }),
    named: assign(({ event }) => ({ last: event.type })),
    nothing: assign({}),
    told: emit(({ context }) => ({ type: 'told', count: context.count })),
    several: enqueueActions(({ enqueue }) => {
      enqueue.assign({ count: 100 });
      enqueue('noted');
    }),
    noted: note('noted'),
    seen: ({ context, event, self }) =>
      void notes.push(`${event.type} ${context.count} ${String(self.getSnapshot()?.value)}`),
  },
  guards: {
    isEven: ({ context }) => context.count % 2 === 0,
    isLarge: ({ context }) => context.count > 3,
  },
}).createMachine({
  id: 'routes',
  context: { count: 0, last: '' },
  entry: ['count', 'told'],
  initial: 'outer',
  on: {
    ANYWHERE: { actions: ['seen', 'named'] },
    SEVERAL: { actions: 'several' },
    BACK: '.outer',
    AGAIN: { target: '.outer', reenter: true },
    DEEP: { target: '#inmost', actions: 'named' },
    END: '.ended',
    LATER: '.delayed',
    MIXED: '.mixed',
    GUARDED: { guard: and(['isEven', 'isLarge']), target: '.gone' },
  },
  output: ({ context, event }) => ({ count: context.count, from: event }),
  states: {
    outer: {
      entry: note('into outer'),
      exit: [note('out of outer'), 'told'],
      initial: 'first',
      on: {
        INNER: { target: '.second', actions: note('inner') },
        SELF: { target: 'outer', actions: note('self') },
        SELF_ANEW: { target: 'outer', reenter: true },
        NOTHING: { actions: 'nothing' },
        FORBIDDEN: { actions: note('allowed outside') },
        TAGGED: 'tagged',
      },
      states: {
        first: {
          entry: 'seen',
          exit: note('out of first'),
          on: {
            NEXT: [
              { guard: 'isEven', target: 'second', actions: ['count', 'told'] },
              { target: 'third', actions: 'count' },
            ],
            FORBIDDEN: {},
          },
        },
        second: {
          tags: ['two'],
          always: [{ guard: 'isLarge', target: 'third', actions: 'told' }],
          on: { NEXT: { target: 'first', actions: 'count' } },
        },
        third: {
          initial: 'inmost',
          states: { inmost: { id: 'inmost', entry: ['count', 'seen'], on: { NEXT: '#routes.outer.first' } } },
        },
      },
    },
    tagged: {
      tags: ['two', 'more'],
      on: {
        HERE: { target: 'mixed', actions: 'named' },
        NEXT: { guard: ({ context }) => context.count > 2, target: 'outer' },
      },
    },
    gone: { entry: 'seen', always: 'outer' },
    mixed: {
      entry: 'count',
      always: [
        { guard: 'isEven', target: 'mixed', reenter: true, actions: 'told' },
        { guard: 'isLarge', target: 'delayed' },
        { target: 'tagged' },
      ],
    },
    delayed: { after: { 1000: { target: 'outer', actions: 'count' } }, on: { 'user.*': 'tagged' } },
    ended: { type: 'final', entry: 'told', output: ({ context }) => ({ sum: context.count }) },
  },
});

const EVENTS = [
  'NEXT',
  'ANYWHERE',
  'SEVERAL',
  'BACK',
  'AGAIN',
  'DEEP',
  'GUARDED',
  'INNER',
  'SELF',
  'SELF_ANEW',
  'NOTHING',
  'FORBIDDEN',
  'TAGGED',
  'LATER',
  'MIXED',
  'HERE',
  'user.here',
  'UNKNOWN',
  'TIME',
  'END',
];

function walk(
  chart: AnyStateMachine,
  madeOf: <Chart extends AnyStateMachine>(chart: Chart) => Chart,
  events: readonly string[] = EVENTS,
) {
  notes.length = 0;
  const clock = new SimulatedClock();
  const emitted: unknown[] = [];
  const inspected: string[] = [];
  const inspect = ({ type }: InspectionEvent) => void inspected.push(type);
  const actor = createActor(madeOf(chart), { clock, inspect });
  actor.on('*', (event) => void emitted.push(event));
  const failed: unknown[] = [];
  const snapshots: unknown[] = [];
  const sameAgain: boolean[] = [];
  actor.subscribe({ error: (error) => void failed.push(error) });
  actor.start();
  snapshots.push(told(actor.getSnapshot()));
  for (const type of events) {
    const before = actor.getSnapshot();
    if (before.status !== 'active') break;
    if (type === 'TIME') clock.increment(1_000);
    else actor.send({ type });
    snapshots.push(told(actor.getSnapshot()));
    sameAgain.push(before === actor.getSnapshot());
  }
  return { snapshots, sameAgain, emitted, failed, notes: [...notes], inspected };
}

describe('A swift chart of any kind', () => {
  it('comes to the same states, contexts, effects and emitted events in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
        const { inspected, ...plain } = walk(ROUTES, (chart) => chart, events);
        const { inspected: fewer, ...quick } = walk(ROUTES, (chart) => swift(chart, NOBODY), events);
        expect(quick).toEqual(plain);
      }),
      { numRuns: 1_000 },
    );
  });

  it('fails as XState does where an action throws, at its start and later', () => {
    const machine = (at: 'start' | 'event') =>
      createMachine({
        context: { count: 0 },
        initial: 'one',
        entry: at === 'start' ? assign(fails) : [],
        states: { one: { on: { GO: { target: 'two', actions: assign(fails) } } }, two: {} },
      });
    for (const chart of [machine('start'), machine('event')]) {
      const plain = walk(chart, (each) => each, ['GO']);
      const quick = walk(chart, (each) => swift(each, NOBODY), ['GO']);
      expect(quick.failed).toEqual(plain.failed);
      expect(quick.failed).toHaveLength(1);
      expect(quick.snapshots).toEqual(plain.snapshots);
    }
  });

  it('is the chart itself where states are parallel', () => {
    const parallel = createMachine({ type: 'parallel', states: { a: {}, b: {} } });
    expect(swift(parallel, NOBODY)).toBe(parallel);
  });
});

function fails(): never {
  throw new Error('a bug of ours');
}
