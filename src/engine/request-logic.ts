import { type CallbackActorLogic, fromCallback } from 'xstate';
import { requestMachine } from '../../machines/request.ts';
import { attemptInput } from '../../machines/request-attempt.ts';
import type { AttemptInput, RequestEvent, WatchInput } from '../../machines/request-events.ts';

type Tell = (event: RequestEvent) => void;

/** The effects behind a request's chart. */
export interface RequestEffects {
  /** Sends an attempt upstream. What it tells once the next one has begun is not heard. */
  attempt(input: AttemptInput, tell: Tell): void;
  /** The request has done with its attempt: it is aborted, unless it has ended by itself. */
  abort(requestId: string): void;
  /** Tells `providers.changed` while a request waits, and `slot.free`. The function it gives ends that. */
  healthWatch(input: WatchInput, tell: Tell): () => void;
}

/** The chart of a request, bound to its effects. */
export function requestLogic(effects: RequestEffects): typeof requestMachine {
  return requestMachine.provide({
    actions: {
      startAttempt: ({ context, self }) => {
        const input = attemptInput(context);
        const tell: Tell = (event) => {
          const snapshot = self.getSnapshot();
          if (snapshot.status === 'active' && snapshot.context.current?.number === input.number)
            self.send(event);
        };
        try {
          effects.attempt(input, tell);
        } catch {
          // Whoever binds the effect reports what it throws; the chart must go on.
          self.send({ type: 'attempt.faulted' });
        }
      },
      stopAttempt: ({ context }) => effects.abort(context.id),
    },
    actors: {
      healthWatch: fromCallback<RequestEvent, WatchInput>(({ input, sendBack }) =>
        effects.healthWatch(input, sendBack),
      ) as CallbackActorLogic<RequestEvent, WatchInput>,
    },
  });
}
