import type { BalancerEvent } from './events.ts';

export type Observer = (event: BalancerEvent) => void;

/**
 * One observer out of several. It never throws: what observes may fail, what is observed must go on. A failing
 * observer is told to `onFailure` and does not keep the event from the others.
 */
export function observeAll(observers: readonly Observer[], onFailure: (error: unknown) => void): Observer {
  return function observe(event) {
    for (const observer of observers) {
      try {
        observer(event);
      } catch (error) {
        report(error, onFailure);
      }
    }
  };
}

function report(error: unknown, onFailure: (error: unknown) => void): void {
  try {
    onFailure(error);
  } catch {
    // Nobody is left to tell.
  }
}
