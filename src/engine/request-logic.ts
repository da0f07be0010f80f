import { type CallbackActorLogic, fromCallback } from 'xstate';
import { requestMachine } from '../../machines/request.ts';
import type { AttemptInput, RequestEvent, WatchInput } from '../../machines/request-events.ts';

type Tell = (event: RequestEvent) => void;

/** The effects behind a request's chart. The functions they give back end them. */
export interface RequestEffects {
  /** Sends an attempt upstream. */
  attempt(input: AttemptInput, tell: Tell): () => void;
  /** Tells `providers.changed` while a request waits, and `slot.free`. */
  healthWatch(input: WatchInput, tell: Tell): () => void;
}

/** The chart of a request, bound to its effects. */
export function requestLogic(effects: RequestEffects): typeof requestMachine {
  return requestMachine.provide({
    actors: {
      attempt: fromCallback<RequestEvent, AttemptInput>(({ input, sendBack }) =>
        effects.attempt(input, sendBack),
      ) as CallbackActorLogic<RequestEvent, AttemptInput>,
      healthWatch: fromCallback<RequestEvent, WatchInput>(({ input, sendBack }) =>
        effects.healthWatch(input, sendBack),
      ) as CallbackActorLogic<RequestEvent, WatchInput>,
    },
  });
}
