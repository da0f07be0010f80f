import { type Actor, type ActorOptions, type AnyActorLogic, createActor, type InspectionEvent } from 'xstate';

/** How every root actor is started: with an error observer, without which an error would end the process. */
export interface RootOptions {
  readonly clock: { setTimeout(fn: () => void, ms: number): unknown; clearTimeout(id: unknown): void };
  /** Told of an exception in the actor: a bug of ours. */
  readonly onFault: (error: unknown) => void;
  /** Somebody follows everything that it does; guarded: what throws here would wedge the actor. */
  readonly follower?: Follower | undefined;
}

/** Told whatever XState tells of its actors. */
export type Follower = (event: InspectionEvent) => void;

/** A follower that cannot throw: what it throws is dropped. */
export function guardedFollower(follower: Follower): Follower {
  return function follow(event) {
    try {
      follower(event);
    } catch {
      // What is observed must not notice.
    }
  };
}

/** Creates and starts a root actor. `prepare` runs before the start: subscribe there. */
export function startRoot<Logic extends AnyActorLogic>(
  logic: Logic,
  options: RootOptions & Pick<ActorOptions<Logic>, 'input'>,
  prepare: (actor: Actor<Logic>) => void = () => {},
): Actor<Logic> {
  const { onFault, follower, clock, input } = options;
  const known = follower === undefined ? { clock } : { clock, inspect: follower };
  const actor = createActor(begunWith(logic, input), known as ActorOptions<Logic>);
  actor.subscribe({ error: onFault });
  prepare(actor);
  return actor.start();
}

/**
 * The same logic with its input. XState copies an actor's options into a literal that grows by each which is none of its usual
 * ones, and that takes longer than all else of an actor's making (docs/performance.md, object literals).
 */
function begunWith<Logic extends AnyActorLogic>(logic: Logic, input: ActorOptions<Logic>['input']): Logic {
  const begun = Object.create(logic) as Logic;
  begun.getInitialSnapshot = (scope) => logic.getInitialSnapshot(scope, input);
  return begun;
}
