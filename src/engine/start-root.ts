import { type Actor, type ActorOptions, type AnyActorLogic, createActor } from 'xstate';

/** How every root actor is started: with an error observer, without which an error would end the process. */
export interface RootOptions {
  readonly clock: { setTimeout(fn: () => void, ms: number): unknown; clearTimeout(id: unknown): void };
  /** Told of an exception in the actor: a bug of ours. */
  readonly onFault: (error: unknown) => void;
}

/** Creates and starts a root actor. `prepare` runs before the start: subscribe there. */
export function startRoot<Logic extends AnyActorLogic>(
  logic: Logic,
  options: RootOptions & Pick<ActorOptions<Logic>, 'input'>,
  prepare: (actor: Actor<Logic>) => void = () => {},
): Actor<Logic> {
  const { onFault, ...rest } = options;
  const actor = createActor(logic, rest as ActorOptions<Logic>);
  actor.subscribe({ error: onFault });
  prepare(actor);
  return actor.start();
}
